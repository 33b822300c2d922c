//! What can be mounted, and by whom: a question to the owner of the catalogue.

use std::net::SocketAddr;

use async_trait::async_trait;
use holdfast_base::{AttachmentId, VolumeId};

use crate::attachments::Attached;

/// The answer to MNT: what the handles of this mount give access to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportGrant {
    /// A volume, for ever.
    Direct {
        /// The volume whose root is mounted.
        volume: VolumeId,
        /// Whether every change is refused. Sealed into the handles.
        read_only: bool,
    },
    /// What an attachment gives, until it ends.
    Attachment(Attached),
}

/// Why a path cannot be mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportError {
    /// There is no such export or attachment (any more), or the client may not know of it.
    NotFound,
    /// It exists, and may not be used from this client's address.
    Denied,
    /// The answer is not to be had now.
    Unavailable,
}

/// The exports of a server.
#[async_trait]
pub trait Exports: Send + Sync + 'static {
    /// What mounting `path` from `client` gives. The path begins with `/`, has no empty or `.` components and no `/` at
    /// its end (but for the root, which is `/`), and is at most 1,024 bytes.
    ///
    /// # Errors
    /// [`ExportError`]; where even the existence of an export is a secret, [`ExportError::NotFound`].
    async fn resolve(&self, path: &str, client: SocketAddr) -> Result<ExportGrant, ExportError>;

    /// What an attachment gives. Asked for at a call with a handle whose attachment is not known, which is seldom.
    ///
    /// # Errors
    /// [`ExportError::NotFound`] where it has ended, for good; [`ExportError::Unavailable`].
    async fn attachment(&self, id: AttachmentId) -> Result<Attached, ExportError>;

    /// The paths that EXPORT shows to `client`: none that is a secret.
    async fn list(&self, client: SocketAddr) -> Vec<String>;
}
