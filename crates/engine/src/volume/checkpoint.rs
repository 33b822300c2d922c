//! Checkpoints: what the journal holds of a volume goes into segments and the index.
//!
//! The changes so far are frozen; operations go on above them. Data in memory is packed into segments, sealed
//! segment files are uploaded, then one atomic batch puts all rows into the index together with the journal
//! position they include. Only then may the journal forget.
//!
//! In a crash, or when the store fails, at any step: the index is as before, the journal holds everything, and
//! the next checkpoint does it again. What was uploaded for nothing is an unreferenced object.
//!
//! Every segment's live bytes are counted exactly, in the same batch. A segment without live bytes is deleted at
//! the checkpoint after the one that found it so: a write that was on its way into it has been counted by then.

mod pack;
mod rows;

pub(crate) use rows::{Fill, segment_counts, segment_fills};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use holdfast_base::limits;

use super::Volume;
use super::overlay::Overlay;
use super::snapshots::Claim;
use super::state::Mark;
use crate::error::Result;
use crate::format::meta::Meta;
use crate::planted::{Bug, is_planted};
use crate::types::Ino;

/// What one checkpoint leaves for the next.
#[derive(Default)]
pub(crate) struct Memory {
    /// Segments that are, or may be, in the store and whose live bytes the index does not count yet, with the bytes that
    /// they are known to hold besides what is live when they are counted.
    pub(super) uncounted: BTreeMap<u64, u64>,
    /// Segments that the index counts as without live bytes; `None` until they were looked up.
    pub(super) dead: Option<BTreeSet<u64>>,
    /// Segments that were deleted, whose rows can go.
    pub(super) deleted: BTreeSet<u64>,
    /// Whether the last checkpoint was cut short: its batch may be in the index without `dead` knowing of it.
    unfinished: bool,
    /// Pages that the index had and that are gone: kept over tries, since a failed one may have taken the rows out
    /// of the index's memory, where the next cannot find them.
    gone_pages: Vec<(Ino, u64)>,
    /// Bytes that died, and segments that were made, since the last look for segments to rewrite.
    died_bytes: u64,
    made: usize,
}

impl Memory {
    /// Notes a segment that is in the store and not counted yet.
    pub(super) fn note_put(&mut self, number: u64, bytes: u64) {
        self.uncounted.insert(number, bytes);
        self.made += 1;
    }

    /// Whether it is time to look for segments to rewrite; asked once.
    fn take_worth_rewriting(&mut self) -> bool {
        let worth =
            self.died_bytes >= limits::REWRITE_AFTER_BYTES || self.made >= limits::REWRITE_SMALL_SEGMENTS;
        if worth {
            (self.died_bytes, self.made) = (0, 0);
        }
        worth
    }
}

/// Rows handled before other tasks get their turn.
const ROWS_AT_ONCE: usize = 256;

impl Volume {
    /// Whether a checkpoint should run: enough changes, old enough ones, or much data on the local disk only.
    pub(crate) fn checkpoint_due(&self) -> bool {
        let aged = {
            let state = self.state.lock();
            let large = state.active_bytes >= limits::CHECKPOINT_INLINE_BYTES
                || state.active.len() >= limits::CHECKPOINT_ENTRIES;
            let age = state.active_since.map(|since| self.clock.monotonic().saturating_sub(since));
            let old = age.is_some_and(|age| age >= Duration::from_secs(limits::CHECKPOINT_AGE_SECONDS));
            // A checkpoint that failed left something frozen.
            large || old || state.frozen.is_some()
        };
        // One that holds others up, though it has little, is put away as well.
        aged || self.is_pressed() || self.segments.waiting_bytes() >= limits::CHECKPOINT_SPOOL_BYTES
    }

    /// Wakes the checkpointer, unless this volume is in its hands already.
    pub(crate) fn ask_for_checkpoint(&self) {
        if !self.checkpointing.load(Ordering::Acquire) {
            self.due.notify_one();
        }
    }

    /// Whether the caller may start a checkpoint in the background: nobody else has.
    pub(crate) fn begin_checkpointing(&self) -> bool {
        !self.checkpointing.swap(true, Ordering::AcqRel)
    }

    /// The checkpoint that began has ended.
    pub(crate) fn end_checkpointing(&self) {
        self.checkpointing.store(false, Ordering::Release);
        // More may have become due meanwhile.
        if self.checkpoint_due() && !self.is_degraded() {
            self.due.notify_one();
        }
    }

