//! Procedure 20, PATHCONF (RFC 1813 section 3.3.20).

use crate::nfs3::{Failure, GetAttrArgs, PostOpAttr};

/// `PATHCONF3args`: the object.
pub type PathConfArgs = GetAttrArgs;

xdr_struct! {
    /// `PATHCONF3resok`.
    #[derive(Copy)]
    pub struct PathConfOk {
        /// The object's attributes.
        pub attributes: PostOpAttr,
        /// Most hard links.
        pub link_max: u32,
        /// Longest name, bytes.
        pub name_max: u32,
        /// Whether a longer name is refused, not cut.
        pub no_trunc: bool,
        /// Whether only privileged callers may change an owner.
        pub chown_restricted: bool,
        /// Whether names that differ only in case are the same.
        pub case_insensitive: bool,
        /// Whether names keep their case.
        pub case_preserving: bool,
    }
}

/// `PATHCONF3res`; a failure carries the object's attributes.
pub type PathConfRes = Result<PathConfOk, Failure<PostOpAttr>>;
