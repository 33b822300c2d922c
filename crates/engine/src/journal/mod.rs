//! The node journal: one append-only redo log for all volumes of this node.
//!
//! Owns: the order of records, group commit, the journal's files and when they may be reused. An operation
//! appends its record under its volume's lock, which gives the record its number (LSN) and its place, and then
//! waits for [`Journal::durable`] if its reply claims durability. One thread writes and syncs for everybody, but for
//! a waiter who is alone; on a disk that never blocks it is a task, so that a simulation decides its turns.
//!
//! In a crash: what [`Journal::durable`] confirmed is there after it; of the rest a prefix is. Data in segment files is
//! on stable storage before a record that points at it is appended, so no record survives without its data, and no
//! volume waits for the data of another.
//! After a failed write or sync nothing more is accepted until a restart: the kernel may have dropped the pages
//! that it failed to write, so a second sync proves nothing.
//!
//! Does not know what records mean, nor how volumes use them.

mod alone;
mod file;
mod record;
mod recover;
mod scan;
mod tail;
mod writer;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;

use holdfast_base::{Clock, VolumeId, limits};
use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

use crate::disk::Disk;
use crate::error::{Error, Result};
pub(crate) use file::{FileHeader, HEADER_BYTES, UNFINISHED, name_of};
pub(crate) use record::{Framing, Records, encode as encode_record};
pub(crate) use recover::{JournalRecord, Recovered, VolumeRecords, recover};
pub use tail::Lag;
pub(crate) use tail::{Stretch, Tail};
use writer::Writer;

/// The number of a record: ever growing over the life of a node.
pub(crate) type Lsn = u64;

/// Where the journal lies and how large it may become.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// Directory of the journal's files.
    pub dir: PathBuf,
    /// Size of one file, bytes.
    pub segment_bytes: u64,
    /// Bytes on disk past which operations wait for checkpoints.
    pub hard_max_bytes: u64,
}

impl JournalConfig {
    /// The limits table's sizes in `dir`.
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            segment_bytes: limits::JOURNAL_SEGMENT_BYTES,
            hard_max_bytes: limits::JOURNAL_HARD_MAX_BYTES,
        }
    }
}

/// Records that are numbered but not yet written.
#[derive(Default)]
struct Pending {
    buffer: Vec<u8>,
    /// What the buffer holds, for the file it will go to: each volume's last record.
    volumes: Vec<(VolumeId, Lsn)>,
    /// The number of the next record.
    next_lsn: Lsn,
    first_buffered: Option<Lsn>,
    last_buffered: Lsn,
    sync_wanted: bool,
    /// Somebody waits for the kernel to have it, nobody for the disk.
    write_wanted: bool,
    stop: bool,
    /// Who waits for stable storage.
    waiters: Vec<Waiter>,
    /// Counts waiters, to tell them apart.
    waited: u64,
    /// Who waits for the kernel.
    write_waiters: Vec<(Lsn, Waker)>,
}

/// Somebody who waits for a record.
struct Waiter {
    lsn: Lsn,
    id: u64,
    waker: Waker,
}

impl Pending {
    /// Enters a waiter, or its new waker if it is there already: a wait is polled more than once, and whoever counts
    /// waiters must count it once.
    fn enter(&mut self, lsn: Lsn, id: &mut Option<u64>, waker: &Waker) {
        let entered = id.and_then(|id| self.waiters.iter_mut().rev().find(|waiter| waiter.id == id));
        match entered {
            Some(waiter) => waiter.waker.clone_from(waker),
            None => {
                self.waited += 1;
                *id = Some(self.waited);
                self.waiters.push(Waiter { lsn, id: self.waited, waker: waker.clone() });
            }
        }
    }
}

struct Shared {
    pending: Mutex<Pending>,
    /// Wakes the journal's thread, or its task.
    work: Condvar,
    work_noticed: Notify,
    has_thread: bool,
    /// Commits in a row that served one waiter each.
    alone: AtomicU32,
    /// Records up to this one are in the kernel, and so survive this process.
    written: AtomicU64,
    /// Whether some of them are not on stable storage yet.
    unsynced: AtomicBool,
    /// Records up to this one are on stable storage.
    durable: AtomicU64,
    /// Why the journal stopped taking records.
    failed: OnceLock<Arc<str>>,
    /// What is synced and not in the object store yet.
    tail: Arc<Tail>,
    /// Bytes in files that still hold needed records.
    held_bytes: AtomicU64,
    /// Signalled when the buffer was written or files were released.
    room: Notify,
    files: Mutex<file::Files>,
    hard_max_bytes: u64,
}

