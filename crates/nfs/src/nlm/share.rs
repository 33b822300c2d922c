//! SHARE and UNSHARE (RFC 1813 sections 6.3.16 and 6.3.17). Reservations exclude each other; reads and writes over
//! NFS, which know of no opened file, are not held up by them.

use holdfast_wire::nlm4::{LockStat4, ShareAccess, ShareArgs, ShareRes};

use super::subject::{self, Purpose};
use super::{Session, or_failed};
use crate::locks::Share;

/// A reservation has no process.
const NO_PROCESS: u32 = 0;

/// SHARE.
pub(super) async fn share(session: Session, args: ShareArgs) -> ShareRes {
    let status = reserve(&session, &args).await;
    ShareRes { cookie: args.cookie, status: or_failed(status), sequence: 0 }
}

async fn reserve(session: &Session, args: &ShareArgs) -> Result<LockStat4, LockStat4> {
    let wanted = &args.share;
    let subject = subject::of(session, &wanted.file, &wanted.caller_name, &wanted.owner, NO_PROCESS).await?;
    let writes = matches!(wanted.access, ShareAccess::Write | ShareAccess::Both);
    subject.check(session, Purpose::of(writes)).await?;
    let share = Share { owner: subject.owner, mode: wanted.mode, access: wanted.access };
    let (file, reclaim, contact) = (subject.key, args.reclaim, session.contact);
    let done = session.shared.locks.step(|manager, now| manager.share(file, share, reclaim, contact, now));
    done.await.map_err(|_| LockStat4::Failed)
}

/// UNSHARE.
pub(super) async fn unshare(session: Session, args: ShareArgs) -> ShareRes {
    let status = release(&session, &args).await;
    ShareRes { cookie: args.cookie, status: or_failed(status), sequence: 0 }
}

async fn release(session: &Session, args: &ShareArgs) -> Result<LockStat4, LockStat4> {
    let wanted = &args.share;
    let subject = subject::of(session, &wanted.file, &wanted.caller_name, &wanted.owner, NO_PROCESS).await?;
    let (file, owner) = (subject.key, &subject.owner);
    let done = session.shared.locks.step(|manager, _| manager.unshare(file, owner)).await;
    done.map(|()| LockStat4::Granted).map_err(|_| LockStat4::Failed)
}
