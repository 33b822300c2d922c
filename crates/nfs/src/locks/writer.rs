//! The log's one writer: takes what has gathered, writes and syncs it for all who wait, and again.

use std::io;
use std::sync::Arc;

use holdfast_base::limits::{LOCK_LOG_GROWTH_MAX, LOCK_LOG_MIN_BYTES};

use super::log::{self, Log};
use super::service::{Service, Written};

/// What goes to the log next.
struct Batch {
    records: Vec<u8>,
    /// The records are all that is to be said, not only what is new.
    replaces: bool,
    steps: u64,
}

impl Service {
    /// Writes until the server ends. Started once, as one of the service's tasks.
    pub(super) fn start_writer(self: &Arc<Self>) {
        let Some(log) = self.log.lock().take() else { return };
        let service = self.clone();
        self.tasks.spawn(async move { service.write(log).await });
    }

    async fn write(self: Arc<Self>, mut log: Log) {
        // What was said when the log was last written anew.
        let mut base_bytes = log.len_bytes();
        loop {
            tokio::select! {
                biased;
                () = self.wake.notified() => {}
                () = self.ended.cancelled() => {}
            }
            let last = self.ended.is_cancelled();
            let batch = self.take_batch(log.len_bytes(), base_bytes);
            let (steps, replaces) = (batch.steps, batch.replaces);
            let state = self.nsm_state;
            let work = tokio::task::spawn_blocking(move || put(log, state, &batch));
            log = match work.await.map_err(io::Error::other).and_then(|put| put) {
                Ok(log) => log,
                Err(error) => {
                    tracing::error!(%error, "the lock log cannot be written: no locks from now on");
                    self.written.send_modify(|written| written.ended = true);
                    return;
                }
            };
            if replaces {
                base_bytes = log.len_bytes();
            }
            self.written.send_replace(Written { steps, ended: last });
            if last {
                return;
            }
        }
    }

    fn take_batch(&self, len_bytes: u64, base_bytes: u64) -> Batch {
        let state = &mut *self.state.lock();
        let records = std::mem::take(&mut state.pending);
        let len_bytes = len_bytes + records.len() as u64;
        let replaces = len_bytes > LOCK_LOG_MIN_BYTES.max(LOCK_LOG_GROWTH_MAX * base_bytes);
        if !replaces {
            return Batch { records, replaces, steps: state.steps };
        }
        let mut all = Vec::new();
        log::write(&state.manager.table().snapshot(), &mut all);
        Batch { records: all, replaces, steps: state.steps }
    }
}

fn put(mut log: Log, state: u32, batch: &Batch) -> io::Result<Log> {
    if batch.replaces {
        log.replace(state, &batch.records)?;
    } else if !batch.records.is_empty() {
        log.append(&batch.records)?;
    }
    Ok(log)
}
