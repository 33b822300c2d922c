//! Which segments of an open volume can be deleted: decided under the checkpoint's lock, so that no segment is on
//! its way into the index meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use holdfast_base::VolumeId;
use tokio::sync::MutexGuard;

use super::Volume;
use super::checkpoint::{Memory, segment_counts};
use crate::error::Result;
use crate::format::extent::FrameRef;
use crate::format::meta::Counters;
use crate::index::Index;
use crate::keys::KeyRing;

impl Volume {
    /// Of `unused`, segments in the store that no view of the family counts, those that this volume is not about to
    /// use either. Their rows go at the next checkpoint.
    pub(crate) async fn doomed(&self, mut unused: Vec<u64>) -> Result<Vec<u64>> {
        let mut memory = self.checkpoint.lock().await;
        // Asked before the freeze: what was pointed at before is counted after it. No segment that is in the store
        // already can be pinned anew.
        unused.retain(|segment| !self.segments.is_pinned(*segment));
        // Afterwards no record in the journal points at a segment of an earlier opening that is not counted.
        self.checkpoint_all(&mut memory).await?;
        let counts: BTreeMap<u64, u64> = segment_counts(&self.index).await?.into_iter().collect();
        let held = self.load_holds().await?.segments();
        unused.retain(|segment| {
            let live = counts.get(segment).copied();
            // In the store but not counted at all: of this opening, it is on its way.
            let arriving = *segment > self.segments.first() && live.is_none();
            live.unwrap_or(0) == 0
                && !arriving
                && !memory.uncounted.contains_key(segment)
                && !held.contains(segment)
        });
        for segment in &unused {
            self.segments.forget_local(*segment);
            if counts.contains_key(segment) {
                memory.deleted.insert(*segment);
            }
            if let Some(dead) = &mut memory.dead {
                dead.remove(segment);
            }
        }
        Ok(unused)
    }

    /// Brings everything into the index; while the answer is held, the index stays as it is.
    pub(crate) async fn settle(&self) -> Result<MutexGuard<'_, Memory>> {
        let mut memory = self.checkpoint.lock().await;
        if !self.read_only {
            self.checkpoint_all(&mut memory).await?;
        }
        Ok(memory)
    }

    /// The rows themselves.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// Whose a segment is.
    pub(crate) fn segment_owner(&self, segment: u64) -> VolumeId {
        self.segments.owner(segment)
    }

    /// Reads a frame and checks it, past the caches.
    pub(crate) async fn open_stored(&self, at: FrameRef) -> Result<()> {
        self.segments.read_run(at.segment, &[at]).await?;
        Ok(())
    }

    /// The live bytes of each segment that the index counts, of all owners.
    pub(crate) async fn segment_counts(&self) -> Result<Vec<(u64, u64)>> {
        segment_counts(&self.index).await
    }

    /// The same, of what is in the store for certain: what a failed commit left in memory is put there first.
    pub(crate) async fn durable_counts(&self) -> Result<Vec<(u64, u64)>> {
        let _quiet = self.checkpoint.lock().await;
        self.index.settle().await?;
        segment_counts(&self.index).await
    }

    /// Use and limits now.
    pub(crate) fn counters(&self) -> Counters {
        self.state.lock().counters
    }

    /// The volume's keys, if it is encrypted.
    pub(crate) fn keys(&self) -> Option<&Arc<KeyRing>> {
        self.keys.as_ref()
    }

    /// What inode generations and segment numbers of this opening are drawn from.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether no operation begins any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Whether the family should be collected; asked once for each time that something changed.
    pub(crate) fn take_garbage(&self) -> bool {
        self.garbage.swap(false, Ordering::Relaxed)
    }
}
