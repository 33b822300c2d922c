//! Snapshots as copies.

use async_trait::async_trait;
use holdfast_api::files::{FilesError, SnapshotInfo, Snapshots, View};
use holdfast_base::{ByteSize, Clock, SnapshotId, SystemClock, VolumeId};

use super::FakeFiles;
use super::volume::Volume;

impl FakeFiles {
    /// Works on what a view shows.
    pub(super) fn seen<T>(
        &self,
        view: &View,
        work: impl FnOnce(&mut Volume) -> Result<T, FilesError>,
    ) -> Result<T, FilesError> {
        match &view.snapshot {
            None => self.with(view.volume, work),
            Some(snapshot) => work(&mut self.copy(view.volume, snapshot)?),
        }
    }

    fn copy(&self, id: VolumeId, snapshot: &str) -> Result<Volume, FilesError> {
        let snapshots = self.snapshots.lock().unwrap();
        let mut kept = snapshots.get(&id).into_iter().flatten();
        let found = kept.find(|(info, _)| info.name == snapshot || info.id.to_string() == snapshot);
        found.map(|(_, volume)| volume.clone()).ok_or(FilesError::NoSnapshot)
    }
}

#[async_trait]
impl Snapshots for FakeFiles {
    async fn create_snapshot(&self, id: VolumeId, name: &str) -> Result<SnapshotInfo, FilesError> {
        self.fault("create_snapshot")?;
        let volume = self.with(id, |volume| Ok(volume.clone()))?;
        let mut snapshots = self.snapshots.lock().unwrap();
        let kept = snapshots.entry(id).or_default();
        if kept.iter().any(|(info, _)| info.name == name) {
            return Err(FilesError::Exists);
        }
        if name.starts_with('.') {
            return Err(FilesError::InvalidName("does not begin with a dot"));
        }
        let info = SnapshotInfo {
            id: SnapshotId::generate(&holdfast_base::OsRandom),
            name: name.to_owned(),
            created_at: SystemClock::default().now(),
            bytes: ByteSize(volume.bytes()),
            inodes: volume.inodes(),
        };
        kept.push((info.clone(), volume));
        Ok(info)
    }

    async fn list_snapshots(&self, id: VolumeId) -> Result<Vec<SnapshotInfo>, FilesError> {
        let snapshots = self.snapshots.lock().unwrap();
        Ok(snapshots.get(&id).into_iter().flatten().map(|(info, _)| info.clone()).collect())
    }

    async fn delete_snapshot(&self, id: VolumeId, snapshot: &str) -> Result<(), FilesError> {
        self.copy(id, snapshot)?;
        let mut snapshots = self.snapshots.lock().unwrap();
        let is_other = |info: &SnapshotInfo| info.name != snapshot && info.id.to_string() != snapshot;
        snapshots.entry(id).or_default().retain(|(info, _)| is_other(info));
        Ok(())
    }

    async fn restore(&self, id: VolumeId, snapshot: &str) -> Result<(), FilesError> {
        let copy = self.copy(id, snapshot)?;
        self.with(id, |volume| {
            let limits = volume.limits;
            *volume = copy;
            volume.limits = limits;
            Ok(())
        })
    }

    async fn fork_volume(&self, source: &View, fork: VolumeId) -> Result<(), FilesError> {
        self.fault("fork_volume")?;
        let copy = self.seen(source, |volume| Ok(volume.clone()))?;
        self.volumes.lock().unwrap().insert(fork, copy);
        Ok(())
    }
}
