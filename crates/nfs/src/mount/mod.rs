//! MOUNT version 3 (RFC 1813 appendix I): paths become the handle of a volume's root.
//!
//! A handle is all that access needs, so the list of mounts is only what clients said; it is lost at a restart.

mod path;
mod table;

use std::net::SocketAddr;
use std::sync::Arc;

use holdfast_wire::mount3::{
    AuthFlavors, DirPath, ExportEntry, Exports, MntOk, MntRes, MountCall, MountEntry, MountReply, MountStat3,
    Mounts,
};
use holdfast_wire::rpc::AUTH_SYS;
use uuid::Uuid;

use crate::handle::{Grant, Handle, View};
use crate::limits::EXPORT_LIST_MAX;
use crate::server::Shared;
use crate::status;
pub(crate) use table::MountTable;

/// Runs one call.
pub(crate) async fn run(shared: &Arc<Shared>, client: SocketAddr, call: MountCall) -> MountReply {
    match call {
        MountCall::Null(()) => MountReply::Null(()),
        MountCall::Mnt(args) => MountReply::Mnt(mnt(shared, client, &args.path).await),
        MountCall::Dump(()) => MountReply::Dump(dump(shared, client)),
        MountCall::Umnt(args) => {
            if let Ok(path) = path::normalize(&args.path) {
                shared.mounts.remove(client.ip(), &path);
            }
            MountReply::Umnt(())
        }
        MountCall::UmntAll(()) => {
            shared.mounts.remove_all(client.ip());
            MountReply::UmntAll(())
        }
        MountCall::Export(()) => MountReply::Export(export(shared, client).await),
    }
}

async fn mnt(shared: &Shared, client: SocketAddr, path: &DirPath) -> MntRes {
    let path = path::normalize(path)?;
    let granted = shared.exports.resolve(&path, client).await.map_err(status::export_status)?;
    let volume = shared.volumes.volume(granted.volume).await.map_err(|error| {
        status::report(granted.volume, &error);
        status::mount_status(&error)
    })?;
    let (volume_id, read_only) = (granted.volume, granted.read_only);
    let grant = Grant { volume: volume_id, read_only, attachment: Uuid::nil(), view: View::Live };
    let handle = shared.handles.seal(&Handle { grant, file: volume.root() });
    tracing::debug!(volume = %granted.volume, %client, read_only = granted.read_only, "mounted");
    shared.mounts.add(client.ip(), path);
    Ok(MntOk { handle, auth_flavors: AuthFlavors(vec![AUTH_SYS]) })
}

/// A client sees its own mounts only: those of others are none of its business, and their paths may be secrets.
fn dump(shared: &Shared, client: SocketAddr) -> Mounts {
    let host = client.ip().to_string();
    let entry = |path: String| MountEntry { host: host.as_str().into(), path: path.as_str().into() };
    Mounts(shared.mounts.of(client.ip()).into_iter().map(entry).collect())
}

async fn export(shared: &Shared, client: SocketAddr) -> Exports {
    let mut paths = shared.exports.list(client).await;
    paths.truncate(EXPORT_LIST_MAX);
    let entry = |path: String| ExportEntry { path: path.as_str().into(), groups: Vec::new() };
    Exports(paths.into_iter().map(entry).collect())
}

impl From<path::PathError> for MountStat3 {
    fn from(error: path::PathError) -> Self {
        match error {
            path::PathError::TooLong => Self::NameTooLong,
            path::PathError::NoSuchPath => Self::NoEnt,
        }
    }
}
