//! The port [`Mounts`] of the HTTP front end over the NFS front end, and the upkeep of attachments.
//!
//! What is revoked here ends at once. What expires, or was revoked through another server of the same catalogue or
//! before a crash, is found by a look at the catalogue twice a second. A row that has ended is kept for a minute, so
//! that every server sees it, and its locks are given up once more before it goes: a LOCK that ran when the attachment
//! ended may have come after the first time.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use holdfast_api::mounts::{MountPlace, Mounts};
use holdfast_base::limits::{ATTACHMENT_ACTIVITY_EVERY, ATTACHMENT_ENDED_KEPT, ATTACHMENT_POLL};
use holdfast_base::{AttachmentId, Clock, Timestamp, VolumeId};
use holdfast_catalogue::{Catalogue, CatalogueError, Ended};
use holdfast_nfs::Attachments;
use tokio::time::MissedTickBehavior;

use crate::exit::chain;

/// The mounts of this server.
pub(super) struct ServerMounts {
    place: MountPlace,
    attachments: Attachments,
}

impl ServerMounts {
    /// Mounts from `nfs`, which clients know as `host` if that is given.
    pub fn new(nfs: SocketAddr, host: Option<String>, locks: bool, attachments: Attachments) -> Self {
        let listens = Some(nfs.ip()).filter(|ip| !ip.is_unspecified());
        let listens = listens.map(|ip| if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() });
        Self { place: MountPlace { host: host.or(listens), port: nfs.port(), locks }, attachments }
    }
}

#[async_trait]
impl Mounts for ServerMounts {
    fn place(&self) -> MountPlace {
        self.place.clone()
    }

    async fn end(&self, attachment: AttachmentId) {
        if let Err(error) = self.attachments.end(attachment).await {
            tracing::warn!(%attachment, %error, "the locks of a revoked attachment are left for later");
        }
    }

    async fn close(&self, volume: VolumeId) {
        if let Err(error) = self.attachments.close(volume).await {
            tracing::warn!(%volume, %error, "the locks of a deleted volume stay");
        }
    }

    fn open(&self, volume: VolumeId) {
        self.attachments.open(volume);
    }

    fn last_activity(&self, attachment: AttachmentId) -> Option<Timestamp> {
        self.attachments.last_activity(attachment)
    }
}

/// Keeps what the NFS front end knows of attachments and the catalogue together.
pub(super) struct Upkeep {
    pub catalogue: Arc<Catalogue>,
    pub attachments: Attachments,
    pub clock: Arc<dyn Clock>,
}

impl Upkeep {
    /// Closes what was deleted before this server began and can still be undeleted.
    ///
    /// # Errors
    /// Where the catalogue does not answer.
    pub async fn close_what_is_deleted(&self) -> Result<(), CatalogueError> {
        for filesystem in self.catalogue.list_deleted().await? {
            if let Err(error) = self.attachments.close(filesystem.into()).await {
                tracing::warn!(%filesystem, %error, "the locks of a deleted filesystem stay");
            }
        }
        Ok(())
    }

    /// Goes on until it is dropped: each step may stop anywhere.
    pub async fn run(self: Arc<Self>) {
        let mut poll = tokio::time::interval(ATTACHMENT_POLL);
        let mut activity = tokio::time::interval(ATTACHMENT_ACTIVITY_EVERY);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        activity.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut handled = HashSet::new();
        let mut down = false;
        loop {
            let done = tokio::select! {
                _ = poll.tick() => self.end_what_has_ended(&mut handled).await,
                _ = activity.tick() => self.note_activity().await,
            };
            // Once for each time that the catalogue is away, not twice a second.
            if let (Err(error), false) = (&done, down) {
                let why = chain(error);
                tracing::warn!(why, "the catalogue cannot be asked for attachments that have ended");
            }
            down = done.is_err();
        }
    }

    /// Ends what has ended since the last look, whose ids are in `handled`, and forgets what ended long ago.
    async fn end_what_has_ended(&self, handled: &mut HashSet<AttachmentId>) -> Result<(), CatalogueError> {
        let ended = self.catalogue.list_ended_attachments().await?;
        let told: HashSet<AttachmentId> = ended.iter().map(|ended| ended.id).collect();
        handled.retain(|id| told.contains(id));
        let now = self.clock.now();
        for Ended { id, since } in ended {
            let is_old = now.seconds - since.seconds > ATTACHMENT_ENDED_KEPT.as_secs() as i64;
            if handled.contains(&id) && !is_old {
                continue;
            }
            if let Err(error) = self.attachments.end(id).await {
                tracing::warn!(attachment = %id, %error, "the locks of an attachment that has ended stay");
                continue;
            }
            handled.insert(id);
            if is_old {
                self.catalogue.purge_attachment(id).await?;
            }
        }
        Ok(())
    }

    /// Writes down when attachments were last used.
    pub async fn note_activity(&self) -> Result<(), CatalogueError> {
        let used = self.attachments.take_activity();
        if used.is_empty() { Ok(()) } else { self.catalogue.note_activity(&used).await }
    }
}
