//! Deleting volumes.
//!
//! The marker goes first: from then on the volume does not exist. A volume without relatives is then deleted with
//! all its objects. One that was forked, or is a fork, leaves a *ghost*: tables and segments that relatives may
//! need, and the object `deleted` that tells which family it was of. The family's collections remove the ghost's
//! parts one by one, as nobody needs them any more.
//!
//! In a crash: without its marker the volume is deleted; whatever is left of it is found by the next collection of
//! its family, or by the sweep.

use futures::TryStreamExt;
use holdfast_base::VolumeId;
use object_store::ObjectStore;
use object_store::path::Path;

use super::{Engine, Slot};
use crate::disk::blocking;
use crate::error::Result;
use crate::format::marker::Marker;
use crate::index::delete_index;
use crate::keys;
use crate::store::Store;
use crate::volume::{self, family_prefix, prefix, read_marker, snapshots_prefix};

/// The object that a deleted volume with relatives leaves: its marker, as it was.
pub(super) fn tombstone(id: VolumeId) -> Path {
    prefix(id).join("deleted")
}

/// What the marker of a deleted volume with relatives said.
pub(super) async fn read_tombstone(store: &Store, id: VolumeId) -> Result<Option<Marker>> {
    store.read_whole(&tombstone(id)).await?.map(Marker::decode).transpose()
}

/// Whether anything lies below a prefix.
pub(super) async fn is_any(store: &Store, prefix: &Path) -> Result<bool> {
    Ok(store.objects().list(Some(prefix)).try_next().await?.is_some())
}

impl Engine {
    /// Deletes a volume, its snapshots and all objects that no fork needs. One that does not exist is no error.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] if the store does not work; calling it again goes on. [`crate::Error::Corrupt`]
    /// if the marker is damaged: nobody knows then whose past is in there.
    pub async fn delete_volume(&self, id: VolumeId) -> Result<()> {
        let store = &self.env.store;
        let marker = match read_marker(store, id).await? {
            Some(marker) => marker,
            None => read_tombstone(store, id).await?.unwrap_or_default(),
        };
        let family = marker.lineage.root(id);
        let turn = self.family_lock(family).lock_owned().await;
        let has_relatives = !marker.lineage.is_empty() || is_any(store, &family_prefix(id)).await?;
        let slot = self.slot(id);
        {
            let _own = slot.turn.lock().await;
            if has_relatives {
                store.put(&tombstone(id), vec![marker.encode()]).await?;
            }
            // Its keys first: from then on nobody can read what is left of it, nor any copy. Forks have their own.
            keys::destroy(store, id).await?;
            store.delete(&volume::marker(id)).await?;
            self.note_locked(id, None);
            self.forget(id, &slot).await?;
            if has_relatives {
                store.delete_all(&snapshots_prefix(id)).await?;
            } else {
                // One that never came to be may have begun to read another one's tables: that ends first.
                for path in self.index_paths(id).await? {
                    delete_index(store, &self.env.index_cache, &path).await?;
                }
                store.delete_all(&prefix(id)).await?;
            }
            self.slots.lock().remove(&id);
        }
        drop(turn);
        if has_relatives {
            self.collect_family(family).await?;
        }
        Ok(())
    }

    /// Ends what the node knows of a volume: open handles, records, files on the local disk.
    async fn forget(&self, id: VolumeId, slot: &Slot) -> Result<()> {
        self.close_views(id).await;
        let open = slot.volume.lock().take();
        if let Some(volume) = open {
            volume.abandon().await;
            metrics::gauge!("holdfast_open_volumes").decrement(1);
        }
        self.recovered.lock().take(id);
        self.env.journal.release(id, u64::MAX);
        self.env.damaged.forget(id).await?;
        let dir = self.env.spool_dir.join(id.0.to_string());
        let disk = self.env.disk.clone();
        blocking(self.env.disk.as_ref(), move || {
            for name in disk.list(&dir)? {
                disk.remove(&dir.join(name))?;
            }
            Ok(())
        })
        .await
    }

    /// The family that a volume is, or was, of.
    pub(super) async fn family_of(&self, id: VolumeId) -> Result<VolumeId> {
        let marker = match read_marker(&self.env.store, id).await? {
            Some(marker) => marker,
            None => read_tombstone(&self.env.store, id).await?.unwrap_or_default(),
        };
        Ok(marker.lineage.root(id))
    }
}

/// The id in a name of an object or of a prefix.
pub(crate) fn id_in(path: &Path) -> Option<VolumeId> {
    path.filename().and_then(|name| uuid::Uuid::try_parse(name).ok()).map(VolumeId)
}
