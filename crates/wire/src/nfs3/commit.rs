//! Procedure 21, COMMIT (RFC 1813 section 3.3.21).

use crate::nfs3::{Failure, FileHandle, WccData, WriteVerifier3};

xdr_struct! {
    /// `COMMIT3args`.
    #[derive(Copy)]
    pub struct CommitArgs {
        /// The file.
        pub file: FileHandle,
        /// Where to begin, bytes.
        pub offset: u64,
        /// How much, bytes; 0 means to the end of the file.
        pub count: u32,
    }
}

xdr_struct! {
    /// `COMMIT3resok`.
    #[derive(Copy)]
    pub struct CommitOk {
        /// The file before and after.
        pub wcc: WccData,
        /// Which incarnation holds the data: a client that got another one from WRITE writes again.
        pub verifier: WriteVerifier3,
    }
}

/// `COMMIT3res`; a failure carries the file's weak cache consistency data.
pub type CommitRes = Result<CommitOk, Failure<WccData>>;
