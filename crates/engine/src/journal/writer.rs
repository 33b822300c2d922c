//! Writes and syncs the journal, batch after batch: on a thread of its own, or as a task where the disk never
//! blocks and nothing may have a thread.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use holdfast_base::VolumeId;
use parking_lot::Mutex;

use super::record::RECORD_HEADER_BYTES;
use super::{Lsn, Pending, Shared, file};
use crate::disk::DiskFile;
use crate::error::Result;
use crate::planted::{Bug, is_planted};

/// Buffered bytes that are written and synced though nobody waits for them.
pub(super) const WRITE_UNASKED_BYTES: usize = 4 << 20;
/// How long a record may stay in memory when nobody waits for it.
const WRITE_UNASKED_AFTER: Duration = Duration::from_millis(100);

/// What the writer takes from [`Pending`] at a time. The vectors go back and forth to keep their memory; the
/// buffer is empty once it was written.
#[derive(Default)]
struct Batch {
    buffer: Vec<u8>,
    volumes: Vec<(VolumeId, Lsn)>,
    first_lsn: Lsn,
    last_lsn: Lsn,
    stop: bool,
    /// Whether it is to be on stable storage, or only in the kernel.
    sync: bool,
}

impl Pending {
    /// Whether the writer should not wait any longer.
    fn is_due(&self) -> bool {
        self.sync_wanted || self.write_wanted || self.stop || self.buffer.len() >= WRITE_UNASKED_BYTES
    }
}

impl Shared {
    /// Tells everybody who waits for no more than that.
    fn kernel_has(&self, last: Lsn) {
        self.written.fetch_max(last, Ordering::Release);
        let waiters = std::mem::take(&mut self.pending.lock().write_waiters);
        let (ready, waiting): (Vec<_>, Vec<_>) = waiters.into_iter().partition(|(lsn, _)| *lsn <= last);
        if !waiting.is_empty() {
            let mut pending = self.pending.lock();
            pending.write_waiters.extend(waiting);
            pending.write_wanted = true;
        }
        for (_, waker) in ready {
            waker.wake();
        }
    }

    /// Resolves when there is something to write, and somebody waits for it or it has waited for long.
    async fn until_work(&self) {
        loop {
            let woken = self.work_noticed.notified();
            let is_empty = {
                let pending = self.pending.lock();
                if pending.is_due() {
                    return;
                }
                pending.buffer.is_empty() && !self.unsynced.load(Ordering::Relaxed)
            };
            if is_empty {
                woken.await;
            } else if tokio::time::timeout(WRITE_UNASKED_AFTER, woken).await.is_err() {
                return;
            }
        }
    }
}

impl Shared {
    /// The same on the journal's thread.
    fn wait_for_work(&self) {
        let mut pending = self.pending.lock();
        while !pending.is_due() {
            if pending.buffer.is_empty() && !self.unsynced.load(Ordering::Relaxed) {
                self.work.wait(&mut pending);
            } else if self.work.wait_for(&mut pending, WRITE_UNASKED_AFTER).timed_out() {
                return;
            }
        }
    }
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    file: Arc<dyn DiskFile>,
    position: u64,
    size: u64,
    /// The last record written: what the next file's header names as its predecessor.
    last_lsn: Lsn,
    /// Where the records begin that were written and not synced, and the first of them.
    unsynced: Option<(u64, Lsn)>,
    batch: Batch,
}

impl Writer {
    pub(super) fn start(shared: Arc<Shared>) -> Result<Self> {
        let next = shared.pending.lock().next_lsn;
        let (file, size) = {
            let mut files = shared.files.lock();
            (files.open_next(next, next - 1, 0)?, files.segment_bytes())
        };
        shared.held_bytes.store(shared.files.lock().held_bytes(), Ordering::Relaxed);
        let position = file::HEADER_BYTES as u64;
        Ok(Self { shared, file, position, size, last_lsn: next - 1, unsynced: None, batch: Batch::default() })
    }

    /// The thread: commits batch after batch until the journal is dropped or the disk fails.
    pub(super) fn run(writer: &Mutex<Self>) {
        let shared = writer.lock().shared.clone();
        loop {
            shared.wait_for_work();
            if !writer.lock().turn() {
                return;
            }
        }
    }

    /// Commits what is pending. Says no when nothing will come any more: the journal ends, or the disk failed.
    pub(super) fn turn(&mut self) -> bool {
        if self.shared.check().is_err() {
            return false;
        }
        self.take();
        if !self.write() {
            return false;
        }
        self.confirm();
        !self.batch.stop
    }

    /// The task: the same, with turns for others between the steps. Whoever ends it calls [`Writer::finish`].
    pub(super) async fn drive(writer: Arc<Mutex<Self>>) {
        let shared = writer.lock().shared.clone();
        loop {
            shared.until_work().await;
            writer.lock().take();
            tokio::task::yield_now().await;
            if !writer.lock().write() {
                return;
            }
            tokio::task::yield_now().await;
            writer.lock().confirm();
        }
    }

    /// Commits what the task left undone when it was ended, and everything behind it.
    pub(super) fn finish(&mut self) {
        if self.shared.check().is_ok() && self.write() {
            self.confirm();
            while self.turn() {}
        }
    }

