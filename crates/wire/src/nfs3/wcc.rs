//! Weak cache consistency data (RFC 1813 section 2.6): attributes from just before and just after an operation, by
//! which a client sees whether somebody else changed the object in between.

use crate::nfs3::{Fattr3, NfsTime3, PostOpAttr};

xdr_struct! {
    /// `wcc_attr`: the attributes that reveal a change. Taken in one step with the operation, or not at all.
    #[derive(Copy, Default)]
    pub struct WccAttr {
        /// Size before, bytes.
        pub size: u64,
        /// Last change of content before.
        pub mtime: NfsTime3,
        /// Last change of attributes before.
        pub ctime: NfsTime3,
    }
}

impl From<&Fattr3> for WccAttr {
    fn from(attributes: &Fattr3) -> Self {
        Self { size: attributes.size, mtime: attributes.mtime, ctime: attributes.ctime }
    }
}

xdr_struct! {
    /// `wcc_data`: before and after.
    #[derive(Copy, Default)]
    pub struct WccData {
        /// Before the operation (`pre_op_attr`).
        pub before: Option<WccAttr>,
        /// After the operation.
        pub after: PostOpAttr,
    }
}
