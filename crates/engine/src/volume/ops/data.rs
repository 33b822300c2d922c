//! READ, WRITE and COMMIT.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::limits::{
    BULK_WRITE_MIN_BYTES, EXTENT_PAGE_SPAN_BYTES, FILE_SIZE_MAX_BYTES, FRAME_MAX_BYTES, NFS_IO_MAX_BYTES,
};

use super::{count_bytes, setattr::clear_set_ids, wcc};
use crate::aead::TAG_BYTES;
use crate::durable::{Durable, Pending};
use crate::error::{Error, Result};
use crate::format::extent::{FrameRef, Piece, Source, in_page, page_of};
use crate::format::inode::Inode;
use crate::format::record::Change;
use crate::planted::{Bug, is_planted};
use crate::segments::Unsynced;
use crate::types::{Attr, Caller, FileKind, ReadData, Wcc, Written};
use crate::volume::tx::{Step, Tx, may, permits};
use crate::volume::{FileId, Volume};

/// How often a read starts over because a segment went away under it.
const READ_TRIES_MAX: usize = 3;
/// Zeros for holes.
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// A part of an answer, where it lies.
enum Part {
    Hole(usize),
    Memory(Bytes),
    Frame { at: FrameRef, skip: u32, len: u32 },
}

impl Volume {
    /// Up to `count` bytes from `offset`; fewer only at the end of the file. Holes read as zeros.
    ///
    /// # Errors
    /// [`Error::AccessDenied`], [`Error::IsDirectory`], [`Error::Invalid`] for what is no regular file,
    /// [`Error::Stale`], [`Error::Corrupt`] if stored bytes fail their checksum.
    pub async fn read(&self, caller: &Caller, file: FileId, offset: u64, count: u32) -> Result<ReadData> {
        let count = count.min(NFS_IO_MAX_BYTES);
        let mut tries = 0;
        loop {
            let (parts, attr) = self.read_op(|tx| plan_read(tx, caller, file, offset, count)).await?;
            let len: usize = parts.iter().map(Part::len).sum();
            match self.fetch(parts).await {
                Ok(chunks) => {
                    let eof = offset.saturating_add(len as u64) >= attr.size;
                    return Ok(ReadData { chunks, len: len as u32, eof, attr });
                }
                // A segment that was read about may be rewritten and deleted meanwhile: look again.
                Err(Error::Corrupt(_)) if tries + 1 < READ_TRIES_MAX => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn fetch(&self, parts: Vec<Part>) -> Result<Vec<Bytes>> {
        let mut chunks = Vec::with_capacity(parts.len());
        let mut next = 0;
        while next < parts.len() {
            match &parts[next] {
                Part::Hole(len) => push_zeros(&mut chunks, *len),
                Part::Memory(bytes) => chunks.push(bytes.clone()),
                Part::Frame { .. } => {
                    let run = run_of_frames(&parts[next..]);
                    self.fetch_run(&parts[next..next + run], &mut chunks).await?;
                    next += run - 1;
                }
            }
            next += 1;
        }
        Ok(chunks)
    }

    /// Reads frames that lie one behind the other. One that is wanted in part, or that comes from the store, goes
    /// through the cache of frames; whole ones on the local disk are in the kernel's page cache already.
    async fn fetch_run(&self, run: &[Part], chunks: &mut Vec<Bytes>) -> Result<()> {
        let refs: Vec<_> = run.iter().filter_map(Part::frame).collect();
        let (Some(first), Some(segment)) = (run.first(), refs.first().map(|at| at.segment)) else {
            return Ok(());
        };
        if refs.len() == 1 {
            // Compressed or sealed, a frame tells its data's length only when it is read. What is asked for is then
            // enough of it to be worth the whole.
            let whole = first.len() + TAG_BYTES >= refs[0].stored_len as usize;
            let frame = match self.segments.cached(refs[0]) {
                Some(frame) => frame,
                None if whole && self.segments.is_local(segment) => {
                    self.segments.read_run(segment, &refs).await?.swap_remove(0)
                }
                None => self.segments.frame(refs[0]).await?,
            };
            chunks.push(first.cut(&frame)?);
            return Ok(());
        }
        let cached: Option<Vec<_>> = refs.iter().map(|at| self.segments.cached(*at)).collect();
        let frames = match cached {
            Some(frames) => frames,
            None => {
                let frames = self.segments.read_run(segment, &refs).await?;
                if !self.segments.is_local(segment) {
                    for (at, frame) in refs.iter().zip(&frames) {
                        self.segments.cache_frame(*at, frame.clone());
                    }
                }
                frames
            }
        };
        for (frame, part) in frames.iter().zip(run) {
            chunks.push(part.cut(frame)?);
        }
        Ok(())
    }

    /// Writes `data` at `offset`: all of it, visible to everybody, durable when the result is waited for.
    ///
    /// # Errors
    /// [`Error::AccessDenied`], [`Error::IsDirectory`], [`Error::Invalid`] for what is no regular file,
    /// [`Error::FileTooLarge`], [`Error::QuotaExceeded`], [`Error::Stale`].
    pub async fn write(
        &self,
        caller: &Caller,
        file: FileId,
        offset: u64,
        data: Bytes,
    ) -> Result<Pending<Written>> {
        let end = offset.checked_add(data.len() as u64).filter(|end| *end <= FILE_SIZE_MAX_BYTES);
        let end = end.ok_or(Error::FileTooLarge)?;
        if data.len() < BULK_WRITE_MIN_BYTES {
            // A copy of its own: a slice would keep the whole receive buffer in memory.
            let data = Bytes::copy_from_slice(&data);
            let pieces = split(offset, data);
            return self
                .write_op(|tx| {
                    let changes = pieces.iter().map(|(offset, bytes)| Change::Data {
                        ino: file.ino,
                        offset: *offset,
                        bytes: bytes.clone(),
                    });
                    write(tx, caller, file, (offset, end), changes.collect())
                })
                .await;
        }
        // Refuse before the disk is written to, not after.
        self.read_op(|tx| {
            let inode = tx.file(file)?;
            may_write(&inode, caller)
        })
        .await?;
        self.patiently(self.admit_bulk()).await?;
        let turn = self.segments.bulk_turn().await?;
        let stored = self.store_frames(file.ino, split(offset, data.clone())).await?.synced().await?;
        drop(turn);
        let mut at = offset;
        let mut changes = Vec::with_capacity(stored.frames().len());
        for stored in stored.frames() {
            changes.push(Change::Frame {
                ino: file.ino,
                offset: at,
                len: stored.len,
                at: stored.at,
                skip: 0,
            });
            at += u64::from(stored.len);
        }
        self.write_op(|tx| write(tx, caller, file, (offset, end), changes.clone())).await
    }

    /// Puts pieces into the open segment.
    pub(crate) async fn store_frames(&self, ino: u64, pieces: Vec<(u64, Bytes)>) -> Result<Unsynced> {
        let pieces = pieces.into_iter().map(|(_, bytes)| bytes).collect();
        self.segments.store(ino, pieces, self.settings().compression).await
    }

    /// Waits until everything written to the volume so far is durable.
    ///
    /// # Errors
    /// [`Error::Stale`]; [`Error::Io`] if the journal's disk failed; [`Error::Unavailable`] if the volume's class
    /// needs the object store and it does not answer.
    pub async fn commit(&self, file: FileId) -> Result<Durable<Wcc>> {
        let (inode, (lsn, class)) = self.read_op(|tx| Ok((tx.file(file)?, tx.awaited()))).await?;
        Pending::new(wcc(&inode, &inode), lsn, class, self.waits()).durable().await
    }
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Hole(len) => *len,
            Self::Memory(bytes) => bytes.len(),
            Self::Frame { len, .. } => *len as usize,
        }
    }

    /// The wanted part of the data of its frame.
    fn cut(&self, frame: &Bytes) -> Result<Bytes> {
        match self {
            Self::Hole(_) | Self::Memory(_) => Ok(Bytes::new()),
            Self::Frame { skip, len, .. } => {
                let wanted = *skip as usize..*skip as usize + *len as usize;
                let fits = wanted.end <= frame.len();
                fits.then(|| frame.slice(wanted))
                    .ok_or_else(|| Error::corrupt("a frame is shorter than its extents"))
            }
        }
    }

    fn frame(&self) -> Option<FrameRef> {
        match self {
            Self::Frame { at, .. } => Some(*at),
            Self::Hole(_) | Self::Memory(_) => None,
        }
    }
}

/// How many parts from the first on are frames of one segment, one behind the other.
fn run_of_frames(parts: &[Part]) -> usize {
    let follows = |pair: &[Part]| match (pair[0].frame(), pair[1].frame()) {
        (Some(a), Some(b)) => {
            a.segment == b.segment && crate::format::frame::end_of(a) == u64::from(b.position)
        }
        _ => false,
    };
    1 + parts.windows(2).take_while(|pair| follows(pair)).count()
}

fn push_zeros(chunks: &mut Vec<Bytes>, mut len: usize) {
    while len > 0 {
        let take = len.min(ZEROS.len());
        chunks.push(Bytes::from_static(&ZEROS[..take]));
        len -= take;
    }
}

fn plan_read(
    tx: &mut Tx<'_>,
    caller: &Caller,
    file: FileId,
    offset: u64,
    count: u32,
) -> Step<(Vec<Part>, Attr)> {
    let inode = tx.file(file)?;
    regular(&inode)?;
    // The owner may have opened it before a chmod; who may execute must be able to load it (as knfsd does).
    let allowed = inode.attr.uid == caller.uid
        || permits(&inode, caller, may::READ)
        || permits(&inode, caller, may::EXECUTE);
    if !allowed {
        return Err(Error::AccessDenied.into());
    }
    let end = offset.saturating_add(u64::from(count)).min(inode.attr.size);
    let mut parts = Vec::new();
    let mut at = offset;
    while at < end {
        let page_end = (page_of(at) + 1) * EXTENT_PAGE_SPAN_BYTES;
        let until = end.min(page_end);
        let (from, to) = (in_page(at), in_page(at) + (until - at) as u32);
        match tx.page(file.ino, page_of(at))? {
            None => parts.push(Part::Hole((to - from) as usize)),
            Some(page) => plan_page(page.overlapping(from, to), from, to, &mut parts),
        }
        at = until;
    }
    Ok((parts, inode.attr))
}

fn plan_page<'p>(pieces: impl Iterator<Item = &'p Piece>, from: u32, to: u32, parts: &mut Vec<Part>) {
    let mut at = from;
    for piece in pieces {
        let (start, end) = (piece.start.max(from), piece.end().min(to));
        if start > at {
            parts.push(Part::Hole((start - at) as usize));
        }
        parts.push(match piece.slice(start, end).source {
            Source::Memory { bytes, .. } => Part::Memory(bytes),
            Source::Frame { at, skip } => Part::Frame { at, skip, len: end - start },
        });
        at = end;
    }
    if at < to {
        parts.push(Part::Hole((to - at) as usize));
    }
}

