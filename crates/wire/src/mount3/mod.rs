//! MOUNT version 3 (RFC 1813 appendix I): how a client gets the handle of an export's root.

mod export;
mod list;
mod mnt;
#[cfg(test)]
mod tests;

pub use crate::nfs3::FileHandle;
pub use export::{ExportEntry, Exports};
pub use list::{MountEntry, Mounts};
pub use mnt::{AuthFlavors, DirPath, HostName, MntArgs, MntOk, MntRes, MountStat3};

rpc_program! {
    program 100_005 version 3;
    /// The procedures of MOUNT version 3 (RFC 1813 section 5.2).
    procedure MountProcedure;
    /// Any call's arguments.
    call MountCall;
    /// Any call's result.
    reply MountReply;

    /// Does nothing.
    0 Null "NULL" (()) -> ();
    /// Add a mount entry and get the root's handle.
    1 Mnt "MNT" (MntArgs) -> MntRes;
    /// List the mount entries.
    2 Dump "DUMP" (()) -> Mounts;
    /// Remove one of the caller's mount entries.
    3 Umnt "UMNT" (MntArgs) -> ();
    /// Remove all of the caller's mount entries.
    4 UmntAll "UMNTALL" (()) -> ();
    /// List the exports.
    5 Export "EXPORT" (()) -> Exports;
}
