//! A volume's segments: where bulk data is written, how it gets into the object store, how it is read back.
//!
//! Large writes go to the volume's open segment file on the local disk, in the very form the store will hold;
//! the journal carries only pointers. A checkpoint seals the file and puts it into the store as it is, so that
//! bulk data is written to the local disk once. Some sealed files stay on the local disk as a read cache.
//!
//! In a crash: a segment file that a replayed record points into is complete up to that pointer, because it is synced
//! before the record is made. A file that nothing points into is removed at the next open.

mod buffers;
mod bulk;
mod kept;
mod local;
mod opener;
mod packer;
mod syncs;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use holdfast_base::limits::{SEGMENT_MAX_BYTES, VOLUME_BULK_WRITES_MAX};
use holdfast_base::{Compression, VolumeId};
use object_store::path::Path;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::cache::{Caches, Opening};
use crate::disk::{Disk, blocking};
use crate::error::{Error, Result};
use crate::format::compress::Compressor;
use crate::format::extent::FrameRef;
use crate::format::frame::{FRAME_HEADER_BYTES, Frame, segment_header, stored_len};
use crate::format::marker::Lineage;
use crate::keys::KeyRing;
use crate::store::Store;
pub(crate) use buffers::ReadBuffers;
use bulk::Pins;
pub(crate) use bulk::{Synced, Unsynced};
pub(crate) use kept::KeptSegments;
use local::{LocalSegment, Writer};
use opener::Opener;
pub(crate) use packer::Packer;

/// A piece of data that was put into a segment.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub at: FrameRef,
    pub len: u32,
}

/// What all segments of a volume share.
pub(crate) struct SegmentEnv {
    pub volume: VolumeId,
    /// Seal what is written and open what is read; `None` if the volume is not encrypted.
    pub keys: Option<Arc<KeyRing>>,
    /// Whose the segments of the volume's past are.
    pub lineage: Lineage,
    pub opening: Opening,
    pub disk: Arc<dyn Disk>,
    pub store: Store,
    pub caches: Arc<Caches>,
    pub kept: Arc<KeptSegments>,
    /// Steps of bulk data on their way to the disk, of the whole node.
    pub bulk_room: Arc<Semaphore>,
    /// Directory of the volume's segment files.
    pub dir: PathBuf,
}

/// See the module.
pub(crate) struct Segments {
    env: SegmentEnv,
    first: u64,
    /// The number that the next segment gets.
    next: AtomicU64,
    local: Mutex<Local>,
    bulk: Bulk,
}

/// The volume's share of bulk writing.
struct Bulk {
    /// One copy at a time.
    copy: tokio::sync::Mutex<()>,
    /// Writes that are not synced yet.
    writes: Semaphore,
}

impl Bulk {
    fn new() -> Self {
        Self { copy: tokio::sync::Mutex::default(), writes: Semaphore::new(VOLUME_BULK_WRITES_MAX) }
    }
}

#[derive(Default)]
struct Local {
    open: Option<Arc<LocalSegment>>,
    /// Every segment with a file on the local disk, the open one included.
    files: BTreeMap<u64, Arc<LocalSegment>>,
    /// Put into the store before a checkpoint asked for it, and not counted yet.
    early: BTreeSet<u64>,
}

/// Numbers of an epoch's segments are over this one.
pub(crate) fn first_number(epoch: u64) -> u64 {
    epoch << 24
}

/// The path of a segment in the store.
pub(crate) fn segment_path(volume: VolumeId, segment: u64) -> Path {
    Path::from(format!("volumes/{}/segments/{segment:016x}", volume.0))
}

impl Segments {
    /// Segments of a fresh opening: numbers start over the index epoch, so that none is ever used twice.
    pub(crate) fn new(env: SegmentEnv, epoch: u64) -> Result<Self> {
        env.disk.create_dir_all(&env.dir)?;
        let first = first_number(epoch);
        Ok(Self { env, first, next: AtomicU64::new(first), local: Mutex::default(), bulk: Bulk::new() })
    }

    /// Segments for reading only: nothing of them is on the local disk.
    pub(crate) fn view(env: SegmentEnv) -> Self {
        Self { env, first: 0, next: AtomicU64::new(0), local: Mutex::default(), bulk: Bulk::new() }
    }

    /// Segments of this opening have numbers over this one, those of earlier openings lower ones.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Segments made from now on have numbers from this one on.
    pub(crate) fn next_number(&self) -> u64 {
        self.next.load(Ordering::Relaxed) + 1
    }

    /// Whose a segment is.
    pub(crate) fn owner(&self, number: u64) -> VolumeId {
        self.env.lineage.owner(number, self.env.volume)
    }

    /// The disk that the segment files are on.
    pub(crate) fn disk(&self) -> &dyn Disk {
        self.env.disk.as_ref()
    }