fn regular(inode: &Inode) -> Step<()> {
    match inode.attr.kind {
        FileKind::Regular => Ok(()),
        FileKind::Directory => Err(Error::IsDirectory.into()),
        _ => Err(Error::Invalid("not a regular file").into()),
    }
}

fn may_write(inode: &Inode, caller: &Caller) -> Step<()> {
    regular(inode)?;
    // An open file stays writable for its owner whatever the mode becomes; NFS has no open to remember it by.
    if inode.attr.uid == caller.uid || permits(inode, caller, may::WRITE) {
        Ok(())
    } else {
        Err(Error::AccessDenied.into())
    }
}

/// Commits data that is in `changes`, covering `range`, to a file.
fn write(
    tx: &mut Tx<'_>,
    caller: &Caller,
    file: FileId,
    (offset, end): (u64, u64),
    mut changes: Vec<Change>,
) -> Step<Written> {
    let inode = tx.file(file)?;
    may_write(&inode, caller)?;
    let written = |wcc| Written { count: (end - offset) as u32, wcc };
    if changes.is_empty() {
        return Ok(written(wcc(&inode, &inode)));
    }
    let mut replaced = 0;
    let mut at = offset;
    while at < end {
        let until = end.min((page_of(at) + 1) * EXTENT_PAGE_SPAN_BYTES);
        if let Some(page) = tx.page(file.ino, page_of(at))? {
            replaced += page.covered(in_page(at), in_page(at) + (until - at) as u32);
        }
        at = until;
    }
    let mut counters = tx.counters();
    let counted = if is_planted(Bug::OverwriteCounted) { 0 } else { replaced };
    count_bytes(&mut counters, end - offset, counted)?;
    let mut next = Inode::clone(&inode);
    next.attr.used = (next.attr.used + (end - offset)).saturating_sub(replaced);
    next.attr.size = next.attr.size.max(end);
    next.attr.ctime = tx.change_time(&inode);
    next.attr.mtime = next.attr.ctime;
    if !caller.is_root() {
        clear_set_ids(&mut next);
    }
    let answer = written(wcc(&inode, &next));
    changes.push(Change::Inode(Arc::new(next)));
    tx.commit(changes, counters)?;
    Ok(answer)
}

/// Cuts data into pieces that neither cross a page nor exceed a frame, on boundaries that do not depend on where
/// a write began, so that overwriting a file in the same units replaces whole frames.
pub(crate) fn split(offset: u64, mut data: Bytes) -> Vec<(u64, Bytes)> {
    const UNIT: u64 = FRAME_MAX_BYTES as u64;
    let mut pieces = Vec::with_capacity(data.len() / FRAME_MAX_BYTES + 2);
    let mut at = offset;
    while !data.is_empty() {
        let room = (UNIT - at % UNIT).min(data.len() as u64);
        pieces.push((at, data.split_to(room as usize)));
        at += room;
    }
    pieces
}
