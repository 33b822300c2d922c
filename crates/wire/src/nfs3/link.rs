//! Procedure 15, LINK (RFC 1813 section 3.3.15).

use crate::nfs3::{DirOpArgs3, Failure, FileHandle, PostOpAttr, WccData};

xdr_struct! {
    /// `LINK3args`.
    pub struct LinkArgs {
        /// The existing object.
        pub file: FileHandle,
        /// The new name.
        pub link: DirOpArgs3,
    }
}

xdr_struct! {
    /// `LINK3resok`, and the body of `LINK3resfail`.
    #[derive(Copy, Default)]
    pub struct LinkOk {
        /// The object's attributes.
        pub attributes: PostOpAttr,
        /// The new name's directory before and after.
        pub dir_wcc: WccData,
    }
}

/// What a failed LINK carries: the same as a successful one.
pub type LinkFail = LinkOk;

/// `LINK3res`.
pub type LinkRes = Result<LinkOk, Failure<LinkFail>>;
