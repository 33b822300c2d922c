//! The end of the journal that is not in the object store yet.
//!
//! The writer notes each stretch of a file that it has synced; whoever ships takes stretches from the front, and
//! says how far it came. Records that a volume has released are in its index, and so in the store, by another way:
//! they need no shipping, and a file that is retired takes its stretches along.
//!
//! In a crash everything here is forgotten: volumes are checkpointed when they open again, which puts into the store
//! what was not shipped.
//!
//! Memory: one entry for each [`MERGE_WITHIN`] or each [`limits::SHIP_OBJECT_MAX_BYTES`] of the journal, whose
//! size on disk is bounded.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use holdfast_base::{Clock, VolumeId, limits};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::Lsn;
use super::file::HEADER_BYTES;
use crate::disk::DiskFile;
use crate::error::Result;

/// Stretches that follow each other this closely are one.
const MERGE_WITHIN: Duration = Duration::from_millis(20);

/// Synced records that lie one behind the other in one file.
#[derive(Clone)]
pub(crate) struct Stretch {
    file: Arc<dyn DiskFile>,
    from: u64,
    to: u64,
    pub first: Lsn,
    pub last: Lsn,
    /// When the first of them was synced, on the monotonic clock.
    since: Duration,
}

impl Stretch {
    /// Reads it. Blocks.
    pub(crate) fn read(&self) -> Result<Bytes> {
        Ok(self.file.read_vec_at((self.to - self.from) as usize, self.from)?.into())
    }

    fn len(&self) -> u64 {
        self.to - self.from
    }
}

#[derive(Default)]
struct Inner {
    stretches: VecDeque<Stretch>,
    bytes: u64,
    /// Up to which record each volume's index includes everything.
    released: HashMap<VolumeId, Lsn>,
}

/// How far the object store is behind the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Bytes of records.
    pub bytes: u64,
    /// Numbers of records; some may belong to volumes that ship nothing.
    pub records: u64,
    /// Age of the oldest: what a lost disk costs at most.
    pub age: Duration,
}

/// See the module.
pub(crate) struct Tail {
    clock: Arc<dyn Clock>,
    inner: Mutex<Inner>,
    /// Records up to this one are in the store, or need not be.
    shipped: AtomicU64,
    moved: Notify,
}

impl Tail {
    /// Nothing is to be shipped up to `last`.
    pub(crate) fn new(clock: Arc<dyn Clock>, last: Lsn) -> Self {
        let inner = Mutex::default();
        Self { clock, inner, shipped: AtomicU64::new(last), moved: Notify::new() }
    }

    /// Notes records that were synced. They follow those noted before.
    pub(super) fn synced(&self, file: &Arc<dyn DiskFile>, from: u64, to: u64, first: Lsn, last: Lsn) {
        debug_assert!(from >= HEADER_BYTES as u64 && from < to);
        let now = self.clock.monotonic();
        let mut inner = self.inner.lock();
        inner.bytes += to - from;
        if let Some(newest) = inner.stretches.back_mut()
            && Arc::ptr_eq(&newest.file, file)
            && newest.to == from
            && now.saturating_sub(newest.since) < MERGE_WITHIN
            && to - newest.from <= limits::SHIP_OBJECT_MAX_BYTES
        {
            newest.to = to;
            newest.last = last;
            return;
        }
        inner.stretches.push_back(Stretch { file: file.clone(), from, to, first, last, since: now });
    }

    /// The oldest stretches, of at most [`limits::SHIP_OBJECT_MAX_BYTES`] unless the first alone is larger.
    pub(crate) fn front(&self) -> Vec<Stretch> {
        let inner = self.inner.lock();
        let mut bytes = 0;
        let fits = |stretch: &&Stretch| {
            bytes += stretch.len();
            bytes == stretch.len() || bytes <= limits::SHIP_OBJECT_MAX_BYTES
        };
        inner.stretches.iter().take_while(fits).cloned().collect()
    }

    /// Records up to `last` are in the store.
    pub(crate) fn shipped(&self, last: Lsn) {
        let mut inner = self.inner.lock();
        while let Some(stretch) = inner.stretches.pop_front_if(|stretch| stretch.last <= last) {
            inner.bytes -= stretch.len();
        }
        drop(inner);
        self.shipped.fetch_max(last, Ordering::AcqRel);
        self.moved.notify_waiters();
    }

