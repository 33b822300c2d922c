//! The port [`Snapshots`] over the engine: names and ids become the engine's ids, and errors the port's.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_api::files::{FilesError, SnapshotInfo, Snapshots, View};
use holdfast_base::{ByteSize, SnapshotId, VolumeId};
use holdfast_engine::{Error, Volume};

use super::EngineFiles;
use super::convert::failed;

impl EngineFiles {
    /// What a view shows, opened.
    pub(super) async fn view(&self, view: &View) -> Result<Arc<Volume>, FilesError> {
        let Some(snapshot) = &view.snapshot else { return self.volume(view.volume).await };
        let id = self.snapshot_id(view.volume, snapshot).await?;
        self.engine.snapshot(view.volume, id.0).await.map_err(failed)
    }

    /// The snapshot with this id, or else this name.
    async fn snapshot_id(&self, volume: VolumeId, wanted: &str) -> Result<SnapshotId, FilesError> {
        let known = self.engine.snapshots(volume).await.map_err(failed)?;
        let by_id = wanted.parse::<SnapshotId>().ok();
        let found = known.iter().find(|known| Some(SnapshotId(known.id)) == by_id);
        let found = found.or_else(|| known.iter().find(|known| known.name == wanted));
        found.map(|known| SnapshotId(known.id)).ok_or(FilesError::NoSnapshot)
    }
}

fn info(snapshot: holdfast_engine::SnapshotInfo) -> SnapshotInfo {
    SnapshotInfo {
        id: SnapshotId(snapshot.id),
        name: snapshot.name,
        created_at: snapshot.created,
        bytes: ByteSize(snapshot.used_bytes),
        inodes: snapshot.used_inodes,
    }
}

#[async_trait]
impl Snapshots for EngineFiles {
    async fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<SnapshotInfo, FilesError> {
        self.engine.create_snapshot(volume, name).await.map(info).map_err(|error| match error {
            Error::Invalid(rule) => FilesError::InvalidName(rule),
            Error::QuotaExceeded { limit, unit: "snapshots", .. } => FilesError::TooManySnapshots(limit),
            other => failed(other),
        })
    }

    async fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<SnapshotInfo>, FilesError> {
        let snapshots = self.engine.snapshots(volume).await.map_err(failed)?;
        Ok(snapshots.into_iter().map(info).collect())
    }

    async fn delete_snapshot(&self, volume: VolumeId, snapshot: &str) -> Result<(), FilesError> {
        let id = self.snapshot_id(volume, snapshot).await?;
        self.engine.delete_snapshot(volume, id.0).await.map_err(failed)
    }

    async fn restore(&self, volume: VolumeId, snapshot: &str) -> Result<(), FilesError> {
        let id = self.snapshot_id(volume, snapshot).await?;
        self.engine.restore_volume(volume, id.0).await.map_err(failed)
    }

    async fn fork_volume(&self, source: &View, fork: VolumeId) -> Result<(), FilesError> {
        let snapshot = match &source.snapshot {
            Some(wanted) => Some(self.snapshot_id(source.volume, wanted).await?.0),
            None => None,
        };
        self.engine.fork_volume(source.volume, snapshot, fork).await.map_err(failed)
    }
}
