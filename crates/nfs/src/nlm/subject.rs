//! What a request is about: a file, an owner, a range.

use std::sync::Arc;

use holdfast_base::limits::{LOCK_CLIENT_NAME_MAX_BYTES, LOCK_OWNER_MAX_BYTES};
use holdfast_engine::{Error, FileKind, access};
use holdfast_wire::nfs3::FileHandle;
use holdfast_wire::nlm4::{Lock, LockStat4, NetObject};
use uuid::Uuid;

use super::Session;
use crate::attachments::Live;
use crate::exports::ExportError;
use crate::handle::{Grant, Handle};
use crate::locks::{ByteRange, ClientKey, FileKey, Owner, Scope};
use crate::status;

/// A file that a handle stands for, without a look whether it exists.
pub(super) struct Subject {
    pub key: FileKey,
    pub handle: FileHandle,
    pub owner: Arc<Owner>,
    grant: Grant,
    attached: Option<Arc<Live>>,
}

/// What a caller wants to do with the file under a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To read, or only to know.
    Read,
    /// To write.
    Write,
}

impl Purpose {
    pub fn of(exclusive: bool) -> Self {
        if exclusive { Self::Write } else { Self::Read }
    }
}

/// The subject of a byte-range request, and its range.
pub(super) async fn of_lock(session: &Session, lock: &Lock) -> Result<(Subject, ByteRange), LockStat4> {
    let subject = of(session, &lock.file, &lock.caller_name, &lock.owner, lock.svid).await?;
    let range = ByteRange::from_wire(lock.offset, lock.length).ok_or(LockStat4::TooBig)?;
    Ok((subject, range))
}

/// The subject of a request, if its attachment allows it.
pub(super) async fn of(
    session: &Session,
    file: &NetObject,
    name: &[u8],
    owner: &[u8],
    svid: u32,
) -> Result<Subject, LockStat4> {
    let handle = FileHandle::new(file).ok_or(LockStat4::StaleHandle)?;
    let Handle { grant, file } = session.shared.handles.open(&handle).ok_or(LockStat4::StaleHandle)?;
    let attached = session.shared.attachments.admit(&*session.shared.exports, &grant, session.contact.client);
    let attached = attached.await.map_err(|error| match error {
        ExportError::NotFound => LockStat4::StaleHandle,
        ExportError::Denied | ExportError::Unavailable => LockStat4::Failed,
    })?;
    if name.len() > LOCK_CLIENT_NAME_MAX_BYTES || owner.len() > LOCK_OWNER_MAX_BYTES {
        return Err(LockStat4::DeniedNoLocks);
    }
    let scope = match grant.attachment {
        attachment if attachment == Uuid::nil() => Scope::Address(session.contact.client),
        attachment => Scope::Attachment(attachment),
    };
    let client = Arc::new(ClientKey { scope, name: name.into() });
    let owner = Arc::new(Owner { client, svid, handle: owner.into() });
    Ok(Subject { key: FileKey { volume: grant.volume, file }, handle, owner, grant, attached })
}

impl Subject {
    /// Looks whether the file exists and the caller may use it so. As with READ and WRITE, the owner of a file always
    /// may: it may have opened the file before its mode was changed.
    pub async fn check(&self, session: &Session, purpose: Purpose) -> Result<(), LockStat4> {
        let attached = self.attached.as_ref().map(|live| &live.attached);
        let read_only = self.grant.read_only || attached.is_some_and(|attached| attached.read_only);
        if purpose == Purpose::Write && read_only {
            return Err(LockStat4::ReadOnly);
        }
        let wanted = match purpose {
            Purpose::Read => access::READ,
            Purpose::Write => access::MODIFY | access::EXTEND,
        };
        let acting = attached.and_then(|attached| attached.act_as(&session.caller));
        let caller = acting.as_ref().unwrap_or(&session.caller);
        let asked = async {
            let volume = session.shared.volumes.volume(self.key.volume).await?;
            volume.access(caller, self.key.file, wanted).await
        };
        let (granted, attr) = match asked.await {
            Ok(found) => found,
            Err(error) => return Err(self.refused(session, &error).await),
        };
        let allowed = granted != 0 || attr.uid == caller.uid;
        if attr.kind == FileKind::Regular && allowed { Ok(()) } else { Err(LockStat4::Failed) }
    }

    async fn refused(&self, session: &Session, error: &Error) -> LockStat4 {
        status::report(self.key.volume, error);
        let (file, locks) = (self.key, &session.shared.locks);
        let freed = match error {
            Error::Stale => locks.step(move |manager, _| manager.free_file(file)).await,
            Error::NoSuchVolume => locks.step(move |manager, _| manager.free_volume(file.volume)).await,
            _ => return LockStat4::Failed,
        };
        freed.map_or(LockStat4::Failed, |()| LockStat4::StaleHandle)
    }
}
