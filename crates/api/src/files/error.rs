//! What can go wrong with files, in POSIX terms. `crate::error` maps each to a status, without a catch-all.

use std::error::Error;
use std::time::Duration;

/// What a volume can run out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Bytes of file data.
    Bytes,
    /// Inodes.
    Inodes,
}

/// Why an operation on files did not happen.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The volume does not exist.
    #[error("the volume does not exist")]
    NoVolume,
    /// The name of a snapshot breaks its rule.
    #[error("{0}")]
    InvalidName(&'static str),
    /// The volume has all the snapshots that it may have.
    #[error("the volume has {0} snapshots, as many as it may have")]
    TooManySnapshots(u64),
    /// The volume has no such snapshot.
    #[error("the snapshot does not exist")]
    NoSnapshot,
    /// No such entry (ENOENT).
    #[error("no such file or directory")]
    NotFound,
    /// A component before the end is not a directory, or a directory was needed at the end (ENOTDIR).
    #[error("not a directory")]
    NotADirectory,
    /// A directory stands where a file is needed (EISDIR).
    #[error("is a directory")]
    IsADirectory,
    /// A pipe, socket or device stands where a regular file is needed.
    #[error("not a regular file")]
    NotRegular,
    /// The name is taken (EEXIST).
    #[error("exists already")]
    Exists,
    /// A directory would be moved into itself (EINVAL of rename).
    #[error("a directory into itself")]
    IntoItself,
    /// The directory is not empty (ENOTEMPTY).
    #[error("directory not empty")]
    NotEmpty,
    /// A limit of the volume would be passed (EDQUOT).
    #[error("no space: {used} {resource:?} of {limit} in use")]
    NoSpace {
        /// What has run out.
        resource: Resource,
        /// The limit.
        limit: u64,
        /// What is in use.
        used: u64,
    },
    /// The file would be larger than a file can be (EFBIG).
    #[error("file too large")]
    FileTooLarge,
    /// A name or a path met through a link is too long (ENAMETOOLONG).
    #[error("name too long")]
    NameTooLong,
    /// Not allowed even to root, such as a change in a snapshot (EACCES, EPERM, EROFS).
    #[error("access denied")]
    AccessDenied,
    /// More than 40 symbolic links on the way (ELOOP).
    #[error("too many symbolic links")]
    TooManySymlinks,
    /// The file is not in a state that the request allows.
    #[error("precondition failed")]
    PreconditionFailed,
    /// The file changed while it was read.
    #[error("the file changed while it was read")]
    Changed,
    /// The upload ended before its end; nothing was changed.
    #[error("the upload failed")]
    Upload(#[from] UploadError),
    /// In use in a way that forbids the operation.
    #[error("busy")]
    Busy,
    /// The volume cannot be reached at the moment; trying again may help.
    #[error("the volume is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The volume is encrypted and the server cannot open its key.
    #[error("the volume's key cannot be opened")]
    Locked(#[source] Box<dyn Error + Send + Sync>),
    /// The volume is damaged, or its storage failed for good.
    #[error("input/output error")]
    Io(#[source] Box<dyn Error + Send + Sync>),
}

/// Why an upload ended early.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// More bytes came than one upload may have.
    #[error("the upload is over {limit_bytes} bytes")]
    TooLarge {
        /// The most bytes of one upload.
        limit_bytes: u64,
    },
    /// No byte came for too long.
    #[error("no byte came for {0:?}")]
    TimedOut(Duration),
    /// The client went away or broke the transfer.
    #[error("the client broke the upload off")]
    Aborted(#[source] Box<dyn Error + Send + Sync>),
}
