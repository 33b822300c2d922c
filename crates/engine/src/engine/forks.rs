//! Forks: a new volume that begins as another one was at some moment, and shares its past.
//!
//! Nothing is copied: the fork's index reads the tables of its source, and its extents point into the segments of
//! its ancestors, which its marker names. An object in the family's list, written before anything is shared,
//! keeps the source from deleting what the fork needs.
//!
//! In a crash: a fork without a marker does not exist, and the next collection of the family removes what there is
//! of it.

use futures::try_join;
use holdfast_base::VolumeId;
use uuid::Uuid;

use super::Engine;
use super::delete::read_tombstone;
use crate::error::{Error, Result};
use crate::format::marker::Marker;
use crate::index::clone_index;
use crate::segments::first_number;
use crate::volume::{self, index_path, member_path, read_marker};

impl Engine {
    /// Makes the volume `id` as a fork of `source`, as it is now or as a snapshot of it is. The number of store
    /// calls does not depend on what the volume holds. A volume that exists is left as it is.
    ///
    /// # Errors
    /// [`Error::NoSuchVolume`] and [`Error::NoSuchSnapshot`] for the source, [`Error::Exists`] if `id` was
    /// deleted and its forks live on, [`Error::Invalid`] for a fork too many generations deep,
    /// [`Error::Unavailable`]: calling it again goes on.
    pub async fn fork_volume(&self, source: VolumeId, snapshot: Option<Uuid>, id: VolumeId) -> Result<()> {
        let (parent, _turn) = self.family_turn(source).await?;
        // The sweep, which cannot know yet whose fork this is, keeps away as well.
        let _unborn = self.family_lock(id).lock_owned().await;
        let slot = self.slot(id);
        let _own = slot.turn.lock().await;
        let store = &self.env.store;
        let (born, dead) = try_join!(read_marker(store, id), read_tombstone(store, id))?;
        if born.is_some() {
            return Ok(());
        }
        if dead.is_some() {
            return Err(Error::Exists);
        }
        let point = parent.branch_point(snapshot, id).await?;
        let below = first_number(point.effective_epoch() + 1);
        let lineage = parent.marker().lineage.fork(source, below)?;
        let encrypted = parent.marker().encrypted;
        let marker = Marker { index: 0, epoch_base: point.epoch_base, encrypted, lineage };
        store.put(&member_path(parent.family(), id), vec![marker.encode()]).await?;
        let (from, to) = (index_path(source, point.index), index_path(id, 0));
        let (cache, random) = (&self.env.index_cache, self.env.random.as_ref());
        let clone = clone_index(store, cache, &from, point.pin, &to, random);
        try_join!(self.env.fork_keys(id, source, &marker), clone)?;
        store.put(&volume::marker(id), vec![marker.encode()]).await
    }
}
