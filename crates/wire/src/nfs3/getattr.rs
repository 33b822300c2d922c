//! Procedure 1, GETATTR (RFC 1813 section 3.3.1).

use crate::nfs3::{Failure, Fattr3, FileHandle};

xdr_struct! {
    /// `GETATTR3args`.
    #[derive(Copy)]
    pub struct GetAttrArgs {
        /// The object.
        pub object: FileHandle,
    }
}

xdr_struct! {
    /// `GETATTR3resok`.
    #[derive(Copy)]
    pub struct GetAttrOk {
        /// Its attributes.
        pub attributes: Fattr3,
    }
}

/// `GETATTR3res`; a failure carries nothing.
pub type GetAttrRes = Result<GetAttrOk, Failure<()>>;
