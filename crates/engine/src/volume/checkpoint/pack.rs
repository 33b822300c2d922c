//! Packing small data into segments.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use holdfast_base::limits::FRAME_MAX_BYTES;

use super::{Memory, pause};
use crate::disk::blocking;
use crate::error::Result;
use crate::format::extent::{FrameRef, Page, Piece, Source};
use crate::format::frame::FRAME_HEADER_BYTES;
use crate::segments::Packer;
use crate::types::Ino;
use crate::volume::Volume;
use crate::volume::overlay::Overlay;

/// Where a piece that was in memory now lies.
struct Settled {
    ino: Ino,
    page: u64,
    start: u32,
    len: u32,
    write: u64,
    at: FrameRef,
    skip: u32,
}

/// Pieces in memory that become one frame.
struct Run {
    ino: Ino,
    page: u64,
    pieces: Vec<Piece>,
}

/// A packing under way.
#[derive(Default)]
struct Packing {
    waiting: Vec<Run>,
    waiting_bytes: usize,
    packer: Option<Packer>,
    settled: Vec<Settled>,
}

impl Packing {
    fn add(&mut self, run: Run) {
        let len: usize = run.pieces.iter().map(|piece| piece.len as usize).sum();
        self.waiting_bytes += FRAME_HEADER_BYTES + len;
        self.waiting.push(run);
    }

    /// Notes where the pieces of a run lie now.
    fn settle(&mut self, run: &Run, at: FrameRef) {
        let (ino, page, mut skip) = (run.ino, run.page, 0);
        for piece in &run.pieces {
            if let Source::Memory { write, .. } = piece.source {
                self.settled.push(Settled { ino, page, start: piece.start, len: piece.len, write, at, skip });
            }
            skip += piece.len;
        }
    }
}

/// Frames that are compressed and sealed before other tasks get their turn.
const PACK_AT_ONCE_BYTES: usize = 1 << 20;

impl Volume {
    /// Puts all data that the frozen pages hold in memory into segments, and swaps the frozen layer for one whose
    /// pages point there.
    pub(super) async fn pack(&self, frozen: &Arc<Overlay>, memory: &mut Memory) -> Result<Arc<Overlay>> {
        let mut packing = Packing::default();
        for (index, ((ino, page), row)) in frozen.pages.iter().enumerate() {
            for run in runs(row.pieces()) {
                packing.add(Run { ino: *ino, page: *page, pieces: run.to_vec() });
                if packing.waiting_bytes >= PACK_AT_ONCE_BYTES {
                    self.pack_waiting(&mut packing, memory).await?;
                }
            }
            pause(index).await;
        }
        self.pack_waiting(&mut packing, memory).await?;
        if let Some(packer) = packing.packer.filter(|packer| !packer.is_empty()) {
            self.put(packer, memory).await?;
        }
        let settled = packing.settled;
        if settled.is_empty() {
            return Ok(frozen.clone());
        }
        let swapped = Arc::new(settle_frozen(frozen, &settled));
        {
            let mut state = self.state.lock();
            state.frozen = Some(swapped.clone());
            state.frozen_bytes = 0;
        }
        self.made_room();
        self.settle_active(&settled).await;
        Ok(swapped)
    }

    /// Makes frames of the runs that wait: compressing and sealing is work for a thread of its own.
    async fn pack_waiting(&self, packing: &mut Packing, memory: &mut Memory) -> Result<()> {
        if packing.waiting.is_empty() {
            return Ok(());
        }
        let (runs, mut packer) = (std::mem::take(&mut packing.waiting), packing.packer.take());
        packing.waiting_bytes = 0;
        let (segments, compression) = (self.segments.clone(), self.settings().compression);
        let step = move || {
            let (mut full, mut frames) = (Vec::new(), Vec::with_capacity(runs.len()));
            for run in runs {
                let data = join(&run.pieces);
                full.extend(packer.take_if(|packer| packer.is_full_for(data.len())));
                let to = match &mut packer {
                    Some(packer) => packer,
                    none => none.insert(segments.packer(compression)?),
                };
                frames.push((to.add(run.ino, data.clone())?, run, data));
            }
            Ok((full, packer, frames))
        };
        let (full, packer, frames) = blocking(self.segments.disk(), step).await?;
        packing.packer = packer;
        for packer in full {
            self.put(packer, memory).await?;
        }
        for (at, run, data) in frames {
            self.segments.cache_frame(at, data);
            packing.settle(&run, at);
        }
        Ok(())
    }

    async fn put(&self, packer: Packer, memory: &mut Memory) -> Result<()> {
        // Before, not after: if this is cut short, the object may be there all the same.
        memory.note_put(packer.number, 0);
        self.segments.put_packed(packer).await
    }

    /// What operations copied from the frozen pages since may still be in memory: point it to the segments too.
    async fn settle_active(&self, settled: &[Settled]) {
        const AT_ONCE: usize = 512;
        for part in settled.chunks(AT_ONCE) {
            {
                let mut state = self.state.lock();
                for piece in part {
                    if let Some(page) = state.active.pages.get_mut(&(piece.ino, piece.page)) {
                        let page = Arc::make_mut(page);
                        page.settle(piece.start, piece.len, piece.write, piece.at, piece.skip);
                    }
                }
            }
            tokio::task::yield_now().await;
        }
    }
}

/// The frozen layer with its data in segments.
fn settle_frozen(frozen: &Overlay, settled: &[Settled]) -> Overlay {
    let mut pages = frozen.pages.clone();
    for piece in settled {
        if let Some(page) = pages.get_mut(&(piece.ino, piece.page)) {
            Page::settle(Arc::make_mut(page), piece.start, piece.len, piece.write, piece.at, piece.skip);
        }
    }
    Overlay {
        inodes: frozen.inodes.clone(),
        entries: frozen.entries.clone(),
        pages,
        cuts: frozen.cuts.clone(),
    }
}

/// Runs of pieces in memory that lie one behind the other in the file and fit a frame together.
fn runs(pieces: &[Piece]) -> Vec<&[Piece]> {
    let mut runs = Vec::new();
    let mut start = 0;
    while start < pieces.len() {
        if !is_memory(&pieces[start]) {
            start += 1;
            continue;
        }
        let mut end = start + 1;
        let mut len = pieces[start].len as usize;
        while end < pieces.len()
            && is_memory(&pieces[end])
            && pieces[end].start == pieces[end - 1].end()
            && len + pieces[end].len as usize <= FRAME_MAX_BYTES
        {
            len += pieces[end].len as usize;
            end += 1;
        }
        runs.push(&pieces[start..end]);
        start = end;
    }
    runs
}

fn is_memory(piece: &Piece) -> bool {
    matches!(piece.source, Source::Memory { .. })
}

/// The data of a run; a run of one piece is not copied.
fn join(run: &[Piece]) -> Bytes {
    let mut bytes = run.iter().filter_map(|piece| match &piece.source {
        Source::Memory { bytes, .. } => Some(bytes),
        Source::Frame { .. } => None,
    });
    if run.len() == 1 {
        return bytes.next().cloned().unwrap_or_default();
    }
    let mut joined = BytesMut::with_capacity(run.iter().map(|piece| piece.len as usize).sum());
    bytes.for_each(|bytes| joined.extend_from_slice(bytes));
    joined.freeze()
}
