//! What NFS clients may mount: attachments by their secret, and filesystems of the catalogue by id or by name.
//!
//! `/<secret>` works from anywhere, as far as the attachment allows. `/<filesystem id>` works for every team, because
//! the id is unguessable; `/<name>` only for the team `default`. Both only from the networks of `nfs-allow`; others are
//! refused before a filesystem is looked up, so that they learn nothing of what exists.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use holdfast_base::{AttachmentId, Network};
use holdfast_catalogue::{
    Attachment, Catalogue, CatalogueError, DEFAULT_TEAM, FilesystemRef, ListFilesystems,
};
use holdfast_engine::FileId;
use holdfast_nfs::{Attached, ExportError, ExportGrant, Exports};

use crate::exit::chain;

/// Names shown by EXPORT; a list of more is of use to nobody.
const LISTED_MAX: u32 = 1000;

/// The exports of a catalogue.
pub(super) struct CatalogueExports {
    catalogue: Arc<Catalogue>,
    allowed: Vec<Network>,
}

impl CatalogueExports {
    pub fn new(catalogue: Arc<Catalogue>, allowed: Vec<Network>) -> Self {
        Self { catalogue, allowed }
    }

    fn admits(&self, client: SocketAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(client.ip()))
    }

    async fn direct(&self, wanted: &str, client: SocketAddr) -> Result<ExportGrant, ExportError> {
        if !self.admits(client) {
            tracing::info!(%client, "a mount from outside the networks of nfs-allow was refused");
            return Err(ExportError::Denied);
        }
        let found = match FilesystemRef::parse(wanted) {
            FilesystemRef::Id(id) => self.catalogue.get_filesystem_any_team(id).await,
            FilesystemRef::Name(name) => self.catalogue.get_filesystem_of_default_team(&name).await,
        };
        let volume = found.map_err(export_error)?.id.into();
        Ok(ExportGrant::Direct { volume, read_only: false })
    }

    async fn names(&self) -> Result<Vec<String>, CatalogueError> {
        let team = self.catalogue.get_team_by_name(DEFAULT_TEAM).await?;
        let list = ListFilesystems { limit: LISTED_MAX, ..ListFilesystems::default() };
        let page = self.catalogue.list_filesystems(team.id, &list).await?;
        Ok(page.filesystems.into_iter().map(|filesystem| format!("/{}", filesystem.name)).collect())
    }
}

#[async_trait]
impl Exports for CatalogueExports {
    async fn resolve(&self, path: &str, client: SocketAddr) -> Result<ExportGrant, ExportError> {
        let wanted = path.strip_prefix('/').unwrap_or_default();
        // A name may look like a secret; no id does.
        match self.catalogue.find_attachment(wanted).await.map_err(export_error)? {
            Some(attachment) => Ok(ExportGrant::Attachment(attached(attachment))),
            None => self.direct(wanted, client).await,
        }
    }

    async fn attachment(&self, id: AttachmentId) -> Result<Attached, ExportError> {
        self.catalogue.get_attachment_any_team(id).await.map(attached).map_err(export_error)
    }

    async fn list(&self, client: SocketAddr) -> Vec<String> {
        if !self.admits(client) {
            return Vec::new();
        }
        self.names().await.unwrap_or_else(|error| {
            tracing::error!(%error, "exports could not be listed");
            Vec::new()
        })
    }
}

/// An attachment as the front end takes it.
fn attached(attachment: Attachment) -> Attached {
    let directory = attachment.directory;
    Attached {
        id: attachment.id,
        volume: attachment.filesystem.into(),
        read_only: attachment.read_only,
        directory: directory.map(|found| FileId { ino: found.ino, generation: found.generation }),
        uid_policy: attachment.uid_policy,
        networks: attachment.networks,
        expires_at: attachment.expires_at,
    }
}

fn export_error(error: CatalogueError) -> ExportError {
    if let CatalogueError::NotFound { .. } = error {
        return ExportError::NotFound;
    }
    tracing::error!(error = chain(&error), "a mount could not be looked up");
    ExportError::Unavailable
}

#[cfg(test)]
mod tests {
    use holdfast_base::{ByteSize, OsRandom, SystemClock, VolumeSettings};
    use holdfast_catalogue::{Labels, NewAttachment, NewFilesystem, TeamLimits};

    use super::*;

    #[tokio::test]
    async fn names_and_ids_open_for_allowed_clients_only() {
        let clock = Arc::new(SystemClock::default());
        let catalogue =
            Arc::new(Catalogue::open("sqlite::memory:", clock, Arc::new(OsRandom)).await.unwrap());
        let (team, _) = catalogue.ensure_default_team().await.unwrap();
        let other = catalogue.create_team("other").await.unwrap();
        let limits = TeamLimits { filesystems: 10, total: ByteSize(1 << 40) };
        let mut made = Vec::new();
        for (team, name) in [(team.id, "mine"), (other.id, "theirs")] {
            let labels = Labels::new(Default::default()).unwrap();
            let row = NewFilesystem {
                name: name.to_owned(),
                size: ByteSize(1),
                inode_limit: 1,
                labels,
                settings: VolumeSettings::default(),
            };
            let row = catalogue.create_filesystem(team, row, limits).await.unwrap();
            catalogue.activate_filesystem(row.id).await.unwrap();
            made.push(row.id);
        }
        let exports = CatalogueExports::new(catalogue, vec!["127.0.0.0/8".parse().unwrap()]);
        let (near, far) = ("127.0.0.9:700".parse().unwrap(), "192.0.2.1:700".parse().unwrap());
        let volume =
            |id: holdfast_base::FilesystemId| Ok(ExportGrant::Direct { volume: id.into(), read_only: false });
        assert_eq!(exports.resolve("/mine", near).await, volume(made[0]));
        assert_eq!(exports.resolve(&format!("/{}", made[0]), near).await, volume(made[0]));
        assert_eq!(exports.resolve(&format!("/{}", made[1]), near).await, volume(made[1]));
        for hidden in ["/theirs", "/", "/mine/sub", "/fs-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f"] {
            assert_eq!(exports.resolve(hidden, near).await, Err(ExportError::NotFound), "{hidden}");
        }
        for path in ["/mine", "/nothing"] {
            assert_eq!(exports.resolve(path, far).await, Err(ExportError::Denied));
        }
        let new = NewAttachment { read_only: true, ..NewAttachment::default() };
        let (made, secret) = exports.catalogue.create_attachment(other.id, made[1], new, 1).await.unwrap();
        let path = format!("/{}", secret.reveal());
        let granted = exports.attachment(made.id).await.unwrap();
        assert!(granted.read_only && granted.volume == made.filesystem.into());
        assert_eq!(exports.resolve(&path, far).await, Ok(ExportGrant::Attachment(granted)));
        exports.catalogue.revoke_attachment(other.id, made.filesystem, made.id).await.unwrap();
        assert_eq!(
            exports.resolve(&path, far).await,
            Err(ExportError::Denied),
            "as any other path from there"
        );
        assert_eq!(exports.resolve(&path, near).await, Err(ExportError::NotFound));
        assert_eq!(exports.attachment(made.id).await, Err(ExportError::NotFound));
        assert_eq!(exports.list(near).await, ["/mine"]);
        assert!(exports.list(far).await.is_empty());
    }
}
