//! What can go wrong with a call, apart from an NFS status, which is a result.

use std::sync::Arc;

use holdfast_wire::record::RecordError;
use holdfast_wire::rpc::ReplyBody;
use holdfast_wire::xdr::XdrError;

/// Why a connection ended. Every call that was outstanding gets the same reason.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CloseReason {
    /// The server closed it.
    #[error("the server closed the connection")]
    ByServer,
    /// The operating system reported an error.
    #[error("the connection failed: {0}")]
    Io(Arc<std::io::Error>),
    /// The server sent something that is not a record.
    #[error("the server sent no valid record: {0}")]
    Record(#[from] RecordError),
    /// The server sent a record too short for a transaction id.
    #[error("the server sent a record without a transaction id")]
    NoXid,
}

impl From<std::io::Error> for CloseReason {
    fn from(error: std::io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// Why a call has no result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    /// The connection could not be made, or ended before the reply came.
    #[error(transparent)]
    Closed(#[from] CloseReason),
    /// No reply, or no connection, within the time of [`ConnectOptions`](crate::ConnectOptions).
    #[error("no answer in time")]
    Timeout,
    /// A call with this transaction id is outstanding on this connection.
    #[error("transaction id {0:#010x} is in use")]
    XidInUse(u32),
    /// A reply without a result: not accepted, or accepted with an error.
    #[error("the server refused the call: {0:?}")]
    Refused(ReplyBody),
    /// The reply does not decode.
    #[error("the reply to {procedure} is malformed: {source}")]
    Malformed {
        /// The procedure that was called.
        procedure: &'static str,
        /// What is wrong.
        source: XdrError,
    },
}
