//! The thread that writes and syncs the journal.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use holdfast_base::VolumeId;

use super::file::{self, RECORD_HEADER_BYTES};
use super::{Lsn, Pending, Shared};
use crate::disk::DiskFile;
use crate::error::Result;

/// Buffered bytes that are written and synced though nobody waits for them.
pub(super) const WRITE_UNASKED_BYTES: usize = 4 << 20;
/// How long a record may stay in memory when nobody waits for it.
const WRITE_UNASKED_AFTER: Duration = Duration::from_millis(100);

/// What the writer takes from [`Pending`] at a time. The vectors go back and forth to keep their memory.
#[derive(Default)]
struct Batch {
    buffer: Vec<u8>,
    volumes: Vec<(VolumeId, Lsn)>,
    spools: Vec<Arc<dyn DiskFile>>,
    first_lsn: Lsn,
    last_lsn: Lsn,
    stop: bool,
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    file: Arc<dyn DiskFile>,
    position: u64,
    size: u64,
    /// The last record written: what the next file's header names as its predecessor.
    last_lsn: Lsn,
}

impl Writer {
    pub(super) fn start(shared: Arc<Shared>) -> Result<Self> {
        let next = shared.pending.lock().next_lsn;
        let (file, size) = {
            let mut files = shared.files.lock();
            (files.open_next(next, next - 1, 0)?, files.segment_bytes())
        };
        shared.held_bytes.store(shared.files.lock().held_bytes(), Ordering::Relaxed);
        Ok(Self { shared, file, position: file::HEADER_BYTES as u64, size, last_lsn: next - 1 })
    }

    /// Commits batch after batch until the journal is dropped or the disk fails.
    pub(super) fn run(&mut self) {
        let mut batch = Batch::default();
        loop {
            self.take(&mut batch);
            if !batch.buffer.is_empty()
                && let Err(error) = self.commit(&batch)
            {
                self.fail(&error.to_string());
                return;
            }
            self.confirm(&mut batch);
            if batch.stop {
                return;
            }
        }
    }

    /// Waits for work and takes all of it.
    fn take(&self, batch: &mut Batch) {
        let mut pending = self.shared.pending.lock();
        loop {
            let waiting = pending.sync_wanted || pending.stop;
            if waiting || pending.buffer.len() >= WRITE_UNASKED_BYTES {
                break;
            }
            if pending.buffer.is_empty() {
                self.shared.work.wait(&mut pending);
            } else if self.shared.work.wait_for(&mut pending, WRITE_UNASKED_AFTER).timed_out() {
                break;
            }
        }
        let Pending { buffer, volumes, spools, .. } = &mut *pending;
        std::mem::swap(buffer, &mut batch.buffer);
        std::mem::swap(volumes, &mut batch.volumes);
        std::mem::swap(spools, &mut batch.spools);
        batch.first_lsn = pending.first_buffered.take().unwrap_or(pending.next_lsn);
        batch.last_lsn = pending.last_buffered;
        batch.stop = pending.stop;
        pending.sync_wanted = false;
    }

    /// Puts a batch on stable storage: first the data that its records point at, then the records.
    fn commit(&mut self, batch: &Batch) -> Result<()> {
        for spool in &batch.spools {
            spool.sync_data()?;
        }
        let len = batch.buffer.len() as u64;
        if self.position + len > self.size {
            self.rotate(batch)?;
        }
        self.file.write_all_at(&batch.buffer, self.position)?;
        self.position += len;
        self.last_lsn = batch.last_lsn;
        // The current file must know what it holds before anybody can release it.
        self.shared.files.lock().wrote(&batch.volumes);
        Ok(self.file.sync_data()?)
    }

    /// Goes on in another file. A batch never spans two: nothing in the new file can survive without the old.
    fn rotate(&mut self, batch: &Batch) -> Result<()> {
        let needed = (file::HEADER_BYTES + RECORD_HEADER_BYTES + batch.buffer.len()) as u64;
        let mut files = self.shared.files.lock();
        self.file = files.open_next(batch.first_lsn, self.last_lsn, needed)?;
        self.size = files.segment_bytes().max(needed);
        self.position = file::HEADER_BYTES as u64;
        self.shared.held_bytes.store(files.held_bytes(), Ordering::Relaxed);
        Ok(())
    }

    /// Tells everybody whose record is durable now.
    fn confirm(&self, batch: &mut Batch) {
        batch.buffer.clear();
        // One huge record must not keep its memory for ever.
        batch.buffer.shrink_to(2 * WRITE_UNASKED_BYTES);
        batch.volumes.clear();
        batch.spools.clear();
        self.shared.durable.fetch_max(batch.last_lsn, Ordering::Release);
        let mut pending = self.shared.pending.lock();
        let waiters = std::mem::take(&mut pending.waiters);
        let (ready, waiting): (Vec<_>, Vec<_>) =
            waiters.into_iter().partition(|(lsn, _)| *lsn <= batch.last_lsn);
        pending.waiters = waiting;
        pending.sync_wanted |= !pending.waiters.is_empty();
        drop(pending);
        self.shared.room.notify_waiters();
        for (_, waker) in ready {
            waker.wake();
        }
    }

    fn fail(&self, why: &str) {
        tracing::error!(error = why, "the journal failed; nothing is acknowledged until a restart");
        let why = format!("the journal's disk failed: {why}; restart the server once it is mended");
        // Set once: the first reason is the one that explains the others.
        let _ = self.shared.failed.set(why.into());
        let waiters = std::mem::take(&mut self.shared.pending.lock().waiters);
        for (_, waker) in waiters {
            waker.wake();
        }
        self.shared.room.notify_waiters();
    }
}
