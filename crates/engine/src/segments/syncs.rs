//! Syncs of one segment file, shared by all who wrote to it.
//!
//! A sync that begins after somebody has written covers him, so of those who wait during one sync a single one does the
//! next for all. One sync of a file runs at a time: the kernel reports a failed write once, and whoever is told must be
//! the one who asked. After a failure the file is broken for good, because the pages that could not be written may have
//! been dropped, and a later sync would say yes without them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::disk::{Disk, DiskFile, blocking};
use crate::error::{Error, Result};
use crate::planted::{Bug, is_planted};

/// See the module.
#[derive(Default)]
pub(super) struct Syncs {
    begun: AtomicU64,
    /// The newest sync that was good: it covers what was written before it began.
    covered: AtomicU64,
    turn: tokio::sync::Mutex<()>,
    disk: Arc<OneAtATime>,
}

#[derive(Default)]
struct OneAtATime {
    running: Mutex<()>,
    broken: AtomicBool,
}

impl Syncs {
    /// Resolves when what the caller has written to `file` is on stable storage. `room` bounds what goes on at once.
    ///
    /// # Errors
    /// [`Error::Io`] if a sync of the file failed, now or ever.
    pub(super) async fn cover(
        &self,
        disk: &dyn Disk,
        room: &Semaphore,
        file: &Arc<dyn DiskFile>,
    ) -> Result<()> {
        let wanted = self.begun.load(Ordering::Acquire) + 1;
        let _turn = self.turn.lock().await;
        if self.covered.load(Ordering::Acquire) >= wanted {
            return Ok(());
        }
        let _room = room.acquire().await.map_err(|_| Error::Unavailable("the node ends".into()))?;
        let this = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let (one, file) = (self.disk.clone(), file.clone());
        blocking(disk, move || one.sync(file.as_ref())).await?;
        self.covered.store(this, Ordering::Release);
        Ok(())
    }

    /// Whether a sync has failed: then nothing more should be written to the file.
    pub(super) fn is_broken(&self) -> bool {
        self.disk.broken.load(Ordering::Acquire)
    }
}

impl OneAtATime {
    /// Goes on to its end though nobody may wait for it any more; what it finds is kept for the next.
    fn sync(&self, file: &dyn DiskFile) -> Result<()> {
        let _running = self.running.lock();
        if self.broken.load(Ordering::Acquire) {
            return Err(Error::Io("an earlier sync of the segment file failed".into()));
        }
        if is_planted(Bug::PointerBeforeData) {
            return Ok(());
        }
        file.sync_data().map_err(|error| {
            self.broken.store(true, Ordering::Release);
            error.into()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::disk::RealDisk;

    /// Counts its syncs; the ones after `good` fail once, as a kernel does that has dropped the pages.
    struct Counted {
        syncs: AtomicU64,
        fails: AtomicBool,
    }

    impl DiskFile for Counted {
        fn read_exact_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
            Ok(())
        }
        fn write_all_at(&self, _: &[u8], _: u64) -> io::Result<()> {
            Ok(())
        }
        fn sync_data(&self) -> io::Result<()> {
            std::thread::sleep(std::time::Duration::from_millis(5));
            self.syncs.fetch_add(1, Ordering::Relaxed);
            if self.fails.swap(false, Ordering::Relaxed) { Err(io::Error::other("planted")) } else { Ok(()) }
        }
        fn size_bytes(&self) -> io::Result<u64> {
            Ok(0)
        }
    }

    fn counted(fails: bool) -> Arc<Counted> {
        Arc::new(Counted { syncs: AtomicU64::new(0), fails: AtomicBool::new(fails) })
    }

    #[tokio::test]
    async fn who_waits_during_a_sync_shares_the_next() {
        let (syncs, disk, room, counted) = (Syncs::default(), RealDisk, Semaphore::new(1), counted(false));
        let file: Arc<dyn DiskFile> = counted.clone();
        let first = syncs.cover(&disk, &room, &file);
        let others = (0..20).map(|_| async {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            syncs.cover(&disk, &room, &file).await
        });
        let (first, others) = tokio::join!(first, futures::future::join_all(others));
        assert!(first.is_ok() && others.iter().all(Result::is_ok));
        assert_eq!(counted.syncs.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_failed_sync_is_never_forgotten() {
        let (syncs, disk, room, counted) = (Syncs::default(), RealDisk, Semaphore::new(1), counted(true));
        let file: Arc<dyn DiskFile> = counted.clone();
        assert!(syncs.cover(&disk, &room, &file).await.is_err());
        assert!(syncs.is_broken());
        assert!(syncs.cover(&disk, &room, &file).await.is_err(), "the disk would say yes");
        assert_eq!(counted.syncs.load(Ordering::Relaxed), 1);
    }
}
