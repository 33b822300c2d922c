//! The port to the mounts: what the HTTP front end says of, and to, the server that clients mount from.

use async_trait::async_trait;
use holdfast_base::{AttachmentId, Timestamp, VolumeId};

/// Where clients mount from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPlace {
    /// The host; `None` for the one that the client reached the HTTP front end by.
    pub host: Option<String>,
    /// The port of NFS and MOUNT.
    pub port: u16,
    /// Whether clients find the lock manager.
    pub locks: bool,
}

/// The server that clients mount from.
#[async_trait]
pub trait Mounts: Send + Sync + 'static {
    /// Where it is.
    fn place(&self) -> MountPlace;

    /// Ends an attachment that was revoked: calls of mounted clients fail from now on, and its locks are free. What
    /// cannot be done now is done later.
    async fn end(&self, attachment: AttachmentId);

    /// Ends every mount of a volume that is deleted, also those without an attachment, until [`Mounts::open`].
    async fn close(&self, volume: VolumeId);

    /// Lets mounts of a volume go on.
    fn open(&self, volume: VolumeId);

    /// When an attachment was last used, as far as it is known and not in the catalogue yet.
    fn last_activity(&self, attachment: AttachmentId) -> Option<Timestamp>;
}
