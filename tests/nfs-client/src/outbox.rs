//! Calls on their way out: callers append, one task writes everything that has gathered with one system call.

use holdfast_wire::Rope;
use parking_lot::Mutex;
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::Notify;

/// Bytes that may wait; past it a caller waits until the writer has taken them.
const OUTBOX_MAX_BYTES: usize = 8 << 20;
/// Room for calls in a fresh buffer.
const BATCH_BYTES: usize = 64 << 10;

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: Mutex<Rope>,
    filled: Notify,
    emptied: Notify,
}

impl Outbox {
    /// Appends what `write` writes, when there is room.
    pub(crate) async fn push(&self, write: impl Fn(&mut Rope)) {
        loop {
            let emptied = self.emptied.notified();
            if self.try_push(&write) {
                return;
            }
            emptied.await;
        }
    }

    /// Appends what `write` writes and answers `true`, unless there is no room.
    pub(crate) fn try_push(&self, write: impl Fn(&mut Rope)) -> bool {
        let mut queue = self.queue.lock();
        if queue.len() >= OUTBOX_MAX_BYTES {
            return false;
        }
        let was_empty = queue.is_empty();
        write(&mut queue);
        drop(queue);
        if was_empty {
            self.filled.notify_one();
        }
        true
    }

    /// Writes what comes until the connection fails.
    pub(crate) async fn run(&self, mut stream: OwnedWriteHalf) -> std::io::Error {
        let mut batch = Rope::with_capacity(BATCH_BYTES);
        loop {
            self.filled.notified().await;
            // Let the tasks that are ready add their calls first: one write for all of them.
            tokio::task::yield_now().await;
            std::mem::swap(&mut batch, &mut *self.queue.lock());
            self.emptied.notify_waiters();
            if let Err(error) = stream.write_all_buf(&mut batch).await {
                return error;
            }
            batch.clear();
        }
    }
}