    /// Takes all that is pending.
    fn take(&mut self) {
        let batch = &mut self.batch;
        let mut pending = self.shared.pending.lock();
        let Pending { buffer, volumes, .. } = &mut *pending;
        std::mem::swap(buffer, &mut batch.buffer);
        std::mem::swap(volumes, &mut batch.volumes);
        batch.first_lsn = pending.first_buffered.take().unwrap_or(pending.next_lsn);
        batch.last_lsn = pending.last_buffered;
        batch.stop = pending.stop;
        // Where only the kernel is waited for, the disk comes a little later.
        let unsynced = self.unsynced.map_or(0, |(from, _)| self.position - from);
        batch.sync = pending.sync_wanted
            || pending.stop
            || !pending.write_wanted
            || unsynced >= WRITE_UNASKED_BYTES as u64;
        pending.sync_wanted = false;
        pending.write_wanted = false;
        if is_planted(Bug::ConfirmUnwritten) {
            self.shared.durable.fetch_max(batch.last_lsn, Ordering::Release);
        }
    }

    /// Commits the batch in hand; says no once the disk has failed.
    fn write(&mut self) -> bool {
        if let Err(error) = self.commit() {
            self.fail(&error.to_string());
            return false;
        }
        // Written: it must not be written again, whoever calls next.
        self.batch.buffer.clear();
        true
    }

    /// Writes the batch, and puts it on stable storage if that is asked for.
    fn commit(&mut self) -> Result<()> {
        if !self.batch.buffer.is_empty() {
            self.write_batch()?;
        }
        if self.batch.sync { self.sync() } else { Ok(()) }
    }

    /// Gives the batch to the kernel.
    fn write_batch(&mut self) -> Result<()> {
        let len = self.batch.buffer.len() as u64;
        if self.position + len > self.size {
            self.rotate()?;
        }
        self.file.write_all_at(&self.batch.buffer, self.position)?;
        self.unsynced.get_or_insert((self.position, self.batch.first_lsn));
        self.shared.unsynced.store(true, Ordering::Relaxed);
        self.position += len;
        self.last_lsn = self.batch.last_lsn;
        // The current file must know what it holds before anybody can release it.
        self.shared.files.lock().wrote(&self.batch.volumes);
        self.shared.kernel_has(self.last_lsn);
        Ok(())
    }

    /// Puts everything that was written on stable storage.
    fn sync(&mut self) -> Result<()> {
        let Some((from, first_lsn)) = self.unsynced else { return Ok(()) };
        if !is_planted(Bug::ConfirmUnsynced) {
            self.file.sync_data()?;
        }
        self.unsynced = None;
        self.shared.unsynced.store(false, Ordering::Relaxed);
        self.shared.tail.synced(&self.file, from, self.position, first_lsn, self.last_lsn);
        Ok(())
    }

    /// Goes on in another file. A batch never spans two: nothing in the new file can survive without the old.
    fn rotate(&mut self) -> Result<()> {
        self.sync()?;
        let batch = &self.batch;
        let needed = (file::HEADER_BYTES + RECORD_HEADER_BYTES + batch.buffer.len()) as u64;
        let mut files = self.shared.files.lock();
        self.file = files.open_next(batch.first_lsn, self.last_lsn, needed)?;
        self.size = files.segment_bytes().max(needed);
        self.position = file::HEADER_BYTES as u64;
        self.shared.held_bytes.store(files.held_bytes(), Ordering::Relaxed);
        Ok(())
    }

    /// Tells everybody whose record is durable now.
    fn confirm(&mut self) {
        let batch = &mut self.batch;
        // One huge record must not keep its memory for ever.
        batch.buffer.shrink_to(2 * WRITE_UNASKED_BYTES);
        batch.volumes.clear();
        if !batch.sync {
            let mut pending = self.shared.pending.lock();
            pending.sync_wanted |= !pending.waiters.is_empty();
            return;
        }
        self.shared.durable.fetch_max(batch.last_lsn, Ordering::Release);
        let mut pending = self.shared.pending.lock();
        let waiters = std::mem::take(&mut pending.waiters);
        let (ready, waiting): (Vec<_>, Vec<_>) =
            waiters.into_iter().partition(|waiter| waiter.lsn <= batch.last_lsn);
        pending.waiters = waiting;
        pending.sync_wanted |= !pending.waiters.is_empty();
        drop(pending);
        self.shared.served(ready.len());
        self.shared.room.notify_waiters();
        for waiter in ready {
            waiter.waker.wake();
        }
    }

    fn fail(&self, why: &str) {
        tracing::error!(error = why, "the journal failed; nothing is acknowledged until a restart");
        let why = format!("the journal's disk failed: {why}; restart the server once it is mended");
        // Set once: the first reason is the one that explains the others.
        let _ = self.shared.failed.set(why.into());
        let (waiters, write_waiters) = {
            let mut pending = self.shared.pending.lock();
            (std::mem::take(&mut pending.waiters), std::mem::take(&mut pending.write_waiters))
        };
        for waiter in waiters {
            waiter.waker.wake();
        }
        for (_, waker) in write_waiters {
            waker.wake();
        }
        self.shared.room.notify_waiters();
    }
}
