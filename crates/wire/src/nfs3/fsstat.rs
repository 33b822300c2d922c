//! Procedure 18, FSSTAT (RFC 1813 section 3.3.18).

use crate::nfs3::{Failure, GetAttrArgs, PostOpAttr};

/// `FSSTAT3args`: an object of the filesystem.
pub type FsStatArgs = GetAttrArgs;

xdr_struct! {
    /// `FSSTAT3resok`.
    #[derive(Copy)]
    pub struct FsStatOk {
        /// The object's attributes.
        pub attributes: PostOpAttr,
        /// Total size, bytes.
        pub total_bytes: u64,
        /// Free space, bytes.
        pub free_bytes: u64,
        /// Free space for this caller, bytes.
        pub available_bytes: u64,
        /// Total inodes.
        pub total_files: u64,
        /// Free inodes.
        pub free_files: u64,
        /// Free inodes for this caller.
        pub available_files: u64,
        /// Seconds for which these numbers are not expected to change; 0 if they may at any time.
        pub invariant_seconds: u32,
    }
}

/// `FSSTAT3res`; a failure carries the object's attributes.
pub type FsStatRes = Result<FsStatOk, Failure<PostOpAttr>>;
