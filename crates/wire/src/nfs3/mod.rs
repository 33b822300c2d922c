//! NFS version 3 (RFC 1813): all 22 procedures, arguments and both arms of every result.
//!
//! One file per procedure; what several share is in `attributes`, `wcc`, `sattr`, `names`, `handle` and `status`.
//! A result is `Result<…Ok, Failure<…>>`, where the failure carries exactly what the RFC's `resfail` arm carries:
//! nothing, attributes, or weak cache consistency data. `listing` accounts for directory replies byte by byte.

pub mod access;
mod attributes;
mod commit;
mod create;
mod fsinfo;
mod fsstat;
mod getattr;
mod handle;
mod link;
mod listing;
mod lookup;
mod mkdir;
mod mknod;
mod names;
mod pathconf;
mod read;
mod readdir;
mod readdirplus;
mod readlink;
mod remove;
mod rename;
mod sattr;
mod setattr;
mod status;
mod symlink;
#[cfg(test)]
mod tests;
mod wcc;
mod write;

pub use access::{AccessArgs, AccessOk, AccessRes};
pub use attributes::{FATTR3_BYTES, Fattr3, Ftype3, NfsTime3, PostOpAttr, PostOpFh3, SpecData3};
pub use commit::{CommitArgs, CommitOk, CommitRes};
pub use create::{CreateArgs, CreateHow3, CreateOk, CreateRes, CreateVerifier3};
pub use fsinfo::{FsInfoArgs, FsInfoOk, FsInfoRes, properties};
pub use fsstat::{FsStatArgs, FsStatOk, FsStatRes};
pub use getattr::{GetAttrArgs, GetAttrOk, GetAttrRes};
pub use handle::FileHandle;
pub use link::{LinkArgs, LinkFail, LinkOk, LinkRes};
pub use listing::{ReadDirBudget, ReadDirPlusBudget};
pub use lookup::{LookupArgs, LookupOk, LookupRes};
pub use mkdir::{MkdirArgs, MkdirRes};
pub use mknod::{DeviceData3, MknodArgs, MknodData3, MknodRes};
pub use names::{DirOpArgs3, Filename3, NfsPath3};
pub use pathconf::{PathConfArgs, PathConfOk, PathConfRes};
pub use read::{ReadArgs, ReadOk, ReadRes};
pub use readdir::{CookieVerifier3, Entry3, ReadDirArgs, ReadDirOk, ReadDirRes};
pub use readdirplus::{EntryPlus3, ReadDirPlusArgs, ReadDirPlusOk, ReadDirPlusRes};
pub use readlink::{ReadLinkArgs, ReadLinkOk, ReadLinkRes};
pub use remove::{RemoveArgs, RemoveOk, RemoveRes, RmdirArgs, RmdirRes};
pub use rename::{RenameArgs, RenameRes, RenameWcc};
pub use sattr::{Sattr3, SetTime3};
pub use setattr::{SetAttrArgs, SetAttrOk, SetAttrRes};
pub use status::{Failure, NfsStat3};
pub use symlink::{SymlinkArgs, SymlinkRes};
pub use wcc::{WccAttr, WccData};
pub use write::{StableHow, WriteArgs, WriteOk, WriteRes, WriteVerifier3};

rpc_program! {
    program 100_003 version 3;
    /// The procedures of NFS version 3 (RFC 1813 section 3.3).
    procedure Procedure3;
    /// Any call's arguments.
    call Call3;
    /// Any call's result.
    reply Reply3;

    /// Does nothing.
    0 Null "NULL" (()) -> ();
    /// Get file attributes.
    1 GetAttr "GETATTR" (GetAttrArgs) -> GetAttrRes;
    /// Set file attributes.
    2 SetAttr "SETATTR" (SetAttrArgs) -> SetAttrRes;
    /// Look up a name in a directory.
    3 Lookup "LOOKUP" (LookupArgs) -> LookupRes;
    /// Check access permission.
    4 Access "ACCESS" (AccessArgs) -> AccessRes;
    /// Read a symbolic link.
    5 ReadLink "READLINK" (ReadLinkArgs) -> ReadLinkRes;
    /// Read from a file.
    6 Read "READ" (ReadArgs) -> ReadRes;
    /// Write to a file.
    7 Write "WRITE" (WriteArgs) -> WriteRes;
    /// Create a regular file.
    8 Create "CREATE" (CreateArgs) -> CreateRes;
    /// Create a directory.
    9 Mkdir "MKDIR" (MkdirArgs) -> MkdirRes;
    /// Create a symbolic link.
    10 Symlink "SYMLINK" (SymlinkArgs) -> SymlinkRes;
    /// Create a special file.
    11 Mknod "MKNOD" (MknodArgs) -> MknodRes;
    /// Remove a file.
    12 Remove "REMOVE" (RemoveArgs) -> RemoveRes;
    /// Remove a directory.
    13 Rmdir "RMDIR" (RmdirArgs) -> RmdirRes;
    /// Rename a file or directory.
    14 Rename "RENAME" (RenameArgs) -> RenameRes;
    /// Create a hard link.
    15 Link "LINK" (LinkArgs) -> LinkRes;
    /// Read a directory.
    16 ReadDir "READDIR" (ReadDirArgs) -> ReadDirRes;
    /// Read a directory with attributes and handles.
    17 ReadDirPlus "READDIRPLUS" (ReadDirPlusArgs) -> ReadDirPlusRes;
    /// Get what changes about a filesystem: space and inodes.
    18 FsStat "FSSTAT" (FsStatArgs) -> FsStatRes;
    /// Get what is fixed about a filesystem: sizes and abilities.
    19 FsInfo "FSINFO" (FsInfoArgs) -> FsInfoRes;
    /// Get POSIX path information.
    20 PathConf "PATHCONF" (PathConfArgs) -> PathConfRes;
    /// Commit written data to stable storage.
    21 Commit "COMMIT" (CommitArgs) -> CommitRes;
}
