//! Snapshots of the node's volumes: made, listed, deleted, and opened for reading.
//!
//! An open snapshot is a [`Volume`] whose every change is refused. It is opened on first use and closed when idle.

use std::sync::Arc;

use holdfast_base::{VolumeId, limits};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::{Engine, Slot};
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::volume::{self, SnapshotInfo, Volume};

impl Engine {
    /// Keeps a volume as it is now: everything acknowledged before the call is in the snapshot. The number of store
    /// calls does not depend on what the volume holds.
    ///
    /// # Errors
    /// [`Error::Exists`] if the name is taken, [`Error::Invalid`] for a name that is no file name,
    /// [`Error::QuotaExceeded`] at the limit of snapshots, [`Error::NoSuchVolume`], [`Error::Unavailable`]: then
    /// the snapshot may be there all the same.
    pub async fn create_snapshot(&self, id: VolumeId, name: &str) -> Result<SnapshotInfo> {
        let (volume, _turn) = self.family_turn(id).await?;
        volume.make_snapshot(self.random_uuid(), name).await
    }

    /// A volume's snapshots, oldest first.
    ///
    /// # Errors
    /// [`Error::NoSuchVolume`], [`Error::Unavailable`].
    pub async fn snapshots(&self, id: VolumeId) -> Result<Vec<SnapshotInfo>> {
        self.volume(id).await?.snapshots().await
    }

    /// Deletes a snapshot; who still reads it gets [`Error::NoSuchSnapshot`]. Space comes back in the background.
    ///
    /// # Errors
    /// [`Error::NoSuchSnapshot`], [`Error::NoSuchVolume`], [`Error::Unavailable`].
    pub async fn delete_snapshot(&self, id: VolumeId, snapshot: Uuid) -> Result<()> {
        let (volume, _turn) = self.family_turn(id).await?;
        volume.drop_snapshot(snapshot).await?;
        self.close_view(id, snapshot).await;
        Ok(())
    }

    /// A snapshot, opened for reading.
    ///
    /// # Errors
    /// [`Error::NoSuchSnapshot`], [`Error::NoSuchVolume`], [`Error::Unavailable`], [`Error::Corrupt`].
    pub async fn snapshot(&self, id: VolumeId, snapshot: Uuid) -> Result<Arc<Volume>> {
        let slot = self.views.lock().entry((id, snapshot)).or_default().clone();
        if let Some(view) = slot.volume.lock().clone() {
            return Ok(view);
        }
        let opened = {
            let _turn = slot.turn.lock().await;
            if let Some(view) = slot.volume.lock().clone() {
                return Ok(view);
            }
            let opened = self.open_view(id, snapshot).await;
            if let Ok(view) = &opened {
                *slot.volume.lock() = Some(view.clone());
            }
            opened
        };
        if opened.is_err() {
            self.views.lock().remove(&(id, snapshot));
        }
        opened
    }

    async fn open_view(&self, id: VolumeId, snapshot: Uuid) -> Result<Arc<Volume>> {
        let head = self.volume(id).await?;
        let kept = head.snapshot(snapshot).await?;
        volume::open_snapshot(&self.env, id, head.marker().clone(), self.next_opening(), &kept).await
    }

    /// An open volume, and the turn of its family: while it is held, no snapshot, fork, restore, deletion or
    /// collection of a relative runs.
    pub(super) async fn family_turn(&self, id: VolumeId) -> Result<(Arc<Volume>, OwnedMutexGuard<()>)> {
        let family = self.volume(id).await?.family();
        let turn = self.family_lock(family).lock_owned().await;
        // Opened again: a restore may have put another in its place meanwhile.
        Ok((self.volume(id).await?, turn))
    }

    pub(super) fn family_lock(&self, family: VolumeId) -> Arc<tokio::sync::Mutex<()>> {
        let mut families = self.families.lock();
        families.retain(|_, lock| Arc::strong_count(lock) > 1);
        families.entry(family).or_default().clone()
    }

    pub(super) fn random_uuid(&self) -> Uuid {
        VolumeId::generate(self.env.random.as_ref()).0
    }

    /// Closes the open view of a snapshot.
    pub(super) async fn close_view(&self, id: VolumeId, snapshot: Uuid) {
        let slot = self.views.lock().remove(&(id, snapshot));
        if let Some(slot) = slot {
            close_slot(&slot).await;
        }
    }

    /// Closes the open views of all snapshots of a volume.
    pub(super) async fn close_views(&self, id: VolumeId) {
        let open: Vec<_> = self.views.lock().keys().filter(|(volume, _)| *volume == id).copied().collect();
        for (volume, snapshot) in open {
            self.close_view(volume, snapshot).await;
        }
    }

    /// Closes all views: the node ends.
    pub(super) async fn close_all_views(&self) {
        let open = std::mem::take(&mut *self.views.lock());
        for (_, slot) in open {
            close_slot(&slot).await;
        }
    }

    /// Closes views that nobody has used for a while, or that are too many.
    pub(super) async fn close_idle_views(&self) {
        let idle = {
            let mut views = self.views.lock();
            let mut idle: Vec<_> = views
                .iter()
                .filter_map(|(key, slot)| {
                    let open = slot.volume.lock();
                    Some((open.as_ref().filter(|view| Arc::strong_count(view) == 1)?.idle_ms(), *key))
                })
                .collect();
            idle.sort_unstable_by(|a, b| b.cmp(a));
            let over = views.len().saturating_sub(limits::OPEN_SNAPSHOTS_MAX);
            let old = idle.iter().take_while(|(ms, _)| *ms >= limits::VOLUME_IDLE_SECONDS * 1000).count();
            idle.truncate(old.max(over));
            idle.iter().filter_map(|(_, key)| views.remove(key)).collect::<Vec<_>>()
        };
        for slot in idle {
            close_slot(&slot).await;
        }
    }
}

/// Closes what a slot holds. Whoever still reads it gets an error and asks again.
async fn close_slot(slot: &Slot) {
    let _turn = slot.turn.lock().await;
    let view = slot.volume.lock().take();
    if let Some(view) = view
        && let Err(error) = view.close().await
    {
        tracing::debug!(volume = %view.id(), %error, "a snapshot did not close");
    }
}
