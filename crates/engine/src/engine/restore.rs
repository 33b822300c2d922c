//! Restoring a volume in place: its head becomes what a snapshot of it is.
//!
//! The volume gets a new index, cloned from the snapshot's; the marker is then replaced, which is the restore.
//! Handles of files that the snapshot holds go on; those of files made since are stale. Limits and settings stay
//! those of the head, inode numbers and segment numbers go on above everything that was ever given out, and no
//! journal record from before is applied to the new index.
//!
//! In a crash: before the new marker the volume is as it was, and the new index is removed by the next collection;
//! after it the volume is restored.

use std::sync::Arc;

use holdfast_base::VolumeId;
use slatedb::WriteBatch;
use uuid::Uuid;

use super::{Engine, Slot};
use crate::error::{Error, Result};
use crate::format::codec::Take;
use crate::format::keys;
use crate::format::marker::Marker;
use crate::format::meta::{Counters, Meta};
use crate::index::{clone_index, delete_index};
use crate::volume::{self, BranchPoint, Volume, index_path};

impl Engine {
    /// Makes a volume what its snapshot is. What changed since, and is in no snapshot, is gone. The snapshot stays.
    /// Who uses the volume meanwhile waits.
    ///
    /// # Errors
    /// [`Error::NoSuchVolume`], [`Error::NoSuchSnapshot`], [`Error::Unavailable`]: the volume is then as it was, or
    /// restored if only the answer was lost.
    pub async fn restore_volume(&self, id: VolumeId, snapshot: Uuid) -> Result<()> {
        let (head, _turn) = self.family_turn(id).await?;
        let point = BranchPoint::of(&*head.snapshot(snapshot).await?);
        drop(head);
        let slot = self.slot(id);
        let _own = slot.turn.lock().await;
        let head = self.open_in(id, &slot).await?;
        self.close_head(&slot, &head).await?;
        let marker = self.prepare_head(&head, point).await?;
        self.env.store.put(&volume::marker(id), vec![marker.encode()]).await?;
        self.note_garbage(head.family());
        Ok(())
    }

    /// Puts everything of an open volume into the store and closes it: whoever asks for it waits for its turn.
    async fn close_head(&self, slot: &Slot, head: &Arc<Volume>) -> Result<()> {
        let closed = head.close().await;
        if closed.is_ok() || head.is_closed() {
            slot.volume.lock().take();
            metrics::gauge!("holdfast_open_volumes").decrement(1);
        }
        closed
    }

    /// Makes the index that the volume will have; what its marker will say.
    async fn prepare_head(&self, head: &Volume, point: BranchPoint) -> Result<Marker> {
        let (store, id) = (&self.env.store, head.id());
        let next = head.marker().index + 1;
        let path = index_path(id, next);
        // What a restore that was cut short left.
        delete_index(store, &self.env.index_cache, &path).await?;
        clone_index(
            store,
            &self.env.index_cache,
            &index_path(id, point.index),
            point.pin,
            &path,
            self.env.random.as_ref(),
        )
        .await?;
        let index = self.env.open_index(path, self.next_opening(), head.keys()).await?;
        let meta = index.get(keys::META).await?;
        let meta =
            Meta::decode(Take::new(meta.ok_or_else(|| Error::corrupt("a snapshot without own row"))?))?;
        let now = head.counters();
        let counters = Counters {
            next_ino: now.next_ino.max(meta.counters.next_ino),
            limit_bytes: now.limit_bytes,
            limit_inodes: now.limit_inodes,
            ..meta.counters
        };
        let applied_lsn = meta.applied_lsn.max(self.env.journal.next_lsn() - 1);
        let mut batch = WriteBatch::new();
        batch.put(keys::META, Meta { applied_lsn, counters, settings: head.settings(), ..meta }.encode());
        index.commit(batch).await?;
        let used = head.epoch().max(point.effective_epoch());
        let epoch_base = (used + 1).saturating_sub(index.epoch());
        index.close().await?;
        Ok(Marker { index: next, epoch_base, ..head.marker().clone() })
    }
}
