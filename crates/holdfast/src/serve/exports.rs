//! What NFS clients may mount: filesystems of the catalogue, by id or by name.
//!
//! `/<filesystem id>` works for every team, because the id is unguessable; `/<name>` only for the team `default`.
//! Both only from the networks of `nfs-allow`; others are refused before anything is looked up, so that they learn
//! nothing of what exists.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use holdfast_catalogue::{Catalogue, CatalogueError, DEFAULT_TEAM, FilesystemRef, ListFilesystems};
use holdfast_nfs::{ExportError, ExportGrant, Exports};

use crate::config::Network;

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
        if !self.admits(client) {
            tracing::info!(%client, "a mount from outside the networks of nfs-allow was refused");
            return Err(ExportError::Denied);
        }
        let wanted = path.strip_prefix('/').filter(|name| !name.is_empty()).ok_or(ExportError::NotFound)?;
        let found = match FilesystemRef::parse(wanted) {
            FilesystemRef::Id(id) => self.catalogue.get_filesystem_any_team(id).await,
            FilesystemRef::Name(name) => self.catalogue.get_filesystem_of_default_team(&name).await,
        };
        match found {
            Ok(filesystem) => Ok(ExportGrant { volume: filesystem.id.into(), read_only: false }),
            Err(CatalogueError::NotFound { .. }) => Err(ExportError::NotFound),
            Err(error) => {
                tracing::error!(%error, "a mount could not be looked up");
                Err(ExportError::Unavailable)
            }
        }
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

#[cfg(test)]
mod tests {
    use holdfast_base::{ByteSize, OsRandom, SystemClock, VolumeSettings};
    use holdfast_catalogue::{Labels, NewFilesystem, TeamLimits};

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
            |id: holdfast_base::FilesystemId| Ok(ExportGrant { volume: id.into(), read_only: false });
        assert_eq!(exports.resolve("/mine", near).await, volume(made[0]));
        assert_eq!(exports.resolve(&format!("/{}", made[0]), near).await, volume(made[0]));
        assert_eq!(exports.resolve(&format!("/{}", made[1]), near).await, volume(made[1]));
        for hidden in ["/theirs", "/", "/mine/sub", "/fs-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f"] {
            assert_eq!(exports.resolve(hidden, near).await, Err(ExportError::NotFound), "{hidden}");
        }
        for path in ["/mine", "/nothing"] {
            assert_eq!(exports.resolve(path, far).await, Err(ExportError::Denied));
        }
        assert_eq!(exports.list(near).await, ["/mine"]);
        assert!(exports.list(far).await.is_empty());
    }
}