    /// Runs a checkpoint. Nothing to do is a success.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] or [`crate::Error::Io`] if store or disk fail; nothing is lost then.
    pub(crate) async fn checkpoint(&self) -> Result<()> {
        if self.read_only {
            return Ok(());
        }
        {
            let mut memory = self.checkpoint.lock().await;
            self.checkpoint_with(&mut memory).await?;
        }
        // Nobody who waits for a checkpoint, a snapshot or a fork waits for this.
        self.compact().await
    }

    /// Merges the index's tables if there are many; one at a time.
    async fn compact(&self) -> Result<()> {
        let Ok(_turn) = self.compacting.try_lock() else { return Ok(()) };
        if self.state.lock().closed {
            return Ok(());
        }
        self.index.compact_if_due().await
    }

    /// The same for one who has the checkpoint's lock.
    pub(super) async fn checkpoint_with(&self, memory: &mut Memory) -> Result<()> {
        if std::mem::replace(&mut memory.unfinished, true) && !is_planted(Bug::DeadForgotten) {
            memory.dead = None;
        }
        let done = self.run_checkpoint(memory).await;
        memory.unfinished = done.is_err();
        self.failing.store(done.is_err(), Ordering::Relaxed);
        self.made_room();
        done
    }

    async fn run_checkpoint(&self, memory: &mut Memory) -> Result<()> {
        self.index.settle().await?;
        let removable = self.removable(memory).await?;
        let Some(frozen) = self.freeze() else { return Ok(()) };
        let Mark { counters, settings, lsn } = self.state.lock().frozen_mark;
        self.journal.durable(lsn).await?;
        for number in self.segments.take_early() {
            memory.note_put(number, self.segments.local_bytes(number));
        }
        for number in self.segments.seal() {
            // Before, not after: if this is cut short, the object may be there all the same.
            let bytes = self.segments.local_bytes(number);
            memory.note_put(number, bytes);
            self.segments.upload(number).await?;
        }
        let settled = self.pack(&frozen, memory).await?;
        drop(frozen);
        let mut rows = rows::Rows::default();
        self.collect_rows(&settled, &mut rows).await?;
        let counts = self.count_segments(&mut rows, memory).await?;
        memory.died_bytes += rows.died_bytes;
        if is_planted(Bug::ReleaseEarly) {
            self.journal.release(self.id, lsn);
        }
        let applied_lsn = if is_planted(Bug::AppliedTooFar) { lsn + 1 } else { lsn };
        rows.put_meta(Meta { applied_lsn, counters, settings, hash_key: self.hash_key });
        // From here on a failure may leave the rows in the index's memory: another try must look there.
        if !is_planted(Bug::CountedTwice) {
            self.state.lock().indexed_next_ino = counters.next_ino;
        }
        memory.gone_pages.append(&mut rows.gone_pages);
        self.index.commit(rows.batch).await?;
        memory.uncounted.clear();
        memory.deleted.clear();
        self.install(settled, &std::mem::take(&mut memory.gone_pages)).await;
        self.journal.release(self.id, lsn);
        self.forget_unshipped();
        let removable = if is_planted(Bug::SegmentDeletedEarly) {
            counts.iter().filter(|(_, live)| **live == 0).map(|(segment, _)| *segment).collect()
        } else {
            removable
        };
        if memory.take_worth_rewriting() {
            self.garbage.store(true, Ordering::Relaxed);
        }
        self.delete_dead(memory, &counts, removable).await;
        // Many snapshots in a row come without what follows a checkpoint by itself.
        if self.index.is_crowded() { self.compact().await } else { Ok(()) }
    }

    /// Freezes the changes so far, unless an earlier checkpoint left some frozen; `None` if there are none.
    fn freeze(&self) -> Option<Arc<Overlay>> {
        let mut state = self.state.lock();
        if state.frozen.is_none() && !state.active.is_empty() {
            state.freeze();
        }
        state.frozen.clone()
    }

    /// Dead segments that nobody is about to point into. Asked before the freeze: what was pointed at before is
    /// in the frozen changes and counted.
    async fn removable(&self, memory: &mut Memory) -> Result<Vec<u64>> {
        if memory.dead.is_none() {
            memory.dead = Some(rows::dead_segments(&self.index).await?);
        }
        let dead = memory.dead.iter().flatten().copied();
        Ok(dead.filter(|segment| !self.segments.is_pinned(*segment)).collect())
    }

