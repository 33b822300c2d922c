//! Making an attachment.

use std::time::Duration;

use holdfast_base::limits::{ATTACHMENT_LIFETIME_MAX, ATTACHMENT_NETWORKS_MAX, ATTACHMENT_OWNER_MAX_BYTES};
use holdfast_base::{AttachmentId, FilesystemId, Network, TeamId, UidPolicy};

use crate::attachments::end::LIVE;
use crate::attachments::{AttachedDirectory, Attachment, AttachmentSecret, SECRET_BYTES};
use crate::db::{Tx, signed, timestamp};
use crate::filesystems::NOT_FOUND;
use crate::keys::{hash, hex};
use crate::teams::lock_team;
use crate::{Catalogue, CatalogueError};

/// What a new attachment is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewAttachment {
    /// Whether every change is to be refused.
    pub read_only: bool,
    /// A directory to mount instead of the root: its path, and what was found there.
    pub directory: Option<(String, AttachedDirectory)>,
    /// As whom its users act.
    pub uid_policy: UidPolicy,
    /// Where it may be used from; anywhere if empty.
    pub networks: Vec<Network>,
    /// Who it is for.
    pub owner: String,
    /// How long it is good; for ever where `None`.
    pub lifetime: Option<Duration>,
}

impl NewAttachment {
    fn check(&self) -> Result<(), CatalogueError> {
        let owner = &self.owner;
        if owner.len() > ATTACHMENT_OWNER_MAX_BYTES || owner.chars().any(char::is_control) {
            let rule =
                format!("must be at most {ATTACHMENT_OWNER_MAX_BYTES} bytes without control characters");
            return Err(CatalogueError::invalid("owner", rule));
        }
        if self.networks.len() > ATTACHMENT_NETWORKS_MAX {
            let rule = format!("must be at most {ATTACHMENT_NETWORKS_MAX} networks");
            return Err(CatalogueError::invalid("allowedAddresses", rule));
        }
        let seconds = 1..=ATTACHMENT_LIFETIME_MAX.as_secs();
        if self.lifetime.is_some_and(|lifetime| !seconds.contains(&lifetime.as_secs())) {
            let rule = format!("must be {} to {}", seconds.start(), seconds.end());
            return Err(CatalogueError::invalid("expiresInSeconds", rule));
        }
        if let UidPolicy::Map { uid, gid } = self.uid_policy
            && (uid == u32::MAX || gid == u32::MAX)
        {
            return Err(CatalogueError::invalid("uid", "and `gid` must be below 4294967295"));
        }
        Ok(())
    }
}

impl Catalogue {
    /// Makes an attachment, and says what mounts it, for this once. A filesystem has at most `max` live ones.
    ///
    /// # Errors
    /// `Invalid`; `NotFound` for the filesystem; `TooManyAttachments`; `Unavailable`.
    pub async fn create_attachment(
        &self,
        team: TeamId,
        filesystem: FilesystemId,
        new: NewAttachment,
        max: u64,
    ) -> Result<(Attachment, AttachmentSecret), CatalogueError> {
        new.check()?;
        let mut secret = [0; SECRET_BYTES];
        self.random.fill(&mut secret);
        let secret = AttachmentSecret(hex(&secret));
        let now = self.now_micros();
        let lifetime = new.lifetime.map(|lifetime| lifetime.as_micros());
        let expires_at = lifetime.map(|micros| now.saturating_add_unsigned(micros as u64));
        let (subpath, directory) = new.directory.map_or(("/".to_owned(), None), |(p, d)| (p, Some(d)));
        let attachment = Attachment {
            id: AttachmentId::generate(&*self.random),
            team,
            filesystem,
            read_only: new.read_only,
            subpath,
            directory,
            uid_policy: new.uid_policy,
            networks: new.networks,
            owner: new.owner,
            created_at: timestamp(now),
            expires_at: expires_at.map(timestamp),
            last_active_at: None,
        };
        let mut tx = self.begin_for(team).await?;
        // Nobody deletes the filesystem, or attaches it, between the look and the end.
        lock_team(&mut tx, team).await.map_err(|error| match error {
            CatalogueError::NotFound { .. } => NOT_FOUND,
            other => other,
        })?;
        check_room(&mut tx, &attachment, now, max).await?;
        insert(&mut tx, &attachment, &secret, now, expires_at).await?;
        tx.commit().await?;
        Ok((attachment, secret))
    }
}

/// Whether the filesystem exists and has room for one more.
async fn check_room(tx: &mut Tx, new: &Attachment, now: i64, max: u64) -> Result<(), CatalogueError> {
    let exists = "SELECT COUNT(*) FROM filesystems WHERE id = $1 AND team_id = $2 AND state = 'active'";
    let exists: i64 = sqlx::query_scalar(exists)
        .bind(new.filesystem.to_string())
        .bind(new.team.to_string())
        .fetch_one(&mut **tx)
        .await?;
    if exists == 0 {
        return Err(NOT_FOUND);
    }
    let live =
        format!("SELECT COUNT(*) FROM attachments WHERE team_id = $1 AND filesystem_id = $2 AND {LIVE}$3)");
    let live: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(live))
        .bind(new.team.to_string())
        .bind(new.filesystem.to_string())
        .bind(now)
        .fetch_one(&mut **tx)
        .await?;
    if live >= signed("attachments", max)? {
        return Err(CatalogueError::TooManyAttachments { limit: max });
    }
    Ok(())
}

async fn insert(
    tx: &mut Tx,
    new: &Attachment,
    secret: &AttachmentSecret,
    now: i64,
    expires_at: Option<i64>,
) -> Result<(), CatalogueError> {
    let networks: Vec<String> = new.networks.iter().map(Network::to_string).collect();
    let (uid, gid) = match new.uid_policy {
        UidPolicy::Map { uid, gid } => (Some(i64::from(uid)), Some(i64::from(gid))),
        UidPolicy::Root | UidPolicy::Squash => (None, None),
    };
    let ino = new.directory.map(|directory| signed("subpath", directory.ino)).transpose()?;
    sqlx::query(
        "INSERT INTO attachments \
         (id, team_id, filesystem_id, sha256, read_only, subpath, root_ino, root_generation, uid_policy, \
          map_uid, map_gid, networks, owner, created_at, expires_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $14)",
    )
    .bind(new.id.to_string())
    .bind(new.team.to_string())
    .bind(new.filesystem.to_string())
    .bind(hash(secret.reveal()))
    .bind(i64::from(new.read_only))
    .bind(new.subpath.clone())
    .bind(ino)
    .bind(new.directory.map(|directory| i64::from(directory.generation)))
    .bind(new.uid_policy.as_str())
    .bind(uid)
    .bind(gid)
    .bind(networks.join(","))
    .bind(new.owner.clone())
    .bind(now)
    .bind(expires_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
