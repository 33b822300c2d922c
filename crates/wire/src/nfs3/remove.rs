//! Procedures 12 and 13, REMOVE and RMDIR (RFC 1813 sections 3.3.12 and 3.3.13).

use crate::nfs3::{DirOpArgs3, Failure, WccData};

xdr_struct! {
    /// `REMOVE3args`.
    pub struct RemoveArgs {
        /// Directory and name.
        pub object: DirOpArgs3,
    }
}

xdr_struct! {
    /// `REMOVE3resok` and `RMDIR3resok`.
    #[derive(Copy, Default)]
    pub struct RemoveOk {
        /// The directory before and after.
        pub dir_wcc: WccData,
    }
}

/// `REMOVE3res`; a failure carries the directory's weak cache consistency data.
pub type RemoveRes = Result<RemoveOk, Failure<WccData>>;

/// `RMDIR3args`.
pub type RmdirArgs = RemoveArgs;

/// `RMDIR3res`; a failure carries the parent's weak cache consistency data.
pub type RmdirRes = RemoveRes;
