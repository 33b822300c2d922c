//! Share reservations (RFC 1813 sections 6.1.4 and 6.3.16; XNFS section 10.3): DOS's way to open a file.

use crate::nlm4::{CallerName, LockStat4, NetObject};

xdr_enum! {
    /// `fsh4_mode`: what others are denied.
    pub enum ShareMode {
        /// fsm_DN: nothing.
        DenyNone = 0,
        /// fsm_DR: reading.
        DenyRead = 1,
        /// fsm_DW: writing.
        DenyWrite = 2,
        /// fsm_DRW: both.
        DenyBoth = 3,
    }
}

xdr_enum! {
    /// `fsh4_access`: what the owner means to do.
    pub enum ShareAccess {
        /// fsa_NONE: nothing.
        None = 0,
        /// fsa_R: read.
        Read = 1,
        /// fsa_W: write.
        Write = 2,
        /// fsa_RW: both.
        Both = 3,
    }
}

xdr_struct! {
    /// `nlm4_share`: a reservation and its owner.
    pub struct ShareRequest {
        /// The owner's machine.
        pub caller_name: CallerName,
        /// The file's NFS handle.
        pub file: NetObject,
        /// The owner, in the machine's own terms.
        pub owner: NetObject,
        /// What others are denied.
        pub mode: ShareMode,
        /// What the owner means to do.
        pub access: ShareAccess,
    }
}

xdr_struct! {
    /// `nlm4_shareargs`: the arguments of SHARE and UNSHARE.
    pub struct ShareArgs {
        /// Echoed by the answer.
        pub cookie: NetObject,
        /// The reservation.
        pub share: ShareRequest,
        /// It was held before the server lost its state.
        pub reclaim: bool,
    }
}

xdr_struct! {
    /// `nlm4_shareres`: the answer to SHARE and UNSHARE.
    pub struct ShareRes {
        /// The request's.
        pub cookie: NetObject,
        /// The outcome.
        pub status: LockStat4,
        /// Obsolete; zero.
        pub sequence: u32,
    }
}
