//! The engine's values and errors in the words of the port. Total: no arm catches what is not named.

use bytes::Bytes;
use holdfast_api::files::{FileKind, FileVersion, FilesError, Metadata, Resource};
use holdfast_base::Timestamp;
use holdfast_engine::{Attr, Error, FileKind as Kind};

/// An inode as the HTTP front end shows it.
pub(super) fn metadata(attr: &Attr, target: Option<Bytes>) -> Metadata {
    Metadata {
        kind: kind(attr.kind),
        size: attr.size,
        mode: attr.mode,
        uid: attr.uid,
        gid: attr.gid,
        links: attr.nlink,
        accessed_at: attr.atime,
        modified_at: attr.mtime,
        changed_at: attr.ctime,
        version: version(attr),
        target,
    }
}

/// The state of a file's content. The change time moves forward with every change of an inode.
pub(super) fn version(attr: &Attr) -> FileVersion {
    FileVersion { inode: attr.ino, change: nanos(attr.ctime) }
}

/// Nanoseconds since the epoch; wraps after 500 years, which keeps neighbours apart all the same.
fn nanos(at: Timestamp) -> u64 {
    (at.seconds as u64).wrapping_mul(1_000_000_000).wrapping_add(u64::from(at.nanos))
}

fn kind(kind: Kind) -> FileKind {
    match kind {
        Kind::Regular => FileKind::File,
        Kind::Directory => FileKind::Directory,
        Kind::Symlink => FileKind::Symlink,
        Kind::Fifo => FileKind::Fifo,
        Kind::Socket => FileKind::Socket,
        Kind::CharDevice => FileKind::CharDevice,
        Kind::BlockDevice => FileKind::BlockDevice,
    }
}

/// What went wrong, for the HTTP front end.
pub(super) fn failed(error: Error) -> FilesError {
    match error {
        // A path was looked up and its end was removed before the next step: it is not there.
        Error::NotFound | Error::Stale => FilesError::NotFound,
        Error::Exists => FilesError::Exists,
        Error::NotDirectory => FilesError::NotADirectory,
        Error::IsDirectory => FilesError::IsADirectory,
        Error::NotEmpty => FilesError::NotEmpty,
        // Root meets these only where nobody may change anything, such as in a directory that has all the
        // subdirectories it may have.
        Error::AccessDenied | Error::NotPermitted | Error::TooManyLinks | Error::ReadOnly => {
            FilesError::AccessDenied
        }
        Error::NameTooLong => FilesError::NameTooLong,
        Error::QuotaExceeded { used, limit, unit } => {
            let resource = if unit == "inodes" { Resource::Inodes } else { Resource::Bytes };
            FilesError::NoSpace { resource, limit, used }
        }
        Error::FileTooLarge => FilesError::FileTooLarge,
        Error::TooManySymlinks => FilesError::TooManySymlinks,
        Error::NotSync => FilesError::PreconditionFailed,
        Error::NotSupported(_) => FilesError::NotRegular,
        Error::NoSuchVolume => FilesError::NoVolume,
        Error::Locked(_) => FilesError::Locked(Box::new(error)),
        Error::NoSuchSnapshot => FilesError::NoSnapshot,
        Error::Unavailable(_) => FilesError::Unavailable(Box::new(error)),
        // The port's values make sense by their types, so an argument that makes none is a defect here.
        Error::Invalid(_) | Error::Corrupt(_) | Error::Io(_) => FilesError::Io(Box::new(error)),
    }
}
