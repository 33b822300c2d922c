//! What can be mounted, and by whom: a question to the owner of the catalogue.

use std::net::SocketAddr;

use async_trait::async_trait;
use holdfast_base::VolumeId;

/// The answer to MNT: what the handles of this mount give access to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportGrant {
    /// The volume whose root is mounted.
    pub volume: VolumeId,
    /// Whether every change is refused. Sealed into the handles.
    pub read_only: bool,
}

/// Why a path cannot be mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportError {
    /// There is no such export, or the client may not know of it.
    NotFound,
    /// The export exists, and this client's address may not mount it.
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

    /// The paths that EXPORT shows to `client`: none that is a secret.
    async fn list(&self, client: SocketAddr) -> Vec<String>;
}
