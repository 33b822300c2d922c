//! Engine errors as NFS and MOUNT statuses: one total mapping each, without a catch-all arm.

use holdfast_base::VolumeId;
use holdfast_engine::Error;
use holdfast_wire::mount3::MountStat3;
use holdfast_wire::nfs3::NfsStat3;

use crate::exports::ExportError;

/// The status of a failed operation.
pub(crate) fn nfs_status(error: &Error) -> NfsStat3 {
    match error {
        Error::NotFound => NfsStat3::NoEnt,
        Error::Stale | Error::NoSuchVolume | Error::NoSuchSnapshot => NfsStat3::Stale,
        Error::Exists => NfsStat3::Exist,
        Error::NotDirectory => NfsStat3::NotDir,
        Error::IsDirectory => NfsStat3::IsDir,
        Error::NotEmpty => NfsStat3::NotEmpty,
        Error::AccessDenied => NfsStat3::Acces,
        Error::NotPermitted => NfsStat3::Perm,
        Error::NameTooLong => NfsStat3::NameTooLong,
        // Links are followed by clients: a server that meets too many was asked for something odd.
        Error::Invalid(_) | Error::TooManySymlinks => NfsStat3::Inval,
        Error::QuotaExceeded { .. } => NfsStat3::DQuot,
        Error::FileTooLarge => NfsStat3::FBig,
        Error::TooManyLinks => NfsStat3::MLink,
        Error::NotSync => NfsStat3::NotSync,
        Error::NotSupported(_) => NfsStat3::NotSupp,
        Error::ReadOnly => NfsStat3::RoFs,
        Error::Unavailable(_) => NfsStat3::Jukebox,
        // Waiting would not help: an operator has to give the server the right key.
        Error::Locked(_) | Error::Corrupt(_) | Error::Io(_) => NfsStat3::Io,
    }
}

/// The status of a mount whose volume could not be opened.
pub(crate) fn mount_status(error: &Error) -> MountStat3 {
    match nfs_status(error) {
        NfsStat3::Stale | NfsStat3::NoEnt => MountStat3::NoEnt,
        NfsStat3::Io => MountStat3::Io,
        // MOUNT has no "later": clients try a server fault again.
        _ => MountStat3::ServerFault,
    }
}

/// The status of a mount that was refused.
pub(crate) fn export_status(error: ExportError) -> MountStat3 {
    match error {
        ExportError::NotFound => MountStat3::NoEnt,
        ExportError::Denied => MountStat3::Acces,
        ExportError::Unavailable => MountStat3::ServerFault,
    }
}

/// The status of a call whose attachment does not allow it.
pub(crate) fn attachment_status(error: ExportError) -> NfsStat3 {
    match error {
        ExportError::NotFound => NfsStat3::Stale,
        ExportError::Denied => NfsStat3::Acces,
        ExportError::Unavailable => NfsStat3::Jukebox,
    }
}

/// Logs what an operator has to know of; what a caller can bring about is not among it.
pub(crate) fn report(volume: VolumeId, error: &Error) {
    match error {
        Error::Io(_) | Error::Corrupt(_) => tracing::error!(%volume, %error, "an operation failed"),
        Error::Unavailable(_) => tracing::warn!(%volume, %error, "an operation has to wait"),
        _ => {}
    }
}

/// The name of a status for metrics and logs: the RFC's in lower case, without its prefix.
pub(crate) const fn name(status: NfsStat3) -> &'static str {
    match status {
        NfsStat3::Ok => "ok",
        NfsStat3::Perm => "perm",
        NfsStat3::NoEnt => "noent",
        NfsStat3::Io => "io",
        NfsStat3::NxIo => "nxio",
        NfsStat3::Acces => "acces",
        NfsStat3::Exist => "exist",
        NfsStat3::XDev => "xdev",
        NfsStat3::NoDev => "nodev",
        NfsStat3::NotDir => "notdir",
        NfsStat3::IsDir => "isdir",
        NfsStat3::Inval => "inval",
        NfsStat3::FBig => "fbig",
        NfsStat3::NoSpc => "nospc",
        NfsStat3::RoFs => "rofs",
        NfsStat3::MLink => "mlink",
        NfsStat3::NameTooLong => "nametoolong",
        NfsStat3::NotEmpty => "notempty",
        NfsStat3::DQuot => "dquot",
        NfsStat3::Stale => "stale",
        NfsStat3::Remote => "remote",
        NfsStat3::BadHandle => "badhandle",
        NfsStat3::NotSync => "not_sync",
        NfsStat3::BadCookie => "bad_cookie",
        NfsStat3::NotSupp => "notsupp",
        NfsStat3::TooSmall => "toosmall",
        NfsStat3::ServerFault => "serverfault",
        NfsStat3::BadType => "badtype",
        NfsStat3::Jukebox => "jukebox",
    }
}
