//! Procedure 14, RENAME (RFC 1813 section 3.3.14).

use crate::nfs3::{DirOpArgs3, Failure, WccData};

xdr_struct! {
    /// `RENAME3args`.
    pub struct RenameArgs {
        /// The name that is.
        pub from: DirOpArgs3,
        /// The name that shall be.
        pub to: DirOpArgs3,
    }
}

xdr_struct! {
    /// Both arms of RENAME: the two directories before and after.
    #[derive(Copy, Default)]
    pub struct RenameWcc {
        /// The directory of the old name.
        pub from_dir: WccData,
        /// The directory of the new name.
        pub to_dir: WccData,
    }
}

/// `RENAME3res`; both arms carry the directories' weak cache consistency data.
pub type RenameRes = Result<RenameWcc, Failure<RenameWcc>>;
