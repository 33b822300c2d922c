//! The 22 procedures of NFS version 3 as methods. An NFS failure is an `Ok` with an `Err` inside: it is an answer.

use holdfast_wire::nfs3::{self, op};

use crate::{Client, ClientError};

macro_rules! methods {
    ($($(#[$meta:meta])* $method:ident $procedure:ident ($args:ident) -> $result:ident;)*) => {
        impl Client {
            /// NULL: does nothing, with a round trip.
            pub async fn nfs_null(&self) -> Result<(), ClientError> {
                self.call::<op::Null>(&()).await
            }

            $(
                $(#[$meta])*
                pub async fn $method(&self, args: &nfs3::$args) -> Result<nfs3::$result, ClientError> {
                    self.call::<op::$procedure>(args).await
                }
            )*
        }
    };
}

methods! {
    /// GETATTR.
    getattr GetAttr (GetAttrArgs) -> GetAttrRes;
    /// SETATTR.
    setattr SetAttr (SetAttrArgs) -> SetAttrRes;
    /// LOOKUP.
    lookup Lookup (LookupArgs) -> LookupRes;
    /// ACCESS.
    access Access (AccessArgs) -> AccessRes;
    /// READLINK.
    readlink ReadLink (ReadLinkArgs) -> ReadLinkRes;
    /// READ.
    read Read (ReadArgs) -> ReadRes;
    /// WRITE.
    write Write (WriteArgs) -> WriteRes;
    /// CREATE.
    create Create (CreateArgs) -> CreateRes;
    /// MKDIR.
    mkdir Mkdir (MkdirArgs) -> MkdirRes;
    /// SYMLINK.
    symlink Symlink (SymlinkArgs) -> SymlinkRes;
    /// MKNOD.
    mknod Mknod (MknodArgs) -> MknodRes;
    /// REMOVE.
    remove Remove (RemoveArgs) -> RemoveRes;
    /// RMDIR.
    rmdir Rmdir (RmdirArgs) -> RmdirRes;
    /// RENAME.
    rename Rename (RenameArgs) -> RenameRes;
    /// LINK.
    link Link (LinkArgs) -> LinkRes;
    /// READDIR.
    readdir ReadDir (ReadDirArgs) -> ReadDirRes;
    /// READDIRPLUS.
    readdirplus ReadDirPlus (ReadDirPlusArgs) -> ReadDirPlusRes;
    /// FSSTAT.
    fsstat FsStat (FsStatArgs) -> FsStatRes;
    /// FSINFO.
    fsinfo FsInfo (FsInfoArgs) -> FsInfoRes;
    /// PATHCONF.
    pathconf PathConf (PathConfArgs) -> PathConfRes;
    /// COMMIT.
    commit Commit (CommitArgs) -> CommitRes;
}
