//! NLM version 4, the lock manager's protocol (RFC 1813 appendix II; X/Open XNFS, C702, chapters 10 and 14).
//!
//! Every request has two forms: one whose reply is the answer, and one (`_MSG`) whose reply is empty and whose answer
//! comes as a call of its own (`_RES`) in the other direction, recognised by the request's cookie. Lock owners, file
//! handles and cookies are opaque here. Process numbers and states are signed on paper; their 32 bits are kept as
//! they come.

mod lock;
mod netobj;
mod result;
mod share;
#[cfg(test)]
mod tests;

pub use lock::{CancelArgs, Lock, LockArgs, NotifyArgs, TestArgs, UnlockArgs};
pub use netobj::{CallerName, NetObject};
pub use result::{Holder, LockRes, LockStat4, TestReply, TestRes};
pub use share::{ShareAccess, ShareArgs, ShareMode, ShareRequest, ShareRes};

rpc_program! {
    program 100_021 version 4;
    /// The procedures of NLM version 4 (RFC 1813 section 6.2). 16 to 19 are not in use.
    procedure LockProcedure;
    /// Any call's arguments.
    call LockCall;
    /// Any call's result.
    reply LockReply;

    /// Does nothing.
    0 Null "NULL" (()) -> ();
    /// Would a lock be granted, and if not, who is in the way?
    1 Test "TEST" (TestArgs) -> TestRes;
    /// Set a lock, or wait in line for it.
    2 Lock "LOCK" (LockArgs) -> LockRes;
    /// Leave the line.
    3 Cancel "CANCEL" (CancelArgs) -> LockRes;
    /// Remove a lock.
    4 Unlock "UNLOCK" (UnlockArgs) -> LockRes;
    /// Server to client: a lock that was waited for is granted.
    5 Granted "GRANTED" (TestArgs) -> LockRes;
    /// TEST, answered by TEST_RES.
    6 TestMsg "TEST_MSG" (TestArgs) -> ();
    /// LOCK, answered by LOCK_RES.
    7 LockMsg "LOCK_MSG" (LockArgs) -> ();
    /// CANCEL, answered by CANCEL_RES.
    8 CancelMsg "CANCEL_MSG" (CancelArgs) -> ();
    /// UNLOCK, answered by UNLOCK_RES.
    9 UnlockMsg "UNLOCK_MSG" (UnlockArgs) -> ();
    /// GRANTED, answered by GRANTED_RES.
    10 GrantedMsg "GRANTED_MSG" (TestArgs) -> ();
    /// The answer to TEST_MSG.
    11 TestResult "TEST_RES" (TestRes) -> ();
    /// The answer to LOCK_MSG.
    12 LockResult "LOCK_RES" (LockRes) -> ();
    /// The answer to CANCEL_MSG.
    13 CancelResult "CANCEL_RES" (LockRes) -> ();
    /// The answer to UNLOCK_MSG.
    14 UnlockResult "UNLOCK_RES" (LockRes) -> ();
    /// The answer to GRANTED_MSG.
    15 GrantedResult "GRANTED_RES" (LockRes) -> ();
    /// Open a file with a share reservation, as DOS does.
    20 Share "SHARE" (ShareArgs) -> ShareRes;
    /// End a share reservation.
    21 Unshare "UNSHARE" (ShareArgs) -> ShareRes;
    /// LOCK by a client that nobody monitors.
    22 NmLock "NM_LOCK" (LockArgs) -> LockRes;
    /// Remove everything that an unmonitored client holds.
    23 FreeAll "FREE_ALL" (NotifyArgs) -> ();
}