/// The node's journal. Dropping it writes and syncs what was appended, then ends its thread or task.
pub(crate) struct Journal {
    shared: Arc<Shared>,
    runner: Option<Runner>,
}

/// Who runs the [`Writer`].
enum Runner {
    Thread(JoinHandle<()>, Arc<Mutex<Writer>>),
    Task(tokio::task::JoinHandle<()>, Arc<Mutex<Writer>>),
}

impl Runner {
    fn start(writer: Writer, has_thread: bool) -> Result<Self> {
        let writer = Arc::new(Mutex::new(writer));
        if !has_thread {
            return Ok(Self::Task(tokio::spawn(Writer::drive(writer.clone())), writer));
        }
        let driven = writer.clone();
        let thread = std::thread::Builder::new().name("holdfast-journal".to_owned()).spawn(move || {
            raise_priority();
            Writer::run(&driven);
        })?;
        Ok(Self::Thread(thread, writer))
    }

    /// The writer, if others may take a turn with it.
    fn shared_writer(&self) -> Option<Arc<Mutex<Writer>>> {
        match self {
            Self::Thread(_, writer) => Some(writer.clone()),
            Self::Task(..) => None,
        }
    }

    /// Lets what is pending be written. The journal's `stop` is set.
    fn finish(self) {
        match self {
            Self::Thread(thread, _) => {
                if thread.join().is_err() {
                    tracing::error!("the journal's thread panicked");
                }
            }
            Self::Task(task, writer) => {
                task.abort();
                writer.lock().finish();
            }
        }
    }
}

impl Journal {
    /// Starts the journal behind what [`recover`] found.
    pub(crate) fn start(
        disk: Arc<dyn Disk>,
        config: &JournalConfig,
        recovered: &Recovered,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let next_lsn = recovered.last_lsn + 1;
        let has_thread = !disk.never_blocks();
        let tail = Arc::new(Tail::new(clock, recovered.last_lsn));
        let files = file::Files::new(disk, config.clone(), recovered, tail.clone());
        let shared = Arc::new(Shared {
            pending: Mutex::new(Pending { next_lsn, ..Pending::default() }),
            work: Condvar::new(),
            work_noticed: Notify::new(),
            has_thread,
            alone: AtomicU32::new(0),
            written: AtomicU64::new(recovered.last_lsn),
            unsynced: AtomicBool::new(false),
            durable: AtomicU64::new(recovered.last_lsn),
            failed: OnceLock::new(),
            tail,
            held_bytes: AtomicU64::new(files.held_bytes()),
            room: Notify::new(),
            files: Mutex::new(files),
            hard_max_bytes: config.hard_max_bytes,
        });
        let runner = Runner::start(Writer::start(shared.clone())?, has_thread)?;
        Ok(Self { shared, runner: Some(runner) })
    }

    /// Waits until there is room for another record. Call it before taking a volume's lock.
    pub(crate) async fn admit(&self) -> Result<()> {
        loop {
            let room = self.shared.room.notified();
            self.shared.check()?;
            if self.has_room() {
                return Ok(());
            }
            room.await;
        }
    }

    fn has_room(&self) -> bool {
        self.shared.held_bytes.load(Ordering::Relaxed) < self.shared.hard_max_bytes
            && self.shared.pending.lock().buffer.len() < limits::JOURNAL_BUFFER_MAX_BYTES
    }

    /// Appends a record's body and gives its number. Never blocks on the disk; the caller holds its volume's
    /// lock, so that the order of records is the order of the volume's changes. `previous` is the volume's record
    /// before this one.
    ///
    /// # Errors
    /// [`Error::Io`] once a write or sync has failed: nothing is accepted any more.
    pub(crate) fn append(&self, volume: VolumeId, previous: Lsn, body: &[u8]) -> Result<Lsn> {
        let body_crc = crc32c::crc32c(body);
        let mut pending = self.shared.pending.lock();
        self.shared.check()?;
        let lsn = pending.next_lsn;
        pending.next_lsn += 1;
        let synced = self.shared.durable.load(Ordering::Acquire);
        record::encode(&mut pending.buffer, lsn, volume, previous, synced, body, body_crc);
        pending.first_buffered.get_or_insert(lsn);
        pending.last_buffered = lsn;
        match pending.volumes.iter_mut().rev().find(|(id, _)| *id == volume) {
            Some((_, last)) => *last = lsn,
            None => pending.volumes.push((volume, lsn)),
        }
        if pending.buffer.len() >= writer::WRITE_UNASKED_BYTES {
            self.shared.notice_work();
        }
        Ok(lsn)
    }

