//! The header of a reply (RFC 5531 section 9, `reply_body`): accepted with a status, or denied with a reason.

use crate::rpc::{MESSAGE_REPLY, OpaqueAuth};
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

/// Everything in front of a reply's result, which follows only after [`AcceptStatus::Success`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyHeader {
    /// The transaction id of the call.
    pub xid: u32,
    /// What became of the call.
    pub body: ReplyBody,
}

impl ReplyHeader {
    /// The header in front of a result.
    pub const fn success(xid: u32) -> Self {
        Self::accepted(xid, AcceptStatus::Success)
    }

    /// The call was accepted with this status; the verifier is AUTH_NONE.
    pub const fn accepted(xid: u32, status: AcceptStatus) -> Self {
        Self { xid, body: ReplyBody::Accepted { verifier: OpaqueAuth::NONE, status } }
    }

    /// The call was denied because of its credential or verifier.
    pub const fn auth_error(xid: u32, stat: AuthStat) -> Self {
        Self { xid, body: ReplyBody::Denied(Rejection::Auth(stat)) }
    }
}

/// `reply_body`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyBody {
    /// MSG_ACCEPTED.
    Accepted {
        /// The server's verifier; AUTH_NONE for AUTH_NONE and AUTH_SYS.
        verifier: OpaqueAuth,
        /// What became of the call.
        status: AcceptStatus,
    },
    /// MSG_DENIED.
    Denied(Rejection),
}

impl From<AcceptStatus> for ReplyBody {
    fn from(status: AcceptStatus) -> Self {
        Self::Accepted { verifier: OpaqueAuth::NONE, status }
    }
}

/// `accept_stat` and what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptStatus {
    /// SUCCESS: the result follows.
    Success,
    /// PROG_UNAVAIL: no such program here.
    ProgramUnavailable,
    /// PROG_MISMATCH: the program is here, in other versions.
    ProgramMismatch {
        /// Lowest version.
        low: u32,
        /// Highest version.
        high: u32,
    },
    /// PROC_UNAVAIL: the program has no such procedure.
    ProcedureUnavailable,
    /// GARBAGE_ARGS: the arguments do not decode.
    GarbageArguments,
    /// SYSTEM_ERR: the server could not even try.
    SystemError,
}

/// `rejected_reply`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// RPC_MISMATCH: another version of the RPC protocol.
    RpcMismatch {
        /// Lowest version.
        low: u32,
        /// Highest version.
        high: u32,
    },
    /// AUTH_ERROR: the credential or verifier was not accepted.
    Auth(AuthStat),
}

xdr_enum! {
    /// `auth_stat`: why authentication failed (RFC 5531 section 9).
    pub enum AuthStat {
        /// AUTH_OK; not a reason, listed because the RFC lists it.
        Ok = 0,
        /// AUTH_BADCRED: the credential is malformed.
        BadCredential = 1,
        /// AUTH_REJECTEDCRED: the client must begin a new session.
        RejectedCredential = 2,
        /// AUTH_BADVERF: the verifier is malformed.
        BadVerifier = 3,
        /// AUTH_REJECTEDVERF: the verifier has expired or was replayed.
        RejectedVerifier = 4,
        /// AUTH_TOOWEAK: a stronger flavour is required.
        TooWeak = 5,
        /// AUTH_INVALIDRESP: the server's verifier is bogus.
        InvalidResponse = 6,
        /// AUTH_FAILED: for an unknown reason.
        Failed = 7,
        /// AUTH_KERB_GENERIC (obsolete).
        KerberosGeneric = 8,
        /// AUTH_TIMEEXPIRE (obsolete).
        TimeExpired = 9,
        /// AUTH_TKT_FILE (obsolete).
        TicketFile = 10,
        /// AUTH_DECODE (obsolete).
        Decode = 11,
        /// AUTH_NET_ADDR (obsolete).
        NetAddress = 12,
        /// RPCSEC_GSS_CREDPROBLEM.
        GssCredentialProblem = 13,
        /// RPCSEC_GSS_CTXPROBLEM.
        GssContextProblem = 14,
    }
}

impl Encode for ReplyHeader {
    fn encode(&self, out: &mut Rope) {
        out.put_u32(self.xid);
        out.put_u32(MESSAGE_REPLY);
        match &self.body {
            ReplyBody::Accepted { verifier, status } => {
                out.put_u32(0);
                verifier.encode(out);
                status.encode(out);
            }
            ReplyBody::Denied(rejection) => {
                out.put_u32(1);
                rejection.encode(out);
            }
        }
    }
}

impl Decode for ReplyHeader {
    /// Reads the header and leaves the reader at the result.
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        let xid = input.u32()?;
        let value = input.u32()?;
        if value != MESSAGE_REPLY {
            return Err(XdrError::Discriminant { name: "reply message", value });
        }
        let body = match input.u32()? {
            0 => ReplyBody::Accepted {
                verifier: OpaqueAuth::decode(input)?,
                status: AcceptStatus::decode(input)?,
            },
            1 => ReplyBody::Denied(Rejection::decode(input)?),
            value => return Err(XdrError::Discriminant { name: "reply_stat", value }),
        };
        Ok(Self { xid, body })
    }
}

impl Encode for AcceptStatus {
    fn encode(&self, out: &mut Rope) {
        match *self {
            Self::Success => out.put_u32(0),
            Self::ProgramUnavailable => out.put_u32(1),
            Self::ProgramMismatch { low, high } => [2, low, high].iter().for_each(|word| out.put_u32(*word)),
            Self::ProcedureUnavailable => out.put_u32(3),
            Self::GarbageArguments => out.put_u32(4),
            Self::SystemError => out.put_u32(5),
        }
    }
}

impl Decode for AcceptStatus {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(match input.u32()? {
            0 => Self::Success,
            1 => Self::ProgramUnavailable,
            2 => Self::ProgramMismatch { low: input.u32()?, high: input.u32()? },
            3 => Self::ProcedureUnavailable,
            4 => Self::GarbageArguments,
            5 => Self::SystemError,
            value => return Err(XdrError::Discriminant { name: "accept_stat", value }),
        })
    }
}

impl Encode for Rejection {
    fn encode(&self, out: &mut Rope) {
        match *self {
            Self::RpcMismatch { low, high } => [0, low, high].iter().for_each(|word| out.put_u32(*word)),
            Self::Auth(stat) => [1, stat.as_u32()].iter().for_each(|word| out.put_u32(*word)),
        }
    }
}

impl Decode for Rejection {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(match input.u32()? {
            0 => Self::RpcMismatch { low: input.u32()?, high: input.u32()? },
            1 => Self::Auth(AuthStat::decode(input)?),
            value => return Err(XdrError::Discriminant { name: "reject_stat", value }),
        })
    }
}
