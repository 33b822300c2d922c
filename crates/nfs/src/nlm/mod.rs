//! NLM version 4 (RFC 1813 appendix II): from the wire to the lock manager and back.
//!
//! Both forms of each procedure run the same function; the asynchronous one answers by a call to the client. A status
//! always comes promptly: what cannot be granted is denied, put in line, or refused with the reason.

mod lock;
mod share;
mod subject;
mod sweep;

use std::sync::Arc;

use holdfast_engine::Caller;
use holdfast_wire::nlm4::{LockCall, LockProcedure, LockReply, LockRes, LockStat4, TestReply, TestRes, op};
use holdfast_wire::rpc::Procedure;

use crate::locks::{Contact, Form};
use crate::server::Shared;

/// Who calls the lock manager.
#[derive(Clone)]
pub(crate) struct Session {
    pub shared: Arc<Shared>,
    pub caller: Caller,
    pub contact: Contact,
}

/// Whether a procedure is for users only: those that touch a file.
pub(crate) const fn needs_user(procedure: LockProcedure) -> bool {
    !matches!(procedure, LockProcedure::Null | LockProcedure::FreeAll)
}

/// Runs a call.
pub(crate) async fn run(session: Session, call: LockCall) -> LockReply {
    let name = call.procedure().name();
    let reply = answer(session, call).await;
    let status = status_of(&reply);
    let labels = [("operation", name), ("status", status)];
    metrics::counter!("holdfast_lock_operations_total", &labels).increment(1);
    reply
}

async fn answer(session: Session, call: LockCall) -> LockReply {
    match call {
        LockCall::Null(()) => LockReply::Null(()),
        LockCall::Test(args) => LockReply::Test(lock::test(session, args).await),
        LockCall::Lock(args) => LockReply::Lock(lock::lock(session, args, Form::Reply).await),
        LockCall::NmLock(args) => LockReply::NmLock(lock::lock(session, args, Form::Reply).await),
        LockCall::Cancel(args) => LockReply::Cancel(lock::cancel(session, args).await),
        LockCall::Unlock(args) => LockReply::Unlock(lock::unlock(session, args).await),
        LockCall::Share(args) => LockReply::Share(share::share(session, args).await),
        LockCall::Unshare(args) => LockReply::Unshare(share::unshare(session, args).await),
        LockCall::FreeAll(args) => {
            crate::nsm::free(&session.shared, &args.name, session.contact.client).await;
            LockReply::FreeAll(())
        }
        // This server waits for nobody's locks.
        LockCall::Granted(args) => {
            LockReply::Granted(LockRes { cookie: args.cookie, status: LockStat4::Denied })
        }
        LockCall::TestMsg(args) => {
            later::<op::TestResult>(&session, lock::test(session.clone(), args));
            LockReply::TestMsg(())
        }
        LockCall::LockMsg(args) => {
            later::<op::LockResult>(&session, lock::lock(session.clone(), args, Form::Message));
            LockReply::LockMsg(())
        }
        LockCall::CancelMsg(args) => {
            later::<op::CancelResult>(&session, lock::cancel(session.clone(), args));
            LockReply::CancelMsg(())
        }
        LockCall::UnlockMsg(args) => {
            later::<op::UnlockResult>(&session, lock::unlock(session.clone(), args));
            LockReply::UnlockMsg(())
        }
        LockCall::GrantedMsg(args) => {
            let refusal = LockRes { cookie: args.cookie, status: LockStat4::Denied };
            later::<op::GrantedResult>(&session, async { refusal });
            LockReply::GrantedMsg(())
        }
        LockCall::GrantedResult(answer) => {
            lock::granted(session, answer).await;
            LockReply::GrantedResult(())
        }
        // Answers to what this server never asks.
        LockCall::TestResult(_) => LockReply::TestResult(()),
        LockCall::LockResult(_) => LockReply::LockResult(()),
        LockCall::CancelResult(_) => LockReply::CancelResult(()),
        LockCall::UnlockResult(_) => LockReply::UnlockResult(()),
    }
}

/// Runs an asynchronous procedure by itself, and calls the client with what comes of it. With too many under way the
/// request is dropped, and the client sends it again.
fn later<P: Procedure>(session: &Session, run: impl Future<Output = P::Args> + Send + 'static)
where
    P::Args: Send + Sync,
{
    let (locks, contact) = (session.shared.locks.clone(), session.contact);
    let Some(slot) = locks.slot() else {
        tracing::debug!(client = %contact.client, procedure = P::NAME, "too many calls to clients: dropped");
        return;
    };
    locks.clone().spawn(async move {
        let result = run.await;
        if let Err(error) = locks.call::<P>(contact, &result).await {
            tracing::debug!(client = %contact.client, procedure = P::NAME, %error, "an answer is lost");
        }
        drop(slot);
    });
}

/// The status of either arm.
fn or_failed(status: Result<LockStat4, LockStat4>) -> LockStat4 {
    status.unwrap_or_else(|refused| refused)
}

/// The name of a reply's status, for metrics.
fn status_of(reply: &LockReply) -> &'static str {
    match reply {
        LockReply::Test(TestRes { reply: TestReply::Denied(_), .. }) => name(LockStat4::Denied),
        LockReply::Test(TestRes { reply: TestReply::Other(status), .. }) => name(*status),
        LockReply::Lock(res)
        | LockReply::NmLock(res)
        | LockReply::Cancel(res)
        | LockReply::Unlock(res)
        | LockReply::Granted(res) => name(res.status),
        LockReply::Share(res) | LockReply::Unshare(res) => name(res.status),
        _ => "none",
    }
}

const fn name(status: LockStat4) -> &'static str {
    match status {
        LockStat4::Granted => "granted",
        LockStat4::Denied => "denied",
        LockStat4::DeniedNoLocks => "denied_nolocks",
        LockStat4::Blocked => "blocked",
        LockStat4::DeniedGracePeriod => "denied_grace_period",
        LockStat4::Deadlock => "deadlck",
        LockStat4::ReadOnly => "rofs",
        LockStat4::StaleHandle => "stale_fh",
        LockStat4::TooBig => "fbig",
        LockStat4::Failed => "failed",
    }
}
