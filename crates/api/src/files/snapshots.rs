//! Snapshots, forks and restores: the part of the port that is about whole volumes at some moment.

use async_trait::async_trait;
use holdfast_base::{ByteSize, SnapshotId, Timestamp, VolumeId};

use crate::files::FilesError;

/// A volume as it is, or as one of its snapshots is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The volume.
    pub volume: VolumeId,
    /// The snapshot, by id or name; `None` for the volume itself.
    pub snapshot: Option<String>,
}

impl From<VolumeId> for View {
    fn from(volume: VolumeId) -> Self {
        Self { volume, snapshot: None }
    }
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Its id.
    pub id: SnapshotId,
    /// Its name, unique in the volume.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Bytes of file data in it.
    pub bytes: ByteSize,
    /// Inodes in it.
    pub inodes: u64,
}

/// Snapshots of volumes. `snapshot` is an id or a name everywhere.
#[async_trait]
pub trait Snapshots: Send + Sync + 'static {
    /// Keeps a volume as it is now. `Exists` if the name is taken, `InvalidName` if it cannot be one.
    async fn create_snapshot(&self, volume: VolumeId, name: &str) -> Result<SnapshotInfo, FilesError>;

    /// All snapshots of a volume, oldest first.
    async fn list_snapshots(&self, volume: VolumeId) -> Result<Vec<SnapshotInfo>, FilesError>;

    /// Deletes a snapshot. `NoSnapshot` if there is none.
    async fn delete_snapshot(&self, volume: VolumeId, snapshot: &str) -> Result<(), FilesError>;

    /// Makes a volume what its snapshot is; limits stay those of the volume.
    async fn restore(&self, volume: VolumeId, snapshot: &str) -> Result<(), FilesError>;

    /// Makes the volume `fork` as `source` is. Making one that exists is not an error.
    async fn fork_volume(&self, source: &View, fork: VolumeId) -> Result<(), FilesError>;
}
