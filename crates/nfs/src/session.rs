//! What an adapter has at hand: the caller of one call, and the files that its handles stand for.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use holdfast_engine::{Attr, Caller, Error, FileId, Volume, Wcc};
use holdfast_wire::nfs3::{Failure, Fattr3, FileHandle, NfsStat3, PostOpAttr, WccData, WriteVerifier3};

use crate::attachments::Live;
use crate::attributes;
use crate::handle::{Grant, Handle, View};
use crate::server::Shared;
use crate::snapshots::{self, DIRECTORY_FILE};
use crate::status;

/// One call's context.
pub(crate) struct Session {
    pub shared: Arc<Shared>,
    pub caller: Caller,
    /// The client's address.
    pub client: IpAddr,
    /// The call's transaction id, for the log.
    pub xid: u32,
}

impl Session {
    /// The file behind a handle.
    pub async fn target(&self, handle: &FileHandle) -> Result<Target<'_>, NfsStat3> {
        let Handle { grant, file } = self.shared.handles.open(handle).ok_or(NfsStat3::BadHandle)?;
        let attachments = &self.shared.attachments;
        let attached = attachments.admit(&*self.shared.exports, &grant, self.client).await;
        let attached = attached.map_err(status::attachment_status)?;
        let acting = attached.as_ref().and_then(|live| live.attached.act_as(&self.caller));
        tracing::debug!(xid = self.xid, attachment = %grant.attachment, volume = %grant.volume, ino = file.ino, "a call for a file");
        let opened = async {
            let volume = self.shared.volumes.volume(grant.volume).await?;
            match grant.view {
                View::Live | View::Snapshots => Ok(volume),
                View::Snapshot(tag) => {
                    let id = volume.snapshot_beginning(tag).await?;
                    self.shared.volumes.snapshot(grant.volume, id).await
                }
            }
        };
        let volume = opened.await.map_err(|error| {
            status::report(grant.volume, &error);
            status::nfs_status(&error)
        })?;
        let (shared, fsid) = (&*self.shared, attributes::fsid(grant.volume));
        let acting = acting.map_or(Cow::Borrowed(&self.caller), Cow::Owned);
        Ok(Target { shared, volume, fsid, grant, file, attached, acting })
    }

    /// The write verifier of now.
    pub fn verifier(&self) -> WriteVerifier3 {
        WriteVerifier3(self.shared.volumes.write_verifier())
    }
}

/// A file that a handle stands for; whether it still exists, its first operation says.
pub(crate) struct Target<'a> {
    shared: &'a Shared,
    pub volume: Arc<Volume>,
    pub file: FileId,
    grant: Grant,
    fsid: u64,
    attached: Option<Arc<Live>>,
    acting: Cow<'a, Caller>,
}