    /// The file is about to be reused: its records were all released.
    pub(super) fn forget(&self, file: &Arc<dyn DiskFile>) {
        let mut inner = self.inner.lock();
        let mut last = None;
        while let Some(stretch) = inner.stretches.pop_front_if(|stretch| Arc::ptr_eq(&stretch.file, file)) {
            inner.bytes -= stretch.len();
            last = Some(stretch.last);
        }
        drop(inner);
        if let Some(last) = last {
            self.shipped(last);
        }
    }

    /// Whether these stretches are still to be shipped.
    pub(crate) fn holds(&self, stretches: &[Stretch]) -> bool {
        stretches.first().is_none_or(|first| self.shipped.load(Ordering::Acquire) < first.last)
    }

    pub(super) fn release(&self, volume: VolumeId, lsn: Lsn) {
        let mut inner = self.inner.lock();
        let released = inner.released.entry(volume).or_default();
        *released = lsn.max(*released);
    }

    /// Whether a record is not in its volume's index yet.
    pub(crate) fn needs(&self, volume: VolumeId, lsn: Lsn) -> bool {
        self.inner.lock().released.get(&volume).is_none_or(|released| *released < lsn)
    }

    /// Forgets what volumes have released, when nobody will ask about records that are there now.
    pub(crate) fn forget_released(&self) {
        let mut inner = self.inner.lock();
        if inner.stretches.is_empty() {
            inner.released.clear();
        }
    }

    /// Resolves when more has been shipped than when this was called.
    pub(crate) fn moved(&self) -> Notified<'_> {
        self.moved.notified()
    }

    /// Whether a record is in the store.
    pub(crate) fn is_shipped(&self, lsn: Lsn) -> bool {
        self.shipped.load(Ordering::Acquire) >= lsn
    }

    pub(crate) fn lag(&self) -> Lag {
        let inner = self.inner.lock();
        let (Some(oldest), Some(newest)) = (inner.stretches.front(), inner.stretches.back()) else {
            return Lag::default();
        };
        let age = self.clock.monotonic().saturating_sub(oldest.since);
        Lag { bytes: inner.bytes, records: newest.last - oldest.first + 1, age }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use holdfast_base::ManualClock;

    use super::*;
    use crate::disk::{Disk, MemoryDisk};

    fn file(disk: &MemoryDisk, name: &str) -> Arc<dyn DiskFile> {
        let file = disk.create(Path::new(name)).unwrap();
        file.write_all_at(&[0; 4096], 0).unwrap();
        file
    }

    #[test]
    fn stretches_are_shipped_in_order_and_go_with_their_file() {
        let clock = Arc::new(ManualClock::at(0));
        let tail = Tail::new(clock.clone(), 5);
        let disk = MemoryDisk::new();
        let (old, new) = (file(&disk, "old"), file(&disk, "new"));
        assert!(tail.is_shipped(5) && !tail.is_shipped(6) && tail.front().is_empty());
        tail.synced(&old, 64, 100, 6, 7);
        tail.synced(&old, 100, 200, 8, 8);
        clock.advance(Duration::from_secs(3));
        tail.synced(&old, 200, 300, 9, 9);
        tail.synced(&new, 64, 164, 10, 12);
        let lag = Lag { bytes: 336, records: 7, age: Duration::from_secs(3) };
        assert_eq!(tail.lag(), lag);
        let front = tail.front();
        assert_eq!(front.iter().map(|s| (s.first, s.last)).collect::<Vec<_>>(), [(6, 8), (9, 9), (10, 12)]);
        assert_eq!(front[0].read().unwrap().len(), 136);
        tail.shipped(8);
        assert!(tail.is_shipped(8) && !tail.holds(&front[..1]) && tail.holds(&front[1..]));
        tail.forget(&old);
        assert!(tail.is_shipped(9) && !tail.is_shipped(10));
        tail.shipped(12);
        assert_eq!(tail.lag(), Lag::default());
    }

    #[test]
    fn what_a_volume_released_needs_no_shipping() {
        let tail = Tail::new(Arc::new(ManualClock::at(0)), 0);
        let volume = VolumeId(uuid::Uuid::from_u128(1));
        tail.release(volume, 7);
        tail.release(volume, 6);
        assert!(!tail.needs(volume, 7) && tail.needs(volume, 8));
        tail.forget_released();
        assert!(tail.needs(volume, 7));
    }
}
