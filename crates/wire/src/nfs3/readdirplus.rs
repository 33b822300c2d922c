//! Procedure 17, READDIRPLUS (RFC 1813 section 3.3.17).

use crate::limits::DIRECTORY_ENTRIES_MAX;
use crate::nfs3::{CookieVerifier3, Failure, FileHandle, Filename3, PostOpAttr, PostOpFh3};
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_struct! {
    /// `READDIRPLUS3args`.
    #[derive(Copy)]
    pub struct ReadDirPlusArgs {
        /// The directory.
        pub dir: FileHandle,
        /// Where to go on: zero, or the cookie of the last entry seen.
        pub cookie: u64,
        /// The verifier that came with the cookie; zero with cookie zero.
        pub verifier: CookieVerifier3,
        /// Most bytes of inode numbers, names and cookies: what READDIR would return.
        pub dircount: u32,
        /// Most bytes of the encoded `READDIRPLUS3resok`.
        pub maxcount: u32,
    }
}

xdr_struct! {
    /// `entryplus3`, without its link to the next.
    pub struct EntryPlus3 {
        /// Inode number.
        pub fileid: u64,
        /// Name.
        pub name: Filename3,
        /// Where a listing goes on behind this entry.
        pub cookie: u64,
        /// The object's attributes.
        pub attributes: PostOpAttr,
        /// The object's handle.
        pub handle: PostOpFh3,
    }
}

/// `READDIRPLUS3resok`. [`ReadDirPlusBudget`](crate::nfs3::ReadDirPlusBudget) keeps it within the caller's counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadDirPlusOk {
    /// The directory's attributes.
    pub dir_attributes: PostOpAttr,
    /// To be sent back with the cookies.
    pub verifier: CookieVerifier3,
    /// The entries, in cookie order.
    pub entries: Vec<EntryPlus3>,
    /// Whether the last entry is the directory's last.
    pub eof: bool,
}

impl Encode for ReadDirPlusOk {
    fn encode(&self, out: &mut Rope) {
        self.dir_attributes.encode(out);
        self.verifier.encode(out);
        out.put_list(&self.entries);
        out.put_bool(self.eof);
    }
}

impl Decode for ReadDirPlusOk {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(Self {
            dir_attributes: Decode::decode(input)?,
            verifier: Decode::decode(input)?,
            entries: input.list(DIRECTORY_ENTRIES_MAX)?,
            eof: input.bool()?,
        })
    }
}

/// `READDIRPLUS3res`; a failure carries the directory's attributes.
pub type ReadDirPlusRes = Result<ReadDirPlusOk, Failure<PostOpAttr>>;

#[cfg(test)]
impl crate::sample::Sample for ReadDirPlusOk {
    fn sample(random: &mut crate::sample::Source) -> Self {
        Self {
            dir_attributes: PostOpAttr::sample(random),
            verifier: CookieVerifier3::sample(random),
            entries: random.list(),
            eof: bool::sample(random),
        }
    }
}
