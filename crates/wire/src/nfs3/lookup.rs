//! Procedure 3, LOOKUP (RFC 1813 section 3.3.3).

use crate::nfs3::{DirOpArgs3, Failure, FileHandle, PostOpAttr};

xdr_struct! {
    /// `LOOKUP3args`.
    pub struct LookupArgs {
        /// Directory and name.
        pub what: DirOpArgs3,
    }
}

xdr_struct! {
    /// `LOOKUP3resok`.
    #[derive(Copy)]
    pub struct LookupOk {
        /// The object found.
        pub object: FileHandle,
        /// The object's attributes.
        pub attributes: PostOpAttr,
        /// The directory's attributes.
        pub dir_attributes: PostOpAttr,
    }
}

/// `LOOKUP3res`; a failure carries the directory's attributes.
pub type LookupRes = Result<LookupOk, Failure<PostOpAttr>>;
