//! Procedure 10, SYMLINK (RFC 1813 section 3.3.10).

use crate::nfs3::{CreateRes, DirOpArgs3, NfsPath3, Sattr3};

xdr_struct! {
    /// `SYMLINK3args`, with `symlinkdata3` in place.
    pub struct SymlinkArgs {
        /// Directory and name of the link.
        pub link: DirOpArgs3,
        /// The link's attributes.
        pub attributes: Sattr3,
        /// Its target.
        pub target: NfsPath3,
    }
}

/// `SYMLINK3res`; a failure carries the directory's weak cache consistency data.
pub type SymlinkRes = CreateRes;
