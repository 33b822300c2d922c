//! Committing without the journal's thread.
//!
//! For a client that waits alone, the way to the journal's thread and back costs more than the sync: two threads have to
//! be woken on cores that have gone to sleep. While commits serve one waiter each, the one who begins to wait therefore
//! commits by himself, on the thread that he has. The journal's thread takes over as soon as several wait, and whatever
//! is more than a short step.
//!
//! In a crash, and when the disk fails, it is the same as with the thread: both take turns with the one [`Writer`].
//!
//! The runtime is told, so that its other tasks go on meanwhile. Where it cannot be, with one thread for all tasks, the
//! journal's thread does everything.

use std::sync::atomic::Ordering;

use holdfast_base::limits;
use parking_lot::Mutex;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::writer::Writer;
use super::{Pending, Shared};

/// Commits in a row that each served one waiter at most, after which a waiter is taken to be alone.
const ALONE_AFTER: u32 = 4;

impl Shared {
    /// Commits on the caller's thread, if that is quicker. Whether anything was done, `durable` tells.
    pub(super) fn commit_alone(&self, writer: &Mutex<Writer>) {
        if self.alone.load(Ordering::Relaxed) < ALONE_AFTER || !may_block() {
            return;
        }
        // Held while the thread commits: then there is nothing to gain.
        let Some(mut writer) = writer.try_lock() else { return };
        if self.pending.lock().is_short() {
            tokio::task::block_in_place(|| writer.turn());
        }
    }

    /// Notes how many a commit served.
    pub(super) fn served(&self, waiters: usize) {
        match waiters {
            0 => {}
            1 => {
                // Far past the mark it does not matter that two may count at once.
                let alone = self.alone.load(Ordering::Relaxed);
                self.alone.store(alone.saturating_add(1), Ordering::Relaxed);
            }
            _ => self.alone.store(0, Ordering::Relaxed),
        }
    }
}

impl Pending {
    fn is_short(&self) -> bool {
        !self.stop && self.waiters.is_empty() && self.buffer.len() <= limits::JOURNAL_ALONE_MAX_BYTES
    }
}

fn may_block() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}
