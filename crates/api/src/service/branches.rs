//! Snapshots, forks and restores of filesystems.
//!
//! A fork is made as a filesystem is: row, volume, row active; a crash between leaves a creation to roll back.
//! Snapshots are the volume's alone: the catalogue knows nothing of them.

use holdfast_base::{FilesystemId, TeamId, VolumeSettings};
use holdfast_catalogue::{Filesystem, FilesystemRef, Labels, NewFilesystem as NewRow};

use super::{Filesystems, below_usage};
use crate::error::{ApiError, ErrorCode};
use crate::files::{FilesError, SnapshotInfo, View, VolumeLimits};

/// What a fork is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// Its name.
    pub name: String,
    /// The snapshot to begin from, by id or name; `None` for the source as it is.
    pub snapshot: Option<String>,
    /// Its labels; `None` for those of the source.
    pub labels: Option<Labels>,
}

impl Filesystems {
    /// Keeps a filesystem as it is now.
    ///
    /// # Errors
    /// What the volume refuses; `NameTaken`.
    pub async fn create_snapshot(&self, id: FilesystemId, name: &str) -> Result<SnapshotInfo, ApiError> {
        let _guard = self.lock(id).await;
        self.files.create_snapshot(id.into(), name).await.map_err(|error| match error {
            FilesError::Exists => ApiError::new(
                ErrorCode::NameTaken,
                "`name` is taken by another snapshot of this filesystem; choose another one",
            ),
            other => other.into(),
        })
    }

    /// Deletes a snapshot.
    ///
    /// # Errors
    /// What the volume refuses.
    pub async fn delete_snapshot(&self, id: FilesystemId, snapshot: &str) -> Result<(), ApiError> {
        let _guard = self.lock(id).await;
        Ok(self.files.delete_snapshot(id.into(), snapshot).await?)
    }

    /// Makes a filesystem what its snapshot is.
    ///
    /// # Errors
    /// What the volume refuses.
    pub async fn restore(&self, id: FilesystemId, snapshot: &str) -> Result<(), ApiError> {
        let _guard = self.lock(id).await;
        Ok(self.files.restore(id.into(), snapshot).await?)
    }

    /// Makes a filesystem as `source` is, or as its snapshot is.
    ///
    /// # Errors
    /// What the catalogue or the volume refuses; `BelowUsage` where the snapshot holds more than the size of the
    /// source is now.
    pub async fn fork(&self, team: TeamId, source: FilesystemId, fork: Fork) -> Result<Filesystem, ApiError> {
        let _guard = self.lock(source).await;
        let from = self.catalogue.get_filesystem(team, &FilesystemRef::Id(source)).await?;
        let Fork { name, snapshot, labels } = fork;
        let labels = labels.unwrap_or(from.labels);
        let (settings, inode_limit) = (from.settings, from.inode_limit);
        let row = NewRow { name, size: from.size, inode_limit, labels, settings };
        let made = self.catalogue.create_filesystem(team, row, self.limits.team).await?;
        let limits = VolumeLimits { bytes: from.size, inodes: from.inode_limit };
        let view = View { volume: source.into(), snapshot };
        let finished = match self.fork_volume(&view, made.id, limits, settings).await {
            Ok(()) => self.catalogue.activate_filesystem(made.id).await.map_err(ApiError::from),
            Err(error) => Err(error),
        };
        match finished {
            Ok(()) => Ok(self.catalogue.get_filesystem(team, &FilesystemRef::Id(made.id)).await?),
            Err(error) => {
                if let Err(error) = self.roll_back(made.id).await {
                    tracing::warn!(filesystem_id = %made.id, %error, "a failed fork is left for the next start");
                }
                Err(error)
            }
        }
    }

    async fn fork_volume(
        &self,
        source: &View,
        id: FilesystemId,
        limits: VolumeLimits,
        settings: VolumeSettings,
    ) -> Result<(), ApiError> {
        self.files.fork_volume(source, id.into()).await?;
        // A snapshot has the limits and settings of its time; the fork of a head has those of the head already.
        if source.snapshot.is_some() {
            self.files.set_limits(id.into(), limits).await.map_err(below_usage)?;
            self.files.set_settings(id.into(), settings).await?;
        }
        Ok(())
    }
}
