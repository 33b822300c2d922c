//! One segment file on the local disk.

use std::io::IoSlice;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use holdfast_base::VolumeId;
use holdfast_base::limits::SEGMENT_MAX_BYTES;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Stored;
use super::syncs::Syncs;
use crate::disk::DiskFile;
use crate::error::{Error, Result};
use crate::format::compress::Packed;
use crate::format::extent::FrameRef;
use crate::format::frame::{Address, FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES, encode_frame, stored_len};
use crate::keys::VolumeKey;

/// Who writes frames: the volume, the inode that they are for, and the key that seals them.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub volume: VolumeId,
    pub ino: u64,
    pub key: Option<&'a VolumeKey>,
}

/// See the module.
pub(super) struct LocalSegment {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) file: Arc<dyn DiskFile>,
    /// Where the next frame goes; taken under `place`.
    len: AtomicU64,
    place: Mutex<()>,
    /// Writers between taking a place and having written, and those who have not yet pointed at what they wrote.
    pins: AtomicU32,
    writing: AtomicU32,
    written: Notify,
    pub(super) syncs: Syncs,
    named: AtomicBool,
    sealed: AtomicBool,
    uploaded: AtomicBool,
}

impl LocalSegment {
    pub(super) fn open(number: u64, path: PathBuf, file: Arc<dyn DiskFile>) -> Self {
        Self {
            number,
            path,
            file,
            len: AtomicU64::new(SEGMENT_HEADER_BYTES as u64),
            place: Mutex::new(()),
            pins: AtomicU32::new(0),
            writing: AtomicU32::new(0),
            written: Notify::new(),
            syncs: Syncs::default(),
            named: AtomicBool::new(false),
            sealed: AtomicBool::new(false),
            uploaded: AtomicBool::new(false),
        }
    }

    /// A file of an earlier run: complete, not known to be in the store.
    pub(super) fn sealed(number: u64, path: PathBuf, file: Arc<dyn DiskFile>) -> Result<Self> {
        let len = file.size_bytes()?;
        let segment = Self::open(number, path, file);
        segment.len.store(len, Ordering::Relaxed);
        segment.seal();
        Ok(segment)
    }

    pub(super) fn len(&self) -> u64 {
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn seal(&self) {
        self.sealed.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_uploaded(&self) -> bool {
        self.uploaded.load(Ordering::Relaxed)
    }

    pub(super) fn set_uploaded(&self) {
        self.uploaded.store(true, Ordering::Relaxed);
    }

    /// Keeps the segment from being deleted or uploaded before its writer is done. Taken under the lock of all
    /// local segments, so that sealing and pinning never cross.
    pub(super) fn pin(&self) {
        self.pins.fetch_add(1, Ordering::AcqRel);
        self.writing.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn unpin(&self) {
        self.pins.fetch_sub(1, Ordering::AcqRel);
    }

    pub(super) fn is_pinned(&self) -> bool {
        self.pins.load(Ordering::Acquire) > 0
    }

    /// Makes sure that the file's name is on stable storage, by `sync` if nobody did it yet.
    pub(super) fn name_durable(&self, sync: impl FnOnce() -> Result<()>) -> Result<()> {
        if !self.named.load(Ordering::Acquire) {
            sync()?;
            self.named.store(true, Ordering::Release);
        }
        Ok(())
    }

    fn done_writing(&self) {
        if self.writing.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.written.notify_waiters();
        }
    }

    /// Resolves when nobody writes to the (sealed) file any more.
    pub(super) async fn quiet(&self) {
        loop {
            let written = self.written.notified();
            if self.writing.load(Ordering::Acquire) == 0 {
                return;
            }
            written.await;
        }
    }

    /// Writes as many of `data` as fit, each as a frame, and says how many. At least one fits.
    pub(super) fn append(
        &self,
        writer: Writer<'_>,
        data: &[Packed],
        frames: &mut Vec<Stored>,
    ) -> Result<usize> {
        let done = self.append_pinned(writer, data, frames);
        self.done_writing();
        if done.is_err() {
            self.unpin();
        }
        done
    }

    fn append_pinned(&self, writer: Writer<'_>, data: &[Packed], frames: &mut Vec<Stored>) -> Result<usize> {
        let (start, taken) = self.take_place(data, writer.key.is_some());
        let mut encoded = Vec::with_capacity(taken);
        let mut position = start;
        for piece in &data[..taken] {
            let at = Address {
                owner: writer.volume,
                segment: self.number,
                position: u32::try_from(position).map_err(|_| Error::corrupt("a segment over 4 GiB"))?,
            };
            let key = writer.key.map(|key| (key.id, &key.frames));
            let (header, payload) = encode_frame(at, writer.ino, piece, key)?;
            let stored_len = payload.len() as u32;
            let at = FrameRef { segment: at.segment, position: at.position, stored_len };
            frames.push(Stored { at, len: piece.data_len });
            position += (FRAME_HEADER_BYTES + payload.len()) as u64;
            encoded.push((header, payload));
        }
        let slices: Vec<_> = encoded
            .iter()
            .flat_map(|(header, payload)| [IoSlice::new(header), IoSlice::new(payload)])
            .collect();
        self.file.write_all_vectored_at(&slices, start)?;
        Ok(taken)
    }

    /// Reserves room for as many pieces as fit: start, number of pieces.
    fn take_place(&self, data: &[Packed], is_sealed: bool) -> (u64, usize) {
        let _place = self.place.lock();
        let start = self.len.load(Ordering::Relaxed);
        let (mut taken, mut bytes) = (0, 0);
        for piece in data {
            let len = (FRAME_HEADER_BYTES + stored_len(piece, is_sealed)) as u64;
            if taken > 0 && start + bytes + len > SEGMENT_MAX_BYTES {
                break;
            }
            taken += 1;
            bytes += len;
        }
        self.len.store(start + bytes, Ordering::Relaxed);
        (start, taken)
    }
}
