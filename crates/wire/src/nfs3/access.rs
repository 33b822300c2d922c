//! Procedure 4, ACCESS (RFC 1813 section 3.3.4). Its constants are the bits of both `access` fields.

use crate::nfs3::{Failure, FileHandle, PostOpAttr};

/// ACCESS3_READ: read a file or list a directory.
pub const READ: u32 = 0x01;
/// ACCESS3_LOOKUP: look up a name in a directory.
pub const LOOKUP: u32 = 0x02;
/// ACCESS3_MODIFY: rewrite a file's data or change a directory's entries.
pub const MODIFY: u32 = 0x04;
/// ACCESS3_EXTEND: write new data or add entries.
pub const EXTEND: u32 = 0x08;
/// ACCESS3_DELETE: delete an entry of a directory.
pub const DELETE: u32 = 0x10;
/// ACCESS3_EXECUTE: run a file; without a meaning for a directory.
pub const EXECUTE: u32 = 0x20;

xdr_struct! {
    /// `ACCESS3args`.
    #[derive(Copy)]
    pub struct AccessArgs {
        /// The object.
        pub object: FileHandle,
        /// What is asked for: bits such as [`READ`]. Unknown bits may be set.
        pub access: u32,
    }
}

xdr_struct! {
    /// `ACCESS3resok`.
    #[derive(Copy)]
    pub struct AccessOk {
        /// The object's attributes.
        pub attributes: PostOpAttr,
        /// What is granted, of what was asked for.
        pub access: u32,
    }
}

/// `ACCESS3res`; a failure carries the object's attributes.
pub type AccessRes = Result<AccessOk, Failure<PostOpAttr>>;