impl Target<'_> {
    /// The handle of another file of the same mount.
    pub fn handle_of(&self, attr: &Attr) -> FileHandle {
        let file = FileId { ino: attr.ino, generation: attr.generation };
        self.handle_in(self.grant.view, file)
    }

    /// The handle of a file in some view of the volume.
    pub fn handle_in(&self, view: View, file: FileId) -> FileHandle {
        self.shared.handles.seal(&Handle { grant: Grant { view, ..self.grant }, file })
    }

    /// As whom the caller acts here.
    pub fn caller(&self) -> &Caller {
        &self.acting
    }

    /// The directory that the mount cannot be left from.
    pub fn confined_to(&self) -> Option<FileId> {
        self.attached.as_ref().and_then(|live| live.attached.directory)
    }

    /// What of the volume this target is in.
    pub fn view(&self) -> View {
        self.grant.view
    }

    /// The number by which clients tell the volume from others.
    pub fn fsid(&self) -> u64 {
        self.fsid
    }

    /// Whether this is the directory of snapshots.
    pub fn is_directory_of_snapshots(&self) -> bool {
        self.grant.view == View::Snapshots
    }

    /// The volume itself, whatever view of it this target is in.
    pub async fn head(&self) -> Result<Arc<Volume>, Error> {
        self.shared.volumes.volume(self.grant.volume).await
    }

    /// A snapshot of the volume.
    pub async fn open_snapshot(&self, snapshot: uuid::Uuid) -> Result<Arc<Volume>, Error> {
        self.shared.volumes.snapshot(self.grant.volume, snapshot).await
    }

    /// The attributes of this target now.
    pub async fn attr(&self) -> Result<Attr, Error> {
        match self.grant.view {
            View::Snapshots if self.file == DIRECTORY_FILE => self.directory_attr().await,
            _ => self.volume.getattr(self.file).await,
        }
    }

    /// Attributes of a file of this volume.
    pub fn attributes(&self, attr: &Attr) -> Fattr3 {
        let fileid = snapshots::fileid(self.grant.view, attr.ino);
        Fattr3 { fileid, ..attributes::fattr(self.fsid, attr) }
    }

    /// The file number that this view shows for an inode.
    pub fn fileid(&self, ino: u64) -> u64 {
        match self.grant.view {
            // Its entries are other views' already.
            View::Snapshots => ino,
            view => snapshots::fileid(view, ino),
        }
    }

    /// Attributes from before and after an operation.
    pub fn wcc(&self, wcc: &Wcc) -> WccData {
        WccData { before: Some(attributes::wcc_attr(&wcc.before)), after: Some(self.attributes(&wcc.after)) }
    }

    /// Whether nothing can be changed: on a read-only mount, and in a snapshot.
    pub fn is_read_only(&self) -> bool {
        let attached = self.attached.as_ref();
        self.grant.read_only
            || self.grant.view != View::Live
            || attached.is_some_and(|live| live.attached.read_only)
    }

    /// Refuses a change on a read-only mount.
    pub fn check_writable(&self) -> Result<(), NfsStat3> {
        if self.is_read_only() { Err(NfsStat3::RoFs) } else { Ok(()) }
    }

    /// Refuses two handles that are not of one mount.
    pub fn check_same_mount(&self, other: &Target<'_>) -> Result<(), NfsStat3> {
        if self.grant == other.grant { Ok(()) } else { Err(NfsStat3::XDev) }
    }

    /// The status of a failed operation, reported where an operator has to know.
    pub fn status(&self, error: &Error) -> NfsStat3 {
        status::report(self.grant.volume, error);
        status::nfs_status(error)
    }

    /// The attributes of now, for the arm of a failure.
    pub async fn post_op(&self) -> PostOpAttr {
        self.attr().await.ok().map(|attr| self.attributes(&attr))
    }

    /// The arm of a failure that has `wcc_data`. Attributes from before are left out: taken outside of an operation
    /// they would let a client believe that nobody else changed the file.
    pub async fn post_wcc(&self) -> WccData {
        WccData { before: None, after: self.post_op().await }
    }

    /// A failure with the file's attributes.
    pub async fn failed(&self, why: impl Into<Why>) -> Failure<PostOpAttr> {
        Failure::new(why.into().status(self), self.post_op().await)
    }

    /// A failure with the file's weak cache consistency data.
    pub async fn failed_wcc(&self, why: impl Into<Why>) -> Failure<WccData> {
        Failure::new(why.into().status(self), self.post_wcc().await)
    }
}

/// Why a procedure failed: the engine said so, or the adapter did.
pub(crate) enum Why {
    Engine(Error),
    Adapter(NfsStat3),
}

impl Why {
    pub fn status(&self, target: &Target<'_>) -> NfsStat3 {
        match self {
            Self::Engine(error) => target.status(error),
            Self::Adapter(status) => *status,
        }
    }
}

impl From<Error> for Why {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<NfsStat3> for Why {
    fn from(status: NfsStat3) -> Self {
        Self::Adapter(status)
    }
}
