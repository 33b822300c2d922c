//! The lock manager at work: one step at a time under one mutex, answered when the log has it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use holdfast_base::limits::LOCK_CALLBACKS_MAX;
use holdfast_base::{Clock, VolumeId};
use holdfast_engine::Disk;
use holdfast_wire::portmap2;
use holdfast_wire::rpc::Procedure;
use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::callback::{CallError, Callback};
use super::log::{self, Kept, Log};
use super::manager::{Manager, Outbox};
use super::owner::{Contact, FileKey, Owner};
use super::table::Table;
use crate::limits::{LOCK_END_MAX, LOCK_GRACE};

/// Where locks are kept, and how.
#[derive(Clone)]
pub struct LockConfig {
    /// The disk with the lock log.
    pub disk: Arc<dyn Disk>,
    /// The log's directory.
    pub dir: PathBuf,
    /// The time, for the state that clients see in NOTIFY.
    pub clock: Arc<dyn Clock>,
    /// Whether locks may have been given out before: if so and there is no log, it is lost.
    pub may_have_held: bool,
    /// How long only old locks are given out after a loss.
    pub grace: Duration,
    /// Where clients answer PORTMAP.
    pub client_portmap_port: u16,
}

impl LockConfig {
    /// Locks kept in a directory, by the usual rules.
    pub fn new(disk: Arc<dyn Disk>, dir: PathBuf, clock: Arc<dyn Clock>, may_have_held: bool) -> Self {
        Self { disk, dir, clock, may_have_held, grace: LOCK_GRACE, client_portmap_port: portmap2::PORT }
    }
}

/// The log cannot be written: no lock can be promised, or given back, any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lock log cannot be written")]
pub struct LogFailed;

/// The locks of a server, for those who end attachments and volumes. Clones share them.
#[derive(Clone)]
pub struct Locks(pub(crate) Arc<Service>);

impl Locks {
    /// Reads what was kept, and keeps what comes. Once for each directory.
    ///
    /// # Errors
    /// The log cannot be read or written. One that is damaged is no error: see [`LockConfig::grace`].
    pub async fn open(config: LockConfig) -> io::Result<Self> {
        let opened = tokio::task::spawn_blocking(move || Service::open(&config));
        let service = Arc::new(opened.await.map_err(io::Error::other)??);
        service.start_writer();
        Ok(Self(service))
    }

    /// Gives up everything that was locked through an attachment.
    ///
    /// # Errors
    /// [`LogFailed`]: after a restart the locks may be there again.
    pub async fn end_attachment(&self, attachment: Uuid) -> Result<(), LogFailed> {
        let freed = self.0.step(move |manager, now| manager.free_attachment(attachment, now)).await?;
        tracing::debug!(%attachment, clients = freed, "the locks of an attachment end");
        Ok(())
    }

    /// Gives up every lock in a volume.
    ///
    /// # Errors
    /// [`LogFailed`]: after a restart the locks may be there again.
    pub async fn end_volume(&self, volume: VolumeId) -> Result<(), LogFailed> {
        self.0.step(move |manager, _| manager.free_volume(volume)).await
    }
}

/// What all who lock share.
pub(crate) struct Service {
    pub(super) state: Mutex<State>,
    /// Something is to be written.
    pub(super) wake: Notify,
    pub(super) written: watch::Sender<Written>,
    /// The log, until the writer has it.
    pub(super) log: Mutex<Option<Log>>,
    pub(super) callback: Callback,
    /// Calls to clients that go on.
    pub(super) tasks: TaskTracker,
    pub(super) ended: CancellationToken,
    /// How many of `tasks` may run at once.
    pub(super) slots: Arc<Semaphore>,
    /// Our NSM state: odd, and larger after each loss.
    pub nsm_state: u32,
    /// How many locked files were looked at, whether they exist.
    swept: AtomicUsize,
    /// Whether what was kept before was lost, or part of it.
    pub(super) lost: bool,
}

/// What the mutex guards.
pub(super) struct State {
    pub manager: Manager,
    /// Records that are not in the log yet.
    pub pending: Vec<u8>,
    /// How many steps with changes there have been.
    pub steps: u64,
}

/// How far the log is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    /// The steps it has.
    pub steps: u64,
    /// It will never have more.
    pub ended: bool,
}

