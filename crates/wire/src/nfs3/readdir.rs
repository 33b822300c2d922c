//! Procedure 16, READDIR (RFC 1813 section 3.3.16).

use crate::limits::DIRECTORY_ENTRIES_MAX;
use crate::nfs3::{Failure, FileHandle, Filename3, PostOpAttr};
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_verifier! {
    /// `cookieverf3`: tells whether cookies of an earlier reply are still valid.
    pub struct CookieVerifier3;
}

xdr_struct! {
    /// `READDIR3args`.
    #[derive(Copy)]
    pub struct ReadDirArgs {
        /// The directory.
        pub dir: FileHandle,
        /// Where to go on: zero, or the cookie of the last entry seen.
        pub cookie: u64,
        /// The verifier that came with the cookie; zero with cookie zero.
        pub verifier: CookieVerifier3,
        /// Most bytes of the encoded `READDIR3resok`.
        pub count: u32,
    }
}

xdr_struct! {
    /// `entry3`, without its link to the next.
    pub struct Entry3 {
        /// Inode number.
        pub fileid: u64,
        /// Name.
        pub name: Filename3,
        /// Where a listing goes on behind this entry.
        pub cookie: u64,
    }
}

/// `READDIR3resok`. [`ReadDirBudget`](crate::nfs3::ReadDirBudget) keeps it within the caller's count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadDirOk {
    /// The directory's attributes.
    pub dir_attributes: PostOpAttr,
    /// To be sent back with the cookies.
    pub verifier: CookieVerifier3,
    /// The entries, in cookie order.
    pub entries: Vec<Entry3>,
    /// Whether the last entry is the directory's last.
    pub eof: bool,
}

impl Encode for ReadDirOk {
    fn encode(&self, out: &mut Rope) {
        self.dir_attributes.encode(out);
        self.verifier.encode(out);
        out.put_list(&self.entries);
        out.put_bool(self.eof);
    }
}

impl Decode for ReadDirOk {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(Self {
            dir_attributes: Decode::decode(input)?,
            verifier: Decode::decode(input)?,
            entries: input.list(DIRECTORY_ENTRIES_MAX)?,
            eof: input.bool()?,
        })
    }
}

/// `READDIR3res`; a failure carries the directory's attributes.
pub type ReadDirRes = Result<ReadDirOk, Failure<PostOpAttr>>;

#[cfg(test)]
impl crate::sample::Sample for ReadDirOk {
    fn sample(random: &mut crate::sample::Source) -> Self {
        Self {
            dir_attributes: PostOpAttr::sample(random),
            verifier: CookieVerifier3::sample(random),
            entries: random.list(),
            eof: bool::sample(random),
        }
    }
}
