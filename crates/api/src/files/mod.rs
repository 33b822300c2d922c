//! The port to the files: what the HTTP front end needs of volumes, and nothing more.
//!
//! The composition root implements [`Files`] over the engine. Callers are trusted with the whole volume (an API key
//! is), so operations run as root; ownership is what the request says. Symbolic links are followed inside the volume
//! only, 40 at most, and a `..` in a target never leads out of the root.

mod error;
mod snapshots;
mod types;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use holdfast_base::{VolumeId, VolumeSettings};

use crate::paths::FilePath;

pub use error::{FilesError, Resource, UploadError};
pub use snapshots::{SnapshotInfo, Snapshots, View};
pub use types::{
    Changes, Directory, DirectoryEntry, DirectoryId, FileKind, FileVersion, Made, Metadata, Opened,
    Ownership, Parents, Precondition, PutRequest, VolumeLimits, VolumeUsage,
};

/// Bytes on their way in. An error ends the stream, and nothing of the upload may become visible.
pub type Upload = BoxStream<'static, Result<Bytes, UploadError>>;
/// Bytes on their way out. An error ends the stream, and the client sees a broken transfer.
pub type Download = BoxStream<'static, Result<Bytes, FilesError>>;

/// Volumes and their files.
///
/// Every method that changes something answers once the change is as durable as the volume promises. Dropping the
/// future of any method leaves the volume consistent: the operation happened or it did not.
#[async_trait]
pub trait Files: Snapshots {
    /// Makes an empty volume with a root directory of mode 1777. Making one that exists is not an error.
    async fn create_volume(
        &self,
        volume: VolumeId,
        limits: VolumeLimits,
        settings: VolumeSettings,
    ) -> Result<(), FilesError>;

    /// Ends a volume: open handles go stale, space is reclaimed in the background. One that does not exist, or that a
    /// crash left half removed, is not an error.
    async fn delete_volume(&self, volume: VolumeId) -> Result<(), FilesError>;

    /// Sets the limits. Refused with `NoSpace`, naming the limit asked for and the use, where more is in use; the
    /// check and the change are one operation.
    async fn set_limits(&self, volume: VolumeId, limits: VolumeLimits) -> Result<(), FilesError>;

    /// Sets durability class and compression, for every change that begins afterwards.
    async fn set_settings(&self, volume: VolumeId, settings: VolumeSettings) -> Result<(), FilesError>;

    /// What is in use, and the limits.
    async fn usage(&self, volume: VolumeId) -> Result<VolumeUsage, FilesError>;

    /// The metadata of a path; `follow` says whether a link at its end is followed. Links before the end always are.
    async fn stat(&self, view: &View, path: &FilePath, follow: bool) -> Result<Metadata, FilesError>;

    /// The directory at `path` (links followed), by what it keeps whatever it is called; `None` for the root.
    async fn directory(&self, volume: VolumeId, path: &FilePath) -> Result<Option<DirectoryId>, FilesError>;

    /// Entries of the directory `dir` (links followed) after the entry with cookie `after`, at most `limit`, in
    /// cookie order, without `.` and `..`. A cookie stays good however the directory changes.
    async fn list(
        &self,
        view: &View,
        dir: &FilePath,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Directory, FilesError>;

    /// Opens a regular file (links followed). `IsADirectory` or `NotRegular` for anything else.
    async fn open(&self, view: &View, path: &FilePath) -> Result<Opened, FilesError>;

    /// Replaces the whole content of a file in one step, or makes the file. The inode stays, so mounted clients and
    /// links see the new content. The precondition and the parents are checked together with the change, and before the
    /// body is read as well, so that a refused upload need not be sent. Links are followed.
    async fn put(
        &self,
        volume: VolumeId,
        path: &FilePath,
        request: PutRequest,
        body: Upload,
    ) -> Result<Made, FilesError>;

    /// Removes an entry; a link itself, never its target. A directory that is not empty only where `recursive`.
    async fn remove(&self, volume: VolumeId, path: &FilePath, recursive: bool) -> Result<(), FilesError>;

    /// Makes a directory. One that exists is left as it is; any other entry is `Exists`.
    async fn make_directory(
        &self,
        volume: VolumeId,
        path: &FilePath,
        ownership: Ownership,
        parents: Parents,
    ) -> Result<Made, FilesError>;

    /// Makes a symbolic link to `target`, whatever is there, and missing parents. `Exists` where the name is taken.
    async fn make_symlink(
        &self,
        volume: VolumeId,
        path: &FilePath,
        target: Bytes,
        ownership: Ownership,
    ) -> Result<Metadata, FilesError>;

    /// Gives the file at `existing` (a link itself, never its target) another name, and makes missing parents.
    /// `IsADirectory` for a directory, `Exists` where the name is taken.
    async fn make_link(
        &self,
        volume: VolumeId,
        path: &FilePath,
        existing: &FilePath,
    ) -> Result<Metadata, FilesError>;

    /// Copies the regular file at `from` (links followed) as [`Files::put`] would write it; what `ownership` leaves open
    /// is taken from the source. `Changed` where the source changes meanwhile.
    async fn copy(
        &self,
        volume: VolumeId,
        from: &FilePath,
        to: &FilePath,
        ownership: Ownership,
    ) -> Result<Made, FilesError>;

    /// Changes attributes, all of them in one step; `follow` says whether a link at the end is followed. `IsADirectory`
    /// or `NotRegular` for the size of what is no regular file.
    async fn change(
        &self,
        volume: VolumeId,
        path: &FilePath,
        follow: bool,
        changes: Changes,
    ) -> Result<Metadata, FilesError>;

    /// Moves an entry, a link itself and not its target, and replaces what has the new name, in one step; missing
    /// parents are made before. A directory replaces only an empty directory; `IntoItself` below itself.
    async fn rename(&self, volume: VolumeId, from: &FilePath, to: &FilePath) -> Result<Metadata, FilesError>;
}

/// An open file.
pub trait Content: Send {
    /// The bytes of `range`, which lies within the size that the metadata of the open told. Reading begins with the
    /// first poll. Where the file changes while it is read the stream ends in `Changed`: bytes of two versions are
    /// never mixed.
    fn read(self: Box<Self>, range: std::ops::Range<u64>) -> Download;
}