    /// Takes over the files of an earlier run that `wanted` names; removes the others.
    pub(crate) fn adopt(&self, wanted: &HashSet<u64>) -> Result<()> {
        for name in self.env.disk.list(&self.env.dir)? {
            let path = self.env.dir.join(&name);
            match u64::from_str_radix(&name, 16).ok().filter(|number| wanted.contains(number)) {
                Some(number) => {
                    let file = self.env.disk.open(&path)?;
                    let segment = LocalSegment::sealed(number, path, file)?;
                    self.local.lock().files.insert(number, Arc::new(segment));
                }
                None => self.env.disk.remove(&path)?,
            }
        }
        Ok(())
    }

    /// Writes data as frames to the open segment: compressed, then sealed, then written once. Blocks on the disk and
    /// is work: call it off the runtime's threads. Each piece of `data` becomes one frame and is at most
    /// [`holdfast_base::limits::FRAME_MAX_BYTES`] long.
    fn append(&self, ino: u64, data: Vec<Bytes>, compression: Compression) -> Result<(Vec<Stored>, Pins)> {
        let (mut frames, mut pins) = (Vec::with_capacity(data.len()), Pins::default());
        let mut compressor = Compressor::new(compression)?;
        let packed = data.into_iter().map(|piece| compressor.pack(piece)).collect::<Result<Vec<_>>>()?;
        let key = self.env.keys.as_ref().map(|keys| keys.own());
        let writer = Writer { volume: self.env.volume, ino, key };
        let mut rest = &packed[..];
        while !rest.is_empty() {
            let segment = self.writable(stored_len(&rest[0], key.is_some()))?;
            let taken = segment.append(writer, rest, &mut frames)?;
            segment.name_durable(|| Ok(self.env.disk.sync_dir(&self.env.dir)?))?;
            rest = &rest[taken..];
            // The pin that `writable` took.
            pins.push(segment);
        }
        Ok((frames, pins))
    }

    /// The open segment with room for a frame of `len` bytes, pinned.
    fn writable(&self, len: usize) -> Result<Arc<LocalSegment>> {
        let mut local = self.local.lock();
        if let Some(open) = &local.open {
            let has_room = open.len() + (FRAME_HEADER_BYTES + len) as u64 <= SEGMENT_MAX_BYTES;
            if has_room && !open.syncs.is_broken() {
                open.pin();
                return Ok(open.clone());
            }
            open.seal();
        }
        let number = self.new_number();
        let path = self.env.dir.join(format!("{number:016x}"));
        let file = self.env.disk.create(&path)?;
        file.write_all_at(&segment_header(self.env.volume, number), 0)?;
        let segment = Arc::new(LocalSegment::open(number, path, file));
        segment.pin();
        local.files.insert(number, segment.clone());
        local.open = Some(segment.clone());
        Ok(segment)
    }

    fn new_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Seals the open segment; all segments that are on the local disk only, oldest first.
    pub(crate) fn seal(&self) -> Vec<u64> {
        let mut local = self.local.lock();
        if let Some(open) = local.open.take() {
            open.seal();
        }
        local.files.values().filter(|file| !file.is_uploaded()).map(|file| file.number).collect()
    }

    /// Bytes on the local disk that are not in the store yet.
    pub(crate) fn waiting_bytes(&self) -> u64 {
        let local = self.local.lock();
        local.files.values().filter(|file| !file.is_uploaded()).map(|file| file.len()).sum()
    }

    /// Puts a segment into the store before a checkpoint asks for it.
    pub(crate) async fn put_early(self: &Arc<Self>, number: u64) -> Result<()> {
        {
            let mut local = self.local.lock();
            if let Some(open) = local.open.take_if(|open| open.number == number) {
                open.seal();
            }
            local.early.insert(number);
        }
        self.upload(number).await
    }

    /// Segments that were put into the store early, for the checkpoint that counts them.
    pub(crate) fn take_early(&self) -> BTreeSet<u64> {
        std::mem::take(&mut self.local.lock().early)
    }

    /// Whether a segment is on the local disk only.
    pub(crate) fn is_waiting(&self, number: u64) -> bool {
        self.local.lock().files.get(&number).is_some_and(|segment| !segment.is_uploaded())
    }

    /// Bytes of a segment that is on the local disk only; `None` if it is in the store.
    pub(crate) async fn read_waiting(&self, number: u64, from: u64, to: u64) -> Result<Option<Bytes>> {
        let local = self.local.lock().files.get(&number).cloned();
        let Some(segment) = local.filter(|segment| !segment.is_uploaded()) else { return Ok(None) };
        let read = move || Ok(Some(segment.file.read_vec_at((to - from) as usize, from)?.into()));
        blocking(self.env.disk.as_ref(), read).await
    }

    /// Puts a sealed segment into the store. Its file stays for a while as a read cache.
    pub(crate) async fn upload(self: &Arc<Self>, number: u64) -> Result<()> {
        let Some(segment) = self.local.lock().files.get(&number).cloned() else { return Ok(()) };
        if segment.is_uploaded() {
            return Ok(());
        }
        segment.quiet().await;
        // Nothing is synced here: what is pointed at was synced before.
        let path = segment_path(self.env.volume, number);
        self.env.store.put_file(&self.env.disk, segment.path.clone(), segment.file.clone(), &path).await?;
        segment.set_uploaded();
        self.env.kept.keep(self, number);
        Ok(())
    }

