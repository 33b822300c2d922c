//! File attributes (RFC 1813 section 2.6, `fattr3` and its parts).

use holdfast_base::Timestamp;

use crate::nfs3::FileHandle;
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_enum! {
    /// `ftype3`: what kind of object it is.
    pub enum Ftype3 {
        /// NF3REG: a regular file.
        Regular = 1,
        /// NF3DIR: a directory.
        Directory = 2,
        /// NF3BLK: a block device.
        Block = 3,
        /// NF3CHR: a character device.
        Character = 4,
        /// NF3LNK: a symbolic link.
        Symlink = 5,
        /// NF3SOCK: a socket.
        Socket = 6,
        /// NF3FIFO: a named pipe.
        Fifo = 7,
    }
}

xdr_struct! {
    /// `specdata3`: a device number.
    #[derive(Copy, Default)]
    pub struct SpecData3 {
        /// Major number on POSIX.
        pub major: u32,
        /// Minor number on POSIX.
        pub minor: u32,
    }
}

xdr_struct! {
    /// `nfstime3`: time since 1970-01-01 UTC. The protocol does not say that nanoseconds stay below a second; a
    /// server that takes times from clients checks it.
    #[derive(Copy, Default, PartialOrd, Ord, Hash)]
    pub struct NfsTime3 {
        /// Whole seconds.
        pub seconds: u32,
        /// Nanoseconds.
        pub nanos: u32,
    }
}

impl From<Timestamp> for NfsTime3 {
    /// Times outside 1970 to 2106 become the nearest one the wire can hold.
    fn from(time: Timestamp) -> Self {
        match u32::try_from(time.seconds) {
            Ok(seconds) => Self { seconds, nanos: time.nanos },
            Err(_) if time.seconds < 0 => Self::default(),
            Err(_) => Self { seconds: u32::MAX, nanos: 999_999_999 },
        }
    }
}

impl From<NfsTime3> for Timestamp {
    fn from(time: NfsTime3) -> Self {
        Self { seconds: i64::from(time.seconds), nanos: time.nanos }
    }
}

/// `fattr3`: all attributes of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fattr3 {
    /// Kind of object.
    pub kind: Ftype3,
    /// Permission bits: the low twelve, with set-uid, set-gid and sticky.
    pub mode: u32,
    /// Hard links.
    pub nlink: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size, bytes.
    pub size: u64,
    /// Space taken, bytes.
    pub used: u64,
    /// Device number; zero unless `kind` is a device.
    pub rdev: SpecData3,
    /// Identifies the filesystem within the server.
    pub fsid: u64,
    /// Inode number, unique within the filesystem.
    pub fileid: u64,
    /// Last access.
    pub atime: NfsTime3,
    /// Last change of content.
    pub mtime: NfsTime3,
    /// Last change of attributes.
    pub ctime: NfsTime3,
}

/// `post_op_attr`: attributes if the server can give them.
pub type PostOpAttr = Option<Fattr3>;

/// `post_op_fh3`: a handle if the server can give one.
pub type PostOpFh3 = Option<FileHandle>;

/// Encoded length of [`Fattr3`], bytes.
pub const FATTR3_BYTES: usize = 84;

/// In one buffer and with one append: attributes are in nearly every reply.
impl Encode for Fattr3 {
    fn encode(&self, out: &mut Rope) {
        let halves = |wide: u64| [(wide >> 32) as u32, wide as u32];
        let [size_high, size_low] = halves(self.size);
        let [used_high, used_low] = halves(self.used);
        let [fsid_high, fsid_low] = halves(self.fsid);
        let [fileid_high, fileid_low] = halves(self.fileid);
        let words: [u32; FATTR3_BYTES / 4] = [
            self.kind.as_u32(),
            self.mode,
            self.nlink,
            self.uid,
            self.gid,
            size_high,
            size_low,
            used_high,
            used_low,
            self.rdev.major,
            self.rdev.minor,
            fsid_high,
            fsid_low,
            fileid_high,
            fileid_low,
            self.atime.seconds,
            self.atime.nanos,
            self.mtime.seconds,
            self.mtime.nanos,
            self.ctime.seconds,
            self.ctime.nanos,
        ];
        let mut bytes = [0; FATTR3_BYTES];
        for (target, word) in bytes.chunks_exact_mut(4).zip(words) {
            target.copy_from_slice(&word.to_be_bytes());
        }
        out.put_raw(&bytes);
    }
}

impl Decode for Fattr3 {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(Self {
            kind: Decode::decode(input)?,
            mode: input.u32()?,
            nlink: input.u32()?,
            uid: input.u32()?,
            gid: input.u32()?,
            size: input.u64()?,
            used: input.u64()?,
            rdev: Decode::decode(input)?,
            fsid: input.u64()?,
            fileid: input.u64()?,
            atime: Decode::decode(input)?,
            mtime: Decode::decode(input)?,
            ctime: Decode::decode(input)?,
        })
    }
}

#[cfg(test)]
impl crate::sample::Sample for Fattr3 {
    fn sample(random: &mut crate::sample::Source) -> Self {
        Self {
            kind: Ftype3::sample(random),
            mode: u32::sample(random),
            nlink: u32::sample(random),
            uid: u32::sample(random),
            gid: u32::sample(random),
            size: random.u64(),
            used: random.u64(),
            rdev: SpecData3::sample(random),
            fsid: random.u64(),
            fileid: random.u64(),
            atime: NfsTime3::sample(random),
            mtime: NfsTime3::sample(random),
            ctime: NfsTime3::sample(random),
        }
    }
}
