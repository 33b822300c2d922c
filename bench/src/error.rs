//! Why a workload has no figure.

use holdfast_nfs_client::ClientError;
use holdfast_nfs_client::wire::mount3::MountStat3;
use holdfast_nfs_client::wire::nfs3::{Failure, NfsStat3};

/// A result of this crate.
pub type Result<T> = std::result::Result<T, BenchError>;

/// Any failure ends the workload: a figure of a server that answers wrongly means nothing.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The call has no result.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// MNT was refused.
    #[error("MNT of {export} answered {status:?}")]
    Mount {
        /// The path asked for.
        export: String,
        /// The answer.
        status: MountStat3,
    },
    /// A procedure answered with a failure.
    #[error("{procedure} answered {status:?}")]
    Nfs {
        /// Its name.
        procedure: &'static str,
        /// The answer.
        status: NfsStat3,
    },
    /// The server answered success with something that is not so.
    #[error("wrong answer: {0}")]
    Wrong(String),
    /// The disk beside the servers, or a file of results.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The command line, or what it names, cannot be used.
    #[error("{0}")]
    Usage(String),
}

impl From<rustix::io::Errno> for BenchError {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::Io(errno.into())
    }
}

impl From<serde_json::Error> for BenchError {
    fn from(error: serde_json::Error) -> Self {
        Self::Io(error.into())
    }
}

/// The success arm of a result.
pub fn accepted<T, F>(procedure: &'static str, reply: std::result::Result<T, Failure<F>>) -> Result<T> {
    reply.map_err(|failure| BenchError::Nfs { procedure, status: failure.status })
}

/// Fails with what `describe` says unless `holds`.
pub fn ensure(holds: bool, describe: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(BenchError::Wrong(describe())) }
}
