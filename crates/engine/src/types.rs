//! The values that operations take and give: attributes, callers, names, listings.

use bytes::Bytes;
use holdfast_base::{Timestamp, VolumeSettings};
use smallvec::SmallVec;

/// An inode number: unique in its volume, never reused.
pub type Ino = u64;

/// The inode of a volume's root directory.
pub const ROOT_INO: Ino = 1;

/// What an inode is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FileKind {
    /// A regular file.
    Regular = 1,
    /// A directory.
    Directory = 2,
    /// A block device (stored, never opened).
    BlockDevice = 3,
    /// A character device (stored, never opened).
    CharDevice = 4,
    /// A symbolic link.
    Symlink = 5,
    /// A socket.
    Socket = 6,
    /// A named pipe.
    Fifo = 7,
}

impl FileKind {
    /// The kind with this number (the same numbers as RFC 1813's ftype3).
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Regular,
            2 => Self::Directory,
            3 => Self::BlockDevice,
            4 => Self::CharDevice,
            5 => Self::Symlink,
            6 => Self::Socket,
            7 => Self::Fifo,
            _ => return None,
        })
    }
}

/// Everything `stat` shows of an inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attr {
    /// Inode number.
    pub ino: Ino,
    /// Generation: differs when a number is, against all odds, given out twice.
    pub generation: u32,
    /// Kind of file.
    pub kind: FileKind,
    /// Permission bits and setuid, setgid, sticky: the low 12 bits.
    pub mode: u32,
    /// Hard links.
    pub nlink: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Bytes that count against the limit (holes do not).
    pub used: u64,
    /// Device numbers (major, minor) of a device file.
    pub rdev: (u32, u32),
    /// Last access.
    pub atime: Timestamp,
    /// Last change of the content.
    pub mtime: Timestamp,
    /// Last change of the inode.
    pub ctime: Timestamp,
}

/// The attributes of RFC 1813's `wcc_attr`, taken under the operation's lock before it changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreAttr {
    /// Size in bytes.
    pub size: u64,
    /// Last change of the content.
    pub mtime: Timestamp,
    /// Last change of the inode.
    pub ctime: Timestamp,
}

impl From<&Attr> for PreAttr {
    fn from(attr: &Attr) -> Self {
        Self { size: attr.size, mtime: attr.mtime, ctime: attr.ctime }
    }
}

/// Attributes before and after, both from under the operation's lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wcc {
    /// Before.
    pub before: PreAttr,
    /// After.
    pub after: Attr,
}

/// Who asks, as AUTH_SYS or the HTTP layer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// User id; 0 passes every permission check but those that bind root too.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: SmallVec<[u32; 16]>,
}

impl Caller {
    /// Root: every permission check passes.
    pub fn root() -> Self {
        Self { uid: 0, gid: 0, groups: SmallVec::new() }
    }

    /// A user without supplementary groups.
    pub fn user(uid: u32, gid: u32) -> Self {
        Self { uid, gid, groups: SmallVec::new() }
    }

    /// Whether the caller is in `gid`.
    pub fn in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }

    /// Whether the caller is root.
    pub fn is_root(&self) -> bool {
        self.uid == 0
    }
}

/// How a time is to be set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SetTime {
    /// Leave it.
    #[default]
    Keep,
    /// The server's clock.
    ServerNow,
    /// This time.
    To(Timestamp),
}

/// Attributes to set; `None` leaves one as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetAttr {
    /// Permission bits (low 12).
    pub mode: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Size: truncates or extends with a hole.
    pub size: Option<u64>,
    /// Access time.
    pub atime: SetTime,
    /// Modification time.
    pub mtime: SetTime,
}

/// How CREATE treats a name that exists (RFC 1813 section 3.3.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateMode {
    /// Use the existing file (its size may be set by the attributes).
    Unchecked(SetAttr),
    /// Refuse.
    Guarded(SetAttr),
    /// Refuse unless the file was made with this very verifier.
    Exclusive([u8; 8]),
}

/// What MKNOD makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device with major and minor number.
    CharDevice(u32, u32),
    /// A block device with major and minor number.
    BlockDevice(u32, u32),
}

/// The answer of operations that make or find an entry.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The entry's inode.
    pub attr: Attr,
    /// The directory before and after.
    pub dir: Wcc,
}

/// The answer of RENAME.
#[derive(Clone, Copy, Debug)]
pub struct Renamed {
    /// The directory the entry left.
    pub from_dir: Wcc,
    /// The directory it entered (equal to `from_dir` for a rename in place).
    pub to_dir: Wcc,
}

/// The answer of LINK.
#[derive(Clone, Copy, Debug)]
pub struct Linked {
    /// The file, with its new link count.
    pub attr: Attr,
    /// The directory of the new name.
    pub dir: Wcc,
}

/// The answer of WRITE.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Bytes taken: always all of them.
    pub count: u32,
    /// The file before and after.
    pub wcc: Wcc,
}

/// The answer of READ. Holes come as shared zero pages.
#[derive(Clone, Debug)]
pub struct ReadData {
    /// The bytes, in order, in as many pieces as storage had them.
    pub chunks: Vec<Bytes>,
    /// Their total length.
    pub len: u32,
    /// Whether the end of the file was reached.
    pub eof: bool,
    /// Attributes at the time of the read.
    pub attr: Attr,
}

/// One entry of a listing.
#[derive(Clone, Debug)]
pub struct ListEntry {
    /// Inode number.
    pub ino: Ino,
    /// Kind of file.
    pub kind: FileKind,
    /// The name, as bytes.
    pub name: Bytes,
    /// Where a listing goes on after this entry: valid for ever.
    pub cookie: u64,
    /// The inode's attributes, when they were asked for.
    pub attr: Option<Attr>,
}

/// A part of a directory's listing.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Entries in cookie order. `.` and `..` are not among them.
    pub entries: Vec<ListEntry>,
    /// Whether the directory has no more entries.
    pub end: bool,
    /// The directory itself.
    pub dir: Attr,
    /// The inode of the parent directory (the root's is the root).
    pub parent: Ino,
}

/// Space and inodes of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeUsage {
    /// Bytes of file data in use.
    pub used_bytes: u64,
    /// Limit in bytes.
    pub limit_bytes: u64,
    /// Inodes in use, the root included.
    pub used_inodes: u64,
    /// Limit of inodes.
    pub limit_inodes: u64,
}

/// How a new volume starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Limit in bytes.
    pub limit_bytes: u64,
    /// Limit of inodes.
    pub limit_inodes: u64,
    /// Durability class and compression.
    pub settings: VolumeSettings,
}

/// Access bits as ACCESS asks for them (RFC 1813 section 3.3.4 uses the same split).
pub mod access {
    /// Read a file's data or a directory's entries.
    pub const READ: u32 = 0x01;
    /// Look a name up in a directory.
    pub const LOOKUP: u32 = 0x02;
    /// Change existing file data or directory entries.
    pub const MODIFY: u32 = 0x04;
    /// Write new data or add entries.
    pub const EXTEND: u32 = 0x08;
    /// Delete an entry of a directory.
    pub const DELETE: u32 = 0x10;
    /// Execute a file.
    pub const EXECUTE: u32 = 0x20;
}
