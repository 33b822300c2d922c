//! Procedure 2, SETATTR (RFC 1813 section 3.3.2).

use crate::nfs3::{Failure, FileHandle, NfsTime3, Sattr3, WccData};

xdr_struct! {
    /// `SETATTR3args`.
    #[derive(Copy)]
    pub struct SetAttrArgs {
        /// The object.
        pub object: FileHandle,
        /// What to set.
        pub attributes: Sattr3,
        /// `sattrguard3`: the change time that the object must have; otherwise NFS3ERR_NOT_SYNC and no change.
        pub guard: Option<NfsTime3>,
    }
}

xdr_struct! {
    /// `SETATTR3resok`.
    #[derive(Copy, Default)]
    pub struct SetAttrOk {
        /// The object before and after.
        pub wcc: WccData,
    }
}

/// `SETATTR3res`; a failure carries the object's weak cache consistency data.
pub type SetAttrRes = Result<SetAttrOk, Failure<WccData>>;
