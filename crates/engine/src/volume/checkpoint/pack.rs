//! Packing small data into segments.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use holdfast_base::limits::FRAME_MAX_BYTES;

use super::{Memory, pause};
use crate::error::Result;
use crate::format::extent::{FrameRef, Page, Piece, Source};
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

impl Volume {
    /// Puts all data that the frozen pages hold in memory into segments, and swaps the frozen layer for one whose
    /// pages point there.
    pub(super) async fn pack(&self, frozen: &Arc<Overlay>, memory: &mut Memory) -> Result<Arc<Overlay>> {
        let mut settled = Vec::new();
        let mut packer = None;
        for (index, ((ino, page), row)) in frozen.pages.iter().enumerate() {
            for run in runs(row.pieces()) {
                self.pack_run(*ino, *page, run, &mut packer, &mut settled, memory).await?;
            }
            pause(index).await;
        }
        if let Some(packer) = packer.filter(|packer| !packer.is_empty()) {
            self.put(packer, memory).await?;
        }
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

    async fn pack_run(
        &self,
        ino: Ino,
        page: u64,
        run: &[Piece],
        packer: &mut Option<Packer>,
        settled: &mut Vec<Settled>,
        memory: &mut Memory,
    ) -> Result<()> {
        let data = join(run);
        if let Some(full) = packer.take_if(|packer| packer.is_full_for(data.len())) {
            self.put(full, memory).await?;
        }
        let at = packer.get_or_insert_with(|| self.segments.packer()).add(ino, data.clone());
        self.segments.cache_frame(at, data);
        let mut skip = 0;
        for piece in run {
            if let Source::Memory { write, .. } = piece.source {
                settled.push(Settled { ino, page, start: piece.start, len: piece.len, write, at, skip });
            }
            skip += piece.len;
        }
        Ok(())
    }

    async fn put(&self, packer: Packer, memory: &mut Memory) -> Result<()> {
        // Before, not after: if this is cut short, the object may be there all the same.
        memory.uncounted.insert(packer.number);
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