    /// Resolves once the record is on stable storage.
    pub(crate) fn durable(&self, lsn: Lsn) -> DurableWait {
        let writer = self.runner.as_ref().and_then(Runner::shared_writer);
        DurableWait { shared: self.shared.clone(), writer, id: None, lsn }
    }

    /// Resolves once the kernel has the record: it survives the end of this process, not a loss of power.
    pub(crate) fn written(&self, lsn: Lsn) -> WrittenWait {
        WrittenWait { shared: self.shared.clone(), lsn }
    }

    /// What is synced and not in the object store yet.
    pub(crate) fn tail(&self) -> &Tail {
        &self.shared.tail
    }

    /// Whether the journal still takes records.
    pub(crate) fn health(&self) -> Result<()> {
        self.shared.check()
    }

    /// The number that the next record will have.
    pub(crate) fn next_lsn(&self) -> Lsn {
        self.shared.pending.lock().next_lsn
    }

    /// Makes sure that the next record's number is over `lsn`: the journal may be younger than an index.
    pub(crate) fn pass(&self, lsn: Lsn) {
        let mut pending = self.shared.pending.lock();
        if pending.next_lsn <= lsn {
            pending.next_lsn = lsn + 1;
        }
    }

    /// The volume no longer needs its records up to `lsn`: its index holds them.
    pub(crate) fn release(&self, volume: VolumeId, lsn: Lsn) {
        let held = {
            let mut files = self.shared.files.lock();
            files.release(volume, lsn);
            files.held_bytes()
        };
        self.shared.held_bytes.store(held, Ordering::Relaxed);
        self.shared.room.notify_waiters();
    }

    /// Volumes whose records keep the oldest files from reuse, and the bytes held by all files.
    pub(crate) fn laggards(&self) -> (Vec<VolumeId>, u64) {
        let files = self.shared.files.lock();
        (files.laggards(), files.held_bytes())
    }

    /// Bytes in files that still hold needed records.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.shared.held_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        {
            let mut pending = self.shared.pending.lock();
            pending.stop = true;
            pending.sync_wanted = true;
        }
        self.shared.notice_work();
        if let Some(runner) = self.runner.take() {
            runner.finish();
        }
    }
}

impl Shared {
    /// Wakes the writer.
    fn notice_work(&self) {
        if self.has_thread {
            self.work.notify_one();
        } else {
            self.work_noticed.notify_one();
        }
    }

    fn check(&self) -> Result<()> {
        match self.failed.get() {
            None => Ok(()),
            Some(why) => Err(Error::Io(why.clone())),
        }
    }
}

/// Resolves when a record is durable, or with the reason why it never will be.
pub(crate) struct DurableWait {
    shared: Arc<Shared>,
    /// For committing alone, until that was tried.
    writer: Option<Arc<Mutex<Writer>>>,
    /// Its number among the waiters, once it is one.
    id: Option<u64>,
    lsn: Lsn,
}

impl Future for DurableWait {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.shared.durable.load(Ordering::Acquire) >= self.lsn {
            return Poll::Ready(Ok(()));
        }
        if let Some(writer) = self.writer.take() {
            self.shared.commit_alone(&writer);
        }
        let Self { shared, id, lsn, .. } = &mut *self;
        let mut pending = shared.pending.lock();
        // Looked at again under the lock: the writer advances `durable` before it takes the waiters.
        if shared.durable.load(Ordering::Acquire) >= *lsn {
            return Poll::Ready(Ok(()));
        }
        shared.check()?;
        pending.enter(*lsn, id, context.waker());
        pending.sync_wanted = true;
        drop(pending);
        shared.notice_work();
        Poll::Pending
    }
}

/// Resolves when the kernel has a record, or with the reason why it never will.
pub(crate) struct WrittenWait {
    shared: Arc<Shared>,
    lsn: Lsn,
}

impl Future for WrittenWait {
    type Output = Result<()>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.shared.written.load(Ordering::Acquire) >= self.lsn {
            return Poll::Ready(Ok(()));
        }
        let mut pending = self.shared.pending.lock();
        if self.shared.written.load(Ordering::Acquire) >= self.lsn {
            return Poll::Ready(Ok(()));
        }
        self.shared.check()?;
        pending.write_waiters.push((self.lsn, context.waker().clone()));
        pending.write_wanted = true;
        drop(pending);
        self.shared.notice_work();
        Poll::Pending
    }
}

/// With busy cores an ordinary thread waits milliseconds for its turn after each sync; the journal must not.
fn raise_priority() {
    const RAISED: i32 = -15;
    let thread = Some(rustix::thread::gettid());
    if let Err(error) = rustix::process::setpriority_process(thread, RAISED) {
        tracing::info!(%error, "the journal runs at normal priority (CAP_SYS_NICE would raise it)");
    }
}
