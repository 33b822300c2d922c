//! The values that go through the port.

use bytes::Bytes;
use holdfast_base::{ByteSize, Timestamp};

use crate::files::Content;

/// Limits of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeLimits {
    /// Bytes of file data.
    pub bytes: ByteSize,
    /// Inodes.
    pub inodes: u64,
}

/// Use and limits of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeUsage {
    /// Bytes of file data in use.
    pub bytes: ByteSize,
    /// Inodes in use, the root among them.
    pub inodes: u64,
    /// The limits.
    pub limits: VolumeLimits,
}

/// What an inode is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

/// One state of one file's content. Two equal versions are the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileVersion {
    /// The inode; never reused.
    pub inode: u64,
    /// Differs after every change of the content; a change of other attributes may change it too.
    pub change: u64,
}

/// What a directory keeps for as long as it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryId {
    /// The inode; never reused.
    pub inode: u64,
    /// Its generation.
    pub generation: u32,
}

/// What is known of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Kind of file.
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
    /// Permission bits with setuid, setgid and sticky: the low 12 bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Hard links.
    pub links: u32,
    /// Last access.
    pub accessed_at: Timestamp,
    /// Last change of the content.
    pub modified_at: Timestamp,
    /// Last change of the inode.
    pub changed_at: Timestamp,
    /// The state of the content.
    pub version: FileVersion,
    /// Where a symbolic link points; told by `stat` without following, may be absent in listings.
    pub target: Option<Bytes>,
}

/// Part of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Entries in cookie order.
    pub entries: Vec<DirectoryEntry>,
    /// Whether these are the last ones.
    pub end: bool,
}

/// One entry of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// Its name, as bytes.
    pub name: Bytes,
    /// Where the listing goes on after it.
    pub cookie: u64,
    /// Of the entry itself, links not followed.
    pub metadata: Metadata,
}

/// A file that was opened, and what it was then.
pub struct Opened {
    /// Of the file that the path led to.
    pub metadata: Metadata,
    /// Its bytes.
    pub content: Box<dyn Content>,
}

/// What was made or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its metadata after the operation.
    pub metadata: Metadata,
    /// Whether it did not exist before.
    pub created: bool,
}

/// Owner and mode of what is made. `None` means 0 for owner and group, 0644 for files and 0755 for directories; for a
/// file that exists it means: as it was. Parents that are made get the same owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Permission bits, the low 12.
    pub mode: Option<u32>,
}

/// What becomes of directories above a path that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parents {
    /// They are made, with these permission bits.
    Make {
        /// Permission bits, the low 12.
        mode: u32,
    },
    /// They must be there; else `NotFound`.
    Require,
}

impl Default for Parents {
    fn default() -> Self {
        Self::Make { mode: 0o755 }
    }
}

/// What changes about a file; `None` leaves a value as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Permission bits, the low 12.
    pub mode: Option<u32>,
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Size of a regular file: what is over it is cut off, what is missing reads as zeros.
    pub size: Option<u64>,
}

/// What must be true of the target for a change to happen; else `PreconditionFailed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// It does not exist.
    Absent,
    /// It exists.
    Present,
    /// It exists in one of these versions.
    Version(Vec<FileVersion>),
}

/// How a file is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutRequest {
    /// Owner and mode.
    pub ownership: Ownership,
    /// What must be true of the file.
    pub precondition: Precondition,
    /// What becomes of missing parents.
    pub parents: Parents,
    /// Bytes that will come, where the client announced them: what cannot fit can be refused at once.
    pub expected_bytes: Option<u64>,
}
