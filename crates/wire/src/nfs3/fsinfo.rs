//! Procedure 19, FSINFO (RFC 1813 section 3.3.19).

use crate::nfs3::{Failure, GetAttrArgs, NfsTime3, PostOpAttr};

/// The bits of [`FsInfoOk::properties`].
pub mod properties {
    /// FSF3_LINK: hard links.
    pub const LINK: u32 = 0x01;
    /// FSF3_SYMLINK: symbolic links.
    pub const SYMLINK: u32 = 0x02;
    /// FSF3_HOMOGENEOUS: PATHCONF says the same of every object.
    pub const HOMOGENEOUS: u32 = 0x08;
    /// FSF3_CANSETTIME: SETATTR can set times.
    pub const CAN_SET_TIME: u32 = 0x10;
}

/// `FSINFO3args`: the filesystem's root.
pub type FsInfoArgs = GetAttrArgs;

xdr_struct! {
    /// `FSINFO3resok`.
    #[derive(Copy)]
    pub struct FsInfoOk {
        /// The root's attributes.
        pub attributes: PostOpAttr,
        /// Most bytes of a READ.
        pub read_max_bytes: u32,
        /// Preferred bytes of a READ.
        pub read_preferred_bytes: u32,
        /// Suggested multiple for the size of a READ.
        pub read_multiple_bytes: u32,
        /// Most bytes of a WRITE.
        pub write_max_bytes: u32,
        /// Preferred bytes of a WRITE.
        pub write_preferred_bytes: u32,
        /// Suggested multiple for the size of a WRITE.
        pub write_multiple_bytes: u32,
        /// Preferred `count` of a READDIR.
        pub readdir_preferred_bytes: u32,
        /// Largest file, bytes.
        pub file_size_max_bytes: u64,
        /// Resolution of times: the smallest difference that the server keeps.
        pub time_delta: NfsTime3,
        /// What the filesystem can do: bits of [`properties`].
        pub properties: u32,
    }
}

/// `FSINFO3res`; a failure carries the object's attributes.
pub type FsInfoRes = Result<FsInfoOk, Failure<PostOpAttr>>;
