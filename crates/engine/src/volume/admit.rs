//! Who may change something now, and who waits: the volume's side of back-pressure.

use holdfast_base::limits;

use super::Volume;
use crate::error::{Error, Result};
use crate::pressure::{Bounds, Wait};

/// Inline data of one volume in memory, bytes.
const DIRTY: Bounds = Bounds { soft: limits::VOLUME_DIRTY_SOFT_BYTES, hard: limits::VOLUME_DIRTY_MAX_BYTES };
/// Changed rows of one volume in memory.
const ENTRIES: Bounds =
    Bounds { soft: limits::VOLUME_DIRTY_SOFT_ENTRIES, hard: limits::VOLUME_DIRTY_MAX_ENTRIES };
/// Journal bytes that one volume keeps from being cut.
const LOGGED: Bounds =
    Bounds { soft: limits::VOLUME_JOURNAL_SOFT_BYTES, hard: limits::VOLUME_JOURNAL_MAX_BYTES };
/// Bytes of one volume in segment files on the local disk only.
const SPOOLED: Bounds =
    Bounds { soft: limits::VOLUME_SPOOL_SOFT_BYTES, hard: limits::VOLUME_SPOOL_MAX_BYTES };
/// Inline data of all volumes in memory, bytes.
const NODE_DIRTY: Bounds = Bounds { soft: limits::NODE_DIRTY_SOFT_BYTES, hard: limits::NODE_DIRTY_MAX_BYTES };
/// Bytes of the journal's files that are held.
const NODE_LOGGED: Bounds =
    Bounds { soft: limits::JOURNAL_SOFT_MAX_BYTES, hard: limits::JOURNAL_HARD_MAX_BYTES };

impl Volume {
    /// Waits until the journal and the volume have room for another change, and a little when they have not much.
    pub(super) async fn admit(&self) -> Result<()> {
        self.check_writable()?;
        self.journal.admit().await?;
        self.wait_for(|| self.pressure()).await;
        Ok(())
    }

    /// The same for a change with bulk data.
    pub(super) async fn admit_bulk(&self) -> Result<()> {
        self.check_writable()?;
        self.journal.admit().await?;
        self.wait_for(|| self.pressure().max(SPOOLED.wait(self.segments.waiting_bytes()))).await;
        Ok(())
    }

    fn check_writable(&self) -> Result<()> {
        if self.read_only { Err(Error::ReadOnly) } else { Ok(()) }
    }

    async fn wait_for(&self, pressure: impl Fn() -> Wait) {
        loop {
            let room = self.room.notified();
            let wait = pressure();
            if wait == Wait::None {
                return;
            }
            self.ask_for_checkpoint();
            match wait {
                Wait::None => return,
                Wait::For(time) => return tokio::time::sleep(time).await,
                // Room may also come from other volumes, which do not tell.
                Wait::ForRoom => {
                    let _ = tokio::time::timeout(limits::WRITE_DELAY_MAX, room).await;
                }
            }
        }
    }

    /// Whether a change would have to wait.
    pub(super) fn is_pressed(&self) -> bool {
        self.pressure() != Wait::None
    }

    fn pressure(&self) -> Wait {
        let (bytes, entries, logged) = {
            let state = self.state.lock();
            let frozen = state.frozen.as_ref().map_or(0, |frozen| frozen.len());
            let bytes = (state.active_bytes + state.frozen_bytes) as u64;
            (bytes, (state.active.len() + frozen) as u64, state.active_logged + state.frozen_logged)
        };
        let dirty = DIRTY.share(NODE_DIRTY, self.dirty.say(bytes));
        let logs = LOGGED.share(NODE_LOGGED, self.journal.held_bytes());
        dirty.wait(bytes).max(ENTRIES.wait(entries)).max(logs.wait(logged))
    }

    /// A checkpoint put something away.
    pub(super) fn made_room(&self) {
        self.pressure();
        self.room.notify_waiters();
    }
}