impl Service {
    /// Reads what was kept. Blocks.
    fn open(config: &LockConfig) -> io::Result<Self> {
        let Kept { state, changes, whole } = Log::read(&*config.disk, &config.dir)?;
        let lost = !whole || (state.is_none() && config.may_have_held);
        let mut table = Table::default();
        changes.iter().for_each(|change| table.apply(change));
        let nsm_state = match state {
            Some(state) if !lost => state,
            known => next_state(known.unwrap_or(0), config.clock.now().seconds),
        };
        if lost {
            tracing::warn!(
                kept = table.held(),
                grace_seconds = config.grace.as_secs(),
                "locks may have been lost: only locks from before are given out for a time"
            );
        }
        let mut snapshot = Vec::new();
        log::write(&table.snapshot(), &mut snapshot);
        let log = Log::begin(config.disk.clone(), &config.dir, nsm_state, &snapshot)?;
        let grace_until = lost.then(|| Instant::now() + config.grace);
        let manager = Manager::new(table, grace_until);
        Ok(Self {
            state: Mutex::new(State { manager, pending: Vec::new(), steps: 0 }),
            wake: Notify::new(),
            written: watch::channel(Written::default()).0,
            log: Mutex::new(Some(log)),
            callback: Callback { portmap_port: config.client_portmap_port },
            tasks: TaskTracker::new(),
            ended: CancellationToken::new(),
            slots: Arc::new(Semaphore::new(LOCK_CALLBACKS_MAX)),
            nsm_state,
            swept: AtomicUsize::new(0),
            lost,
        })
    }

    /// Looks at the locks, without a change.
    pub fn look<T>(&self, look: impl FnOnce(&Manager, Instant) -> T) -> T {
        look(&self.state.lock().manager, Instant::now())
    }

    /// Some of the files that are locked in a volume or by a client; others each time, until all have had their turn.
    pub fn locked_files(&self, around: FileKey, owner: &Owner, count: usize) -> Vec<FileKey> {
        let files = self.look(|manager, _| manager.table().files_around(around.volume, &owner.client));
        let first = self.swept.fetch_add(count, Ordering::Relaxed) % files.len().max(1);
        files.iter().cycle().skip(first).take(count.min(files.len())).copied().collect()
    }

    /// Makes one step, and returns when the log has what it changed.
    pub async fn step<T>(
        self: &Arc<Self>,
        step: impl FnOnce(&mut Manager, Instant) -> T,
    ) -> Result<T, LogFailed> {
        let (value, steps) = self.begin(step)?;
        self.written(steps).await?;
        Ok(value)
    }

    /// Makes one step; its changes are durable when the log has so many steps.
    fn begin<T>(
        self: &Arc<Self>,
        step: impl FnOnce(&mut Manager, Instant) -> T,
    ) -> Result<(T, u64), LogFailed> {
        if self.written.borrow().ended {
            return Err(LogFailed);
        }
        let state = &mut *self.state.lock();
        let value = step(&mut state.manager, Instant::now());
        let Outbox { changes, promises } = state.manager.take_outbox();
        if !changes.is_empty() {
            log::write(&changes, &mut state.pending);
            state.steps += 1;
            self.wake.notify_one();
        }
        let steps = state.steps;
        for promise in promises {
            // On its own: whoever made the step may go away.
            self.spawn(self.clone().announce(promise, steps));
        }
        self.note(&state.manager);
        Ok((value, steps))
    }

    fn note(&self, manager: &Manager) {
        metrics::gauge!("holdfast_locks_held").set(manager.table().held() as f64);
        metrics::gauge!("holdfast_lock_requests_waiting").set(manager.waiting() as f64);
    }

    /// Waits until the log has so many steps.
    pub(super) async fn written(&self, steps: u64) -> Result<(), LogFailed> {
        let mut written = self.written.subscribe();
        let reached = written.wait_for(|written| written.steps >= steps || written.ended).await;
        match reached {
            Ok(written) if written.steps >= steps => Ok(()),
            _ => Err(LogFailed),
        }
    }

    /// Runs a call to a client by itself, until the server ends.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let ended = self.ended.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = ended.cancelled() => {}
            }
        });
    }

    /// The right to make a call to a client now, if not too many are under way.
    pub fn slot(&self) -> Option<OwnedSemaphorePermit> {
        self.slots.clone().try_acquire_owned().ok()
    }

    /// Calls a procedure of a client.
    pub async fn call<P: Procedure>(&self, contact: Contact, args: &P::Args) -> Result<P::Reply, CallError> {
        self.callback.call::<P>(contact, args).await
    }

    /// Ends the calls to clients, and then the writer.
    pub async fn end(&self) {
        self.ended.cancel();
        self.tasks.close();
        if tokio::time::timeout(LOCK_END_MAX, self.tasks.wait()).await.is_err() {
            tracing::warn!("the lock log did not end in time");
        }
    }
}

/// The NSM state after a loss: later than any before, as far as the clock goes forward, and odd.
fn next_state(before: u32, now_seconds: i64) -> u32 {
    let by_clock = u32::try_from(now_seconds & 0x7fff_ffff).unwrap_or(0);
    by_clock.max(before.saturating_add(1)) | 1
}
