//! Attachments as the front end knows them: what the handles of each may do, until it ends.
//!
//! A handle names its attachment. At each call the attachment's state is looked up here, in memory; one that is not
//! known is asked of [`Exports`](crate::Exports) once. Ending one is a change of this table and of the locks, so the
//! next call of a mounted client fails. In a crash nothing is lost: an attachment that has ended is not found again.
//!
//! Knows nothing of secrets: a path becomes an attachment elsewhere.

mod admit;
mod confine;
mod table;

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use holdfast_base::{AttachmentId, Clock, Network, Timestamp, UidPolicy, VolumeId};
use holdfast_engine::{Caller, FileId};
use parking_lot::RwLock;

use crate::auth::ANONYMOUS;
use crate::locks::{Locks, LogFailed};
pub(crate) use table::Live;
use table::{State, Table};

/// What an attachment gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// Its id, sealed into its handles.
    pub id: AttachmentId,
    /// The volume that it mounts.
    pub volume: VolumeId,
    /// Whether every change is refused.
    pub read_only: bool,
    /// The directory that is its root, which its users cannot leave; `None` for the volume's own root.
    pub directory: Option<FileId>,
    /// As whom its users act.
    pub uid_policy: UidPolicy,
    /// Where it may be used from; anywhere if empty.
    pub networks: Vec<Network>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

impl Attached {
    fn admits(&self, client: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(client))
    }

    /// As whom a caller acts, where that is somebody else.
    pub(crate) fn act_as(&self, caller: &Caller) -> Option<Caller> {
        let unless_root = |id| if id == 0 { ANONYMOUS } else { id };
        match self.uid_policy {
            UidPolicy::Root => None,
            UidPolicy::Squash if caller.uid != 0 && !caller.in_group(0) => None,
            UidPolicy::Squash => Some(Caller {
                uid: unless_root(caller.uid),
                gid: unless_root(caller.gid),
                groups: caller.groups.iter().copied().map(unless_root).collect(),
            }),
            UidPolicy::Map { uid, gid } => Some(Caller::user(uid, gid)),
        }
    }
}

/// The attachments of a server, for those who end them. Clones share them.
#[derive(Clone)]
pub struct Attachments {
    /// Volumes whose handles are stale for now, whatever they were given for.
    closed: Arc<RwLock<HashSet<VolumeId>>>,
    table: Arc<Table>,
    clock: Arc<dyn Clock>,
    locks: Locks,
}

impl Attachments {
    /// Knows none yet. `clock` decides what has expired; `locks` are those of the server.
    pub fn new(clock: Arc<dyn Clock>, locks: Locks) -> Self {
        Self { closed: Arc::default(), table: Arc::default(), clock, locks }
    }

    /// Ends an attachment: from now on every call with one of its handles fails, and its locks are free.
    ///
    /// # Errors
    /// [`LogFailed`]: it has ended, and after a restart its locks may be there again. Ending it once more tries again.
    pub async fn end(&self, attachment: AttachmentId) -> Result<(), LogFailed> {
        self.table.set(attachment, State::Ended);
        self.locks.end_attachment(attachment.0).await
    }

    /// Makes every handle of a volume stale, also those of direct exports, until [`Attachments::open`]; frees its locks.
    ///
    /// # Errors
    /// [`LogFailed`]: it is closed, and after a restart its locks may be there again.
    pub async fn close(&self, volume: VolumeId) -> Result<(), LogFailed> {
        self.closed.write().insert(volume);
        self.locks.end_volume(volume).await
    }

    /// Lets the handles of a closed volume be used again.
    pub fn open(&self, volume: VolumeId) {
        self.closed.write().remove(&volume);
    }

    /// When an attachment was last used, if it was since it became known.
    pub fn last_activity(&self, attachment: AttachmentId) -> Option<Timestamp> {
        match self.table.get(attachment)? {
            State::Live(live) => live.last_activity(),
            State::Ended => None,
        }
    }

    /// The times of last use that no earlier call has given.
    pub fn take_activity(&self) -> Vec<(AttachmentId, Timestamp)> {
        self.table.take_activity()
    }
}
