//! The answers (RFC 1813 sections 6.1.2 and 6.1.3).

use crate::nlm4::NetObject;
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_enum! {
    /// `nlm4_stats`: the outcome of a request.
    pub enum LockStat4 {
        /// NLM4_GRANTED.
        Granted = 0,
        /// NLM4_DENIED: somebody is in the way, or there is nothing to cancel.
        Denied = 1,
        /// NLM4_DENIED_NOLOCKS: the server has no room for another lock.
        DeniedNoLocks = 2,
        /// NLM4_BLOCKED: the request waits in line; GRANTED will follow.
        Blocked = 3,
        /// NLM4_DENIED_GRACE_PERIOD: only locks from before the server's loss may be set now.
        DeniedGracePeriod = 4,
        /// NLM4_DEADLCK: waiting would never end.
        Deadlock = 5,
        /// NLM4_ROFS: the filesystem is read-only.
        ReadOnly = 6,
        /// NLM4_STALE_FH: the handle is of no file.
        StaleHandle = 7,
        /// NLM4_FBIG: the range reaches past the last offset.
        TooBig = 8,
        /// NLM4_FAILED: for another reason, and trying again does not help.
        Failed = 9,
    }
}

xdr_struct! {
    /// `nlm4_holder`: who is in the way.
    pub struct Holder {
        /// Locked for writing.
        pub exclusive: bool,
        /// The holder's process.
        pub svid: u32,
        /// The holder, in its machine's own terms.
        pub owner: NetObject,
        /// First byte of its lock.
        pub offset: u64,
        /// Length of its lock, bytes; 0 reaches to the end.
        pub length: u64,
    }
}

/// `nlm4_testrply`: the outcome of TEST. NLM4_DENIED, and nothing else, names the holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestReply {
    /// NLM4_DENIED.
    Denied(Holder),
    /// Any other outcome.
    Other(LockStat4),
}

impl Encode for TestReply {
    fn encode(&self, out: &mut Rope) {
        match self {
            Self::Denied(holder) => {
                LockStat4::Denied.encode(out);
                holder.encode(out);
            }
            // A denial must have a holder.
            Self::Other(LockStat4::Denied) => LockStat4::Failed.encode(out),
            Self::Other(status) => status.encode(out),
        }
    }
}

impl Decode for TestReply {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(match LockStat4::decode(input)? {
            LockStat4::Denied => Self::Denied(Holder::decode(input)?),
            status => Self::Other(status),
        })
    }
}

xdr_struct! {
    /// `nlm4_testres`: the answer to TEST.
    pub struct TestRes {
        /// The request's.
        pub cookie: NetObject,
        /// The outcome.
        pub reply: TestReply,
    }
}

xdr_struct! {
    /// `nlm4_res`: the answer to everything else.
    pub struct LockRes {
        /// The request's.
        pub cookie: NetObject,
        /// The outcome.
        pub status: LockStat4,
    }
}

#[cfg(test)]
impl crate::sample::Sample for TestReply {
    fn sample(random: &mut crate::sample::Source) -> Self {
        match LockStat4::sample(random) {
            LockStat4::Denied => Self::Denied(Holder::sample(random)),
            status => Self::Other(status),
        }
    }
}
