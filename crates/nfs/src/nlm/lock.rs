//! TEST, LOCK, NM_LOCK, CANCEL, UNLOCK and GRANTED_RES.

use holdfast_wire::nlm4::{
    CancelArgs, Holder, LockArgs, LockRes, LockStat4, TestArgs, TestReply, TestRes, UnlockArgs,
};

use super::subject::{self, Purpose};
use super::{Session, or_failed, sweep};
use crate::locks::{Form, Request};

/// TEST (RFC 1813 section 6.3.1).
pub(super) async fn test(session: Session, args: TestArgs) -> TestRes {
    let reply = match find_holder(&session, &args).await {
        Ok(Some(holder)) => TestReply::Denied(holder),
        Ok(None) => TestReply::Other(LockStat4::Granted),
        Err(status) => TestReply::Other(status),
    };
    TestRes { cookie: args.cookie, reply }
}

async fn find_holder(session: &Session, args: &TestArgs) -> Result<Option<Holder>, LockStat4> {
    let (subject, range) = subject::of_lock(session, &args.lock).await?;
    // Who may not write may still ask who does.
    subject.check(session, Purpose::Read).await?;
    let (file, owner, exclusive) = (subject.key, &subject.owner, args.exclusive);
    let held = session.shared.locks.look(|manager, _| manager.test(file, owner, range, exclusive));
    Ok(held.map(|held| {
        let (offset, length) = held.range.to_wire();
        let owner = held.owner.handle[..].into();
        Holder { exclusive: held.exclusive, svid: held.owner.svid, owner, offset, length }
    }))
}

/// LOCK and NM_LOCK (RFC 1813 sections 6.3.2 and 6.3.18).
pub(super) async fn lock(session: Session, args: LockArgs, form: Form) -> LockRes {
    let status = set(&session, &args, form).await;
    LockRes { cookie: args.cookie, status: or_failed(status) }
}

async fn set(session: &Session, args: &LockArgs, form: Form) -> Result<LockStat4, LockStat4> {
    let (subject, range) = subject::of_lock(session, &args.lock).await?;
    subject.check(session, Purpose::of(args.exclusive)).await?;
    let request = Request {
        file: subject.key,
        owner: subject.owner,
        range,
        exclusive: args.exclusive,
        block: args.block,
        reclaim: args.reclaim,
        state: args.state,
        contact: session.contact,
        form,
        handle: subject.handle,
    };
    let (file, owner, again) = (request.file, request.owner.clone(), request.clone());
    let done = session.shared.locks.step(|manager, now| manager.lock(request, now)).await;
    let status = done.map_err(|_| LockStat4::Failed)?;
    if status != LockStat4::DeniedNoLocks || !sweep::make_room(session, file, &owner).await {
        return Ok(status);
    }
    let done = session.shared.locks.step(|manager, now| manager.lock(again, now)).await;
    done.map_err(|_| LockStat4::Failed)
}

/// CANCEL (RFC 1813 section 6.3.3).
pub(super) async fn cancel(session: Session, args: CancelArgs) -> LockRes {
    let status = withdraw(&session, &args).await;
    LockRes { cookie: args.cookie, status: or_failed(status) }
}

async fn withdraw(session: &Session, args: &CancelArgs) -> Result<LockStat4, LockStat4> {
    let (subject, range) = subject::of_lock(session, &args.lock).await?;
    let (file, owner) = (subject.key, &subject.owner);
    let done = session.shared.locks.step(|manager, now| manager.cancel(file, owner, range, now)).await;
    let cancelled = done.map_err(|_| LockStat4::Failed)?;
    Ok(if cancelled { LockStat4::Granted } else { LockStat4::Denied })
}

/// UNLOCK (RFC 1813 section 6.3.4). Works on files that are gone as well.
pub(super) async fn unlock(session: Session, args: UnlockArgs) -> LockRes {
    let status = give_back(&session, &args).await;
    LockRes { cookie: args.cookie, status: or_failed(status) }
}

async fn give_back(session: &Session, args: &UnlockArgs) -> Result<LockStat4, LockStat4> {
    let (subject, range) = subject::of_lock(session, &args.lock).await?;
    let (file, owner) = (subject.key, &subject.owner);
    let done = session.shared.locks.step(|manager, now| manager.unlock(file, owner, range, now)).await;
    done.map_err(|_| LockStat4::Failed)
}

/// GRANTED_RES (RFC 1813 section 6.3.15): only from the client that was asked.
pub(super) async fn granted(session: Session, answer: LockRes) {
    let Some(id) = answer.cookie.first_chunk().map(|id| u64::from_be_bytes(*id)) else { return };
    let (client, taken) = (session.contact.client, answer.status == LockStat4::Granted);
    let done = session.shared.locks.step(move |manager, now| match manager.promised_to(id) {
        Some(address) if address == client && taken => manager.taken(id),
        Some(address) if address == client => drop(manager.not_taken(id, now)),
        _ => {}
    });
    if done.await.is_err() {
        tracing::debug!(%client, "an answer to a grant came too late");
    }
}
