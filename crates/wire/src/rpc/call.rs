//! The header of a call (RFC 5531 section 9, `call_body`).

use crate::rpc::{
    AcceptStatus, AuthStat, Credential, MESSAGE_CALL, OpaqueAuth, RPC_VERSION, Rejection, ReplyBody,
    ReplyHeader,
};
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

/// Everything in front of a call's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallHeader {
    /// The transaction id, echoed by the reply.
    pub xid: u32,
    /// The program's number.
    pub program: u32,
    /// The program's version.
    pub version: u32,
    /// The procedure's number.
    pub procedure: u32,
    /// Who calls.
    pub credential: Credential,
    /// What proves it; AUTH_NONE for AUTH_NONE and AUTH_SYS.
    pub verifier: OpaqueAuth,
}

/// Why a record is not a call that can be dispatched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Too short for a transaction id and a message type, or a reply: the sender is not an RPC client.
    #[error("the record is not an RPC call")]
    NotACall,
    /// A call of another RPC version.
    #[error("call {xid:#010x} has RPC version {version}")]
    RpcVersion {
        /// The transaction id.
        xid: u32,
        /// The version asked for.
        version: u32,
    },
    /// The header ends too early.
    #[error("the header of call {xid:#010x} is malformed: {source}")]
    Malformed {
        /// The transaction id.
        xid: u32,
        /// What is wrong.
        source: XdrError,
    },
    /// The credential is longer than 400 bytes or cut off.
    #[error("the credential of call {xid:#010x} is malformed: {source}")]
    Credential {
        /// The transaction id.
        xid: u32,
        /// What is wrong.
        source: XdrError,
    },
    /// The verifier is longer than 400 bytes or cut off.
    #[error("the verifier of call {xid:#010x} is malformed: {source}")]
    Verifier {
        /// The transaction id.
        xid: u32,
        /// What is wrong.
        source: XdrError,
    },
}

impl HeaderError {
    /// The reply that RFC 5531 has for this error; `None` means that the connection is to be closed.
    pub fn reply(&self) -> Option<ReplyHeader> {
        let (xid, body) = match *self {
            Self::NotACall => return None,
            Self::RpcVersion { xid, .. } => {
                (xid, ReplyBody::Denied(Rejection::RpcMismatch { low: RPC_VERSION, high: RPC_VERSION }))
            }
            Self::Malformed { xid, .. } => (xid, AcceptStatus::GarbageArguments.into()),
            Self::Credential { xid, .. } => {
                (xid, ReplyBody::Denied(Rejection::Auth(AuthStat::BadCredential)))
            }
            Self::Verifier { xid, .. } => (xid, ReplyBody::Denied(Rejection::Auth(AuthStat::BadVerifier))),
        };
        Some(ReplyHeader { xid, body })
    }
}

impl CallHeader {
    /// Reads the header and leaves the reader at the arguments.
    pub fn decode(input: &mut Reader) -> Result<Self, HeaderError> {
        let (Ok(xid), Ok(MESSAGE_CALL)) = (input.u32(), input.u32()) else {
            return Err(HeaderError::NotACall);
        };
        let malformed = |source| HeaderError::Malformed { xid, source };
        let version = input.u32().map_err(malformed)?;
        if version != RPC_VERSION {
            return Err(HeaderError::RpcVersion { xid, version });
        }
        Ok(Self {
            xid,
            program: input.u32().map_err(malformed)?,
            version: input.u32().map_err(malformed)?,
            procedure: input.u32().map_err(malformed)?,
            credential: Credential::decode(input)
                .map_err(|source| HeaderError::Credential { xid, source })?,
            verifier: OpaqueAuth::decode(input).map_err(|source| HeaderError::Verifier { xid, source })?,
        })
    }
}

impl Encode for CallHeader {
    fn encode(&self, out: &mut Rope) {
        for word in [self.xid, MESSAGE_CALL, RPC_VERSION, self.program, self.version, self.procedure] {
            out.put_u32(word);
        }
        self.credential.encode(out);
        self.verifier.encode(out);
    }
}

#[cfg(test)]
impl crate::sample::Sample for CallHeader {
    fn sample(random: &mut crate::sample::Source) -> Self {
        Self {
            xid: u32::sample(random),
            program: u32::sample(random),
            version: u32::sample(random),
            procedure: u32::sample(random),
            credential: Credential::sample(random),
            verifier: OpaqueAuth::sample(random),
        }
    }
}