    /// Puts frames from memory into the store as one segment.
    pub(crate) async fn put_packed(&self, packer: Packer) -> Result<()> {
        self.env.store.put(&segment_path(self.env.volume, packer.number), packer.into_pieces()).await
    }

    /// Starts a segment in memory.
    pub(crate) fn packer(&self, compression: Compression) -> Result<Packer> {
        Packer::new(self.env.volume, self.new_number(), self.env.keys.clone(), compression)
    }

    /// Notes a frame's data in the cache: it was just written and is likely to be read.
    pub(crate) fn cache_frame(&self, at: FrameRef, data: Bytes) {
        self.env.caches.frames.insert((self.env.opening, at.segment, at.position), data);
    }

    /// Forgets the local file of an uploaded segment, unless somebody is about to point into the segment: as long
    /// as the file is known, so is the pin.
    pub(crate) fn evict(&self, number: u64) -> bool {
        if self.is_pinned(number) {
            return false;
        }
        self.forget_local(number);
        true
    }

    /// Forgets the local file of an uploaded segment.
    pub(crate) fn forget_local(&self, number: u64) {
        let gone = self.local.lock().files.remove(&number);
        if let Some(segment) = gone
            && let Err(error) = self.env.disk.remove(&segment.path)
        {
            tracing::warn!(%error, path = %segment.path.display(), "a segment file could not be removed");
        }
    }

    /// Bytes of data in a segment on the local disk, its headers included; 0 if it is not there.
    pub(crate) fn local_bytes(&self, number: u64) -> u64 {
        self.local.lock().files.get(&number).map_or(0, |segment| segment.len())
    }

    /// Whether somebody is about to point into this segment.
    pub(crate) fn is_pinned(&self, number: u64) -> bool {
        self.local.lock().files.get(&number).is_some_and(|segment| segment.is_pinned())
    }

    /// Deletes a segment that nothing points into any more.
    pub(crate) async fn delete(&self, number: u64) -> Result<()> {
        self.env.store.delete(&segment_path(self.env.volume, number)).await?;
        self.forget_local(number);
        Ok(())
    }

    /// Closes the local files; those in the store already are removed from the local disk.
    pub(crate) fn close(&self) {
        let uploaded: Vec<_> = {
            let local = self.local.lock();
            local.files.values().filter(|file| file.is_uploaded()).map(|file| file.number).collect()
        };
        for number in uploaded {
            self.forget_local(number);
        }
    }

    /// The data of one frame, from the cache if it is there.
    pub(crate) async fn frame(&self, at: FrameRef) -> Result<Bytes> {
        let key = (self.env.opening, at.segment, at.position);
        if let Some(frame) = self.env.caches.frames.get(&key) {
            return Ok(frame);
        }
        let frames = self.read_run(at.segment, &[at]).await?;
        let frame = frames.into_iter().next().ok_or_else(|| Error::corrupt("no frame where one was read"))?;
        self.env.caches.frames.insert(key, frame.clone());
        Ok(frame)
    }

    /// The cached data of a frame.
    pub(crate) fn cached(&self, at: FrameRef) -> Option<Bytes> {
        self.env.caches.frames.get(&(self.env.opening, at.segment, at.position))
    }

    /// Whether the segment can be read from the local disk: then the kernel's page cache serves it.
    pub(crate) fn is_local(&self, number: u64) -> bool {
        self.local.lock().files.contains_key(&number)
    }

    /// Reads from a local file: at once if the kernel has it in memory, else off the runtime's threads.
    async fn read_local(&self, local: Arc<LocalSegment>, start: u64, len: usize) -> Result<Bytes> {
        let mut buffer = self.env.caches.read_buffers.take(len);
        if local.file.read_cached_at(buffer.as_mut(), start)? {
            return Ok(buffer.freeze());
        }
        blocking(self.env.disk.as_ref(), move || {
            local.file.read_exact_at(buffer.as_mut(), start)?;
            Ok(buffer.freeze())
        })
        .await
    }

    /// Reads frames that lie one behind the other with one request, and checks each.
    pub(crate) async fn read_run(&self, segment: u64, frames: &[FrameRef]) -> Result<Vec<Bytes>> {
        let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return Ok(Vec::new()) };
        let start = u64::from(first.position);
        let end = u64::from(last.position) + FRAME_HEADER_BYTES as u64 + u64::from(last.stored_len);
        let owner = self.owner(segment);
        let local = self.local.lock().files.get(&segment).cloned();
        let bytes = match local {
            Some(local) => self.read_local(local, start, (end - start) as usize).await?,
            None => self.env.store.read(&segment_path(owner, segment), start..end).await?,
        };
        let opener = Opener { owner, keys: self.env.keys.clone() };
        let frames = opener.read(frames, &bytes)?;
        if frames.iter().all(Frame::is_plain) {
            return opener.open(frames);
        }
        blocking(self.env.disk.as_ref(), move || opener.open(frames)).await
    }
}