    /// The checkpoint is in the store: what was frozen is now read from the index and its caches.
    async fn install(&self, settled: Arc<Overlay>, gone_pages: &[(u64, u64)]) {
        if !is_planted(Bug::StaleCache) {
            self.warm_caches(&settled, gone_pages).await;
        }
        let dropped = self.state.lock().install();
        self.made_room();
        // Many rows: freed without the lock.
        drop(dropped);
        drop(settled);
    }

    /// Puts the new rows where the old ones may be cached. Nobody looks at either while they are frozen.
    async fn warm_caches(&self, settled: &Overlay, gone_pages: &[(u64, u64)]) {
        let (caches, opening) = {
            let state = self.state.lock();
            (state.caches.clone(), state.opening)
        };
        for (index, (ino, row)) in settled.inodes.iter().enumerate() {
            caches.inodes.insert((opening, *ino), row.clone());
            pause(index).await;
        }
        let mut last_dir = None;
        for (index, ((dir, hash), row)) in settled.entries.iter().enumerate() {
            caches.entries.insert((opening, *dir, *hash), row.clone());
            if last_dir.replace(*dir) != Some(*dir) {
                caches.listings.remove(&(opening, *dir));
            }
            pause(index).await;
        }
        for (ino, page) in gone_pages {
            caches.pages.remove(&(opening, *ino, *page));
        }
        for (index, ((ino, number), page)) in settled.pages.iter().enumerate() {
            caches.pages.insert((opening, *ino, *number), Some(page.clone()));
            pause(index).await;
        }
    }

    /// Deletes the segments that were dead before this checkpoint and still are.
    async fn delete_dead(&self, memory: &mut Memory, counts: &BTreeMap<u64, u64>, removable: Vec<u64>) {
        let dead = memory.dead.get_or_insert_default();
        for (segment, live) in counts {
            if *live == 0 {
                dead.insert(*segment);
            } else {
                dead.remove(segment);
            }
        }
        let removable: Vec<_> = removable.into_iter().filter(|segment| dead.contains(segment)).collect();
        if removable.is_empty() {
            return;
        }
        let holds = match self.load_holds().await {
            Ok(holds) => holds,
            Err(error) => {
                tracing::warn!(volume = %self.id, %error, "dead segments wait until their holders are known");
                return;
            }
        };
        for segment in removable {
            let done = match self.claim(&holds, segment) {
                Claim::Own => self.segments.delete(segment).await,
                // Others decide about the object; this volume's count of it can go.
                Claim::Ancestor => {
                    self.garbage.store(true, Ordering::Relaxed);
                    Ok(())
                }
                Claim::Snapshot => continue,
                Claim::Family => {
                    self.garbage.store(true, Ordering::Relaxed);
                    continue;
                }
            };
            match done {
                Ok(()) => {
                    memory.dead.get_or_insert_default().remove(&segment);
                    memory.deleted.insert(segment);
                }
                Err(error) => {
                    tracing::warn!(volume = %self.id, %error, "a dead segment could not be deleted")
                }
            }
        }
    }

    /// Checkpoints until nothing is left and no operation can begin any more.
    pub(crate) async fn close(&self) -> Result<()> {
        if self.read_only {
            self.state.lock().closed = true;
            return self.index.close().await;
        }
        loop {
            self.checkpoint().await?;
            let mut state = self.state.lock();
            if state.active.is_empty() && state.frozen.is_none() {
                state.closed = true;
                break;
            }
        }
        self.segments.close();
        let _merged = self.compacting.lock().await;
        self.index.close().await
    }

    /// Ends the volume without keeping anything: it is being deleted.
    pub(crate) async fn abandon(&self) {
        self.state.lock().closed = true;
        // A running checkpoint ends first; its result no longer matters.
        let _running = self.checkpoint.lock().await;
        let _merging = self.compacting.lock().await;
        self.segments.close();
        if let Err(error) = self.index.close().await {
            tracing::debug!(volume = %self.id, %error, "the index of a deleted volume did not close");
        }
    }
}

/// Lets others run now and then during a long loop.
async fn pause(index: usize) {
    if index % ROWS_AT_ONCE == ROWS_AT_ONCE - 1 {
        tokio::task::yield_now().await;
    }
}
