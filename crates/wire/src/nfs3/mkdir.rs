//! Procedure 9, MKDIR (RFC 1813 section 3.3.9).

use crate::nfs3::{CreateRes, DirOpArgs3, Sattr3};

xdr_struct! {
    /// `MKDIR3args`.
    pub struct MkdirArgs {
        /// Parent directory and name.
        pub target: DirOpArgs3,
        /// The new directory's attributes.
        pub attributes: Sattr3,
    }
}

/// `MKDIR3res`; a failure carries the parent's weak cache consistency data.
pub type MkdirRes = CreateRes;
