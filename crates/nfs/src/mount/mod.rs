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

use crate::exports::ExportGrant;
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
    let (id, read_only, attached) = match granted {
        ExportGrant::Direct { volume, read_only } => (volume, read_only, None),
        ExportGrant::Attachment(attached) => {
            let (id, read_only) = (attached.volume, attached.read_only);
            let live = shared.attachments.mounted(attached, client.ip().to_canonical());
            (id, read_only, Some(live.map_err(status::export_status)?))
        }
    };
    let failed = |error| {
        status::report(id, &error);
        status::mount_status(&error)
    };
    let volume = shared.volumes.volume(id).await.map_err(failed)?;
    let root = attached.as_ref().and_then(|live| live.attached.directory).unwrap_or(volume.root());
    // Its directory may be gone.
    volume.getattr(root).await.map_err(failed)?;
    let attachment = attached.as_ref().map_or(Uuid::nil(), |live| live.attached.id.0);
    let grant = Grant { volume: id, read_only, attachment, view: View::Live };
    let handle = shared.handles.seal(&Handle { grant, file: root });
    tracing::debug!(volume = %id, %attachment, %client, read_only, "mounted");
    // The path of an attachment is a secret, and clients behind one address are not one.
    if attached.is_none() {
        shared.mounts.add(client.ip(), path);
    }
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
