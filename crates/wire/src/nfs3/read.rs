//! Procedure 6, READ (RFC 1813 section 3.3.6).

use crate::nfs3::{Failure, FileHandle, PostOpAttr};
use crate::xdr::Payload;

xdr_struct! {
    /// `READ3args`.
    #[derive(Copy)]
    pub struct ReadArgs {
        /// The file.
        pub file: FileHandle,
        /// Where to begin, bytes.
        pub offset: u64,
        /// How much to read at most, bytes.
        pub count: u32,
    }
}

xdr_struct! {
    /// `READ3resok`.
    pub struct ReadOk {
        /// The file's attributes.
        pub attributes: PostOpAttr,
        /// Bytes read; the length of `data`, which [`ReadOk::new`] makes sure of.
        pub count: u32,
        /// Whether the read ended at the end of the file.
        pub eof: bool,
        /// The bytes; large buffers are sent without being copied.
        pub data: Payload,
    }
}

impl ReadOk {
    /// A result whose count is the length of its data.
    pub fn new(attributes: PostOpAttr, eof: bool, data: impl Into<Payload>) -> Self {
        let data = data.into();
        Self { attributes, count: data.len() as u32, eof, data }
    }
}

/// `READ3res`; a failure carries the file's attributes.
pub type ReadRes = Result<ReadOk, Failure<PostOpAttr>>;
