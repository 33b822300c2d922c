//! Procedure 5, READLINK (RFC 1813 section 3.3.5).

use crate::nfs3::{Failure, FileHandle, NfsPath3, PostOpAttr};

xdr_struct! {
    /// `READLINK3args`.
    #[derive(Copy)]
    pub struct ReadLinkArgs {
        /// The symbolic link.
        pub symlink: FileHandle,
    }
}

xdr_struct! {
    /// `READLINK3resok`.
    pub struct ReadLinkOk {
        /// The link's attributes.
        pub attributes: PostOpAttr,
        /// Its target.
        pub target: NfsPath3,
    }
}

/// `READLINK3res`; a failure carries the link's attributes.
pub type ReadLinkRes = Result<ReadLinkOk, Failure<PostOpAttr>>;
