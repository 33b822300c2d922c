//! The arguments of the byte-range procedures (RFC 1813 sections 6.1.4 and 6.3.1 to 6.3.15).

use crate::nlm4::{CallerName, NetObject};

xdr_struct! {
    /// `nlm4_lock`: a range of a file, and who wants or holds it.
    #[derive(Default)]
    pub struct Lock {
        /// The owner's machine.
        pub caller_name: CallerName,
        /// The file's NFS handle.
        pub file: NetObject,
        /// The owner, in the machine's own terms.
        pub owner: NetObject,
        /// The owner's process, unique in its machine.
        pub svid: u32,
        /// First byte of the range.
        pub offset: u64,
        /// Length of the range, bytes; 0 reaches to the end of the file however far it grows.
        pub length: u64,
    }
}

xdr_struct! {
    /// `nlm4_lockargs`: the arguments of LOCK, LOCK_MSG and NM_LOCK.
    #[derive(Default)]
    pub struct LockArgs {
        /// Echoed by the answer.
        pub cookie: NetObject,
        /// Wait in line if somebody is in the way.
        pub block: bool,
        /// For writing.
        pub exclusive: bool,
        /// What is to be locked.
        pub lock: Lock,
        /// The lock was held before the server lost its state.
        pub reclaim: bool,
        /// The client's NSM state.
        pub state: u32,
    }
}

xdr_struct! {
    /// `nlm4_cancargs`: the arguments of CANCEL and CANCEL_MSG; those of the LOCK that waits.
    #[derive(Default)]
    pub struct CancelArgs {
        /// Echoed by the answer.
        pub cookie: NetObject,
        /// As in the LOCK.
        pub block: bool,
        /// As in the LOCK.
        pub exclusive: bool,
        /// As in the LOCK.
        pub lock: Lock,
    }
}

xdr_struct! {
    /// `nlm4_testargs`: the arguments of TEST, GRANTED and their asynchronous forms.
    #[derive(Default)]
    pub struct TestArgs {
        /// Echoed by the answer.
        pub cookie: NetObject,
        /// For writing.
        pub exclusive: bool,
        /// The lock in question.
        pub lock: Lock,
    }
}

xdr_struct! {
    /// `nlm4_unlockargs`: the arguments of UNLOCK and UNLOCK_MSG.
    #[derive(Default)]
    pub struct UnlockArgs {
        /// Echoed by the answer.
        pub cookie: NetObject,
        /// The range to give back; it need not be one that was locked in one piece.
        pub lock: Lock,
    }
}

xdr_struct! {
    /// `nlm4_notify`: the arguments of FREE_ALL.
    #[derive(Default)]
    pub struct NotifyArgs {
        /// The client that has begun anew.
        pub name: CallerName,
        /// Its NSM state; without a meaning for unmonitored clients.
        pub state: u32,
    }
}
