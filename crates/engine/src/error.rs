//! What can go wrong in an operation, in POSIX terms.
//!
//! The kinds say what the caller must do. Each front end maps them totally (no catch-all arm) to its own
//! protocol. Sources are kept in the chain and logged by the consumer; they never reach a tenant.

use std::sync::Arc;

/// The result of an engine operation.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation was refused or failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// No such entry (ENOENT).
    #[error("no such file or directory")]
    NotFound,
    /// The inode of a handle is gone (ESTALE).
    #[error("the file behind this handle was removed")]
    Stale,
    /// The name is taken (EEXIST).
    #[error("the name exists already")]
    Exists,
    /// A directory was needed (ENOTDIR).
    #[error("not a directory")]
    NotDirectory,
    /// A directory was given where it cannot be (EISDIR).
    #[error("is a directory")]
    IsDirectory,
    /// The directory still has entries (ENOTEMPTY).
    #[error("the directory is not empty")]
    NotEmpty,
    /// The mode bits do not allow it (EACCES).
    #[error("permission denied")]
    AccessDenied,
    /// Only the owner or root may do it (EPERM).
    #[error("operation not permitted")]
    NotPermitted,
    /// A name over 255 bytes or a path over 4,096 (ENAMETOOLONG).
    #[error("the name is too long")]
    NameTooLong,
    /// The arguments make no sense together (EINVAL).
    #[error("invalid argument: {0}")]
    Invalid(&'static str),
    /// The volume's byte or inode limit would be passed (EDQUOT).
    #[error("the filesystem is full: {used} of {limit} {unit} used")]
    QuotaExceeded {
        /// In use before the operation.
        used: u64,
        /// The volume's limit.
        limit: u64,
        /// `bytes` or `inodes`.
        unit: &'static str,
    },
    /// An offset or size over 2^63 - 1 (EFBIG).
    #[error("the file would be too large")]
    FileTooLarge,
    /// More than 65,000 links (EMLINK).
    #[error("too many links")]
    TooManyLinks,
    /// More symbolic links on the way than may be followed (ELOOP).
    #[error("too many symbolic links")]
    TooManySymlinks,
    /// A guarded SETATTR whose ctime no longer matches (NFS3ERR_NOT_SYNC).
    #[error("the file has changed since the caller looked")]
    NotSync,
    /// The operation is not possible on this kind of file (ENOTSUP / NFS3ERR_BADTYPE).
    #[error("not supported: {0}")]
    NotSupported(&'static str),
    /// A snapshot cannot be changed (EROFS).
    #[error("a snapshot is read-only")]
    ReadOnly,
    /// The volume does not exist on this node's store.
    #[error("no such volume")]
    NoSuchVolume,
    /// The volume has no such snapshot.
    #[error("no such snapshot")]
    NoSuchSnapshot,
    /// Try again later: the store or the disk is slow or down, or a limit is reached.
    #[error("temporarily unavailable: {0}")]
    Unavailable(Arc<str>),
    /// The volume is encrypted and this node cannot open its key: it has no master key, or another one.
    #[error("the volume is locked: {0}")]
    Locked(Arc<str>),
    /// Stored bytes do not match their checksum, or a record makes no sense.
    #[error("corrupt data: {0}")]
    Corrupt(Arc<str>),
    /// The disk or the store failed for good.
    #[error("input/output error: {0}")]
    Io(Arc<str>),
}

impl Error {
    /// An [`Error::Corrupt`] from a text.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into().into())
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string().into())
    }
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Corrupt(format!("missing object: {error}").into()),
            other => Self::Unavailable(format!("object store: {other}").into()),
        }
    }
}

impl From<slatedb::Error> for Error {
    fn from(error: slatedb::Error) -> Self {
        match error.kind() {
            slatedb::ErrorKind::Data => Self::Corrupt(format!("index: {error}").into()),
            _ => Self::Unavailable(format!("index: {error}").into()),
        }
    }
}
