//! How attachments end.

use std::fmt;

use holdfast_base::{AttachmentId, FilesystemId, TeamId, Timestamp};
use sqlx::{AssertSqlSafe, Row};

use crate::attachments::NOT_FOUND;
use crate::db::{Tx, id, timestamp};
use crate::{Catalogue, CatalogueError};

/// What makes a row a live attachment; the placeholder of the present time and a closing parenthesis follow.
pub(super) const LIVE: &str = "revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ";

/// Who holds a filesystem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The attachment.
    pub attachment: AttachmentId,
    /// Who it is for; may be empty.
    pub owner: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.owner.as_str() {
            "" => write!(f, "{}", self.attachment),
            owner => write!(f, "`{owner}` ({})", self.attachment),
        }
    }
}

/// An attachment that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its id.
    pub id: AttachmentId,
    /// Since when.
    pub since: Timestamp,
}

impl Catalogue {
    /// Ends an attachment: it is not found any more, and mounts nothing.
    ///
    /// # Errors
    /// `NotFound`, also for one that has ended; `Unavailable`.
    pub async fn revoke_attachment(
        &self,
        team: TeamId,
        filesystem: FilesystemId,
        attachment: AttachmentId,
    ) -> Result<(), CatalogueError> {
        let sql = format!(
            "UPDATE attachments SET revoked_at = $4 \
             WHERE id = $1 AND team_id = $2 AND filesystem_id = $3 AND {LIVE}$4)"
        );
        let mut tx = self.begin_for(team).await?;
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(attachment.to_string())
            .bind(team.to_string())
            .bind(filesystem.to_string())
            .bind(self.now_micros())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        if done.rows_affected() == 0 { Err(NOT_FOUND) } else { Ok(()) }
    }

    /// Attachments that were revoked or have expired, and are still rows: of every team, the first to end first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_ended_attachments(&self) -> Result<Vec<Ended>, CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        let rows = sqlx::query(
            "SELECT id, COALESCE(revoked_at, expires_at) AS since FROM attachments \
             WHERE revoked_at IS NOT NULL OR (expires_at IS NOT NULL AND expires_at <= $1) ORDER BY since, id",
        )
        .bind(self.now_micros())
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        rows.iter()
            .map(|row| Ok(Ended { id: id(row, "id")?, since: timestamp(row.try_get("since")?) }))
            .collect()
    }

    /// Forgets an attachment that has ended; never a live one. Purging twice is not an error.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn purge_attachment(&self, attachment: AttachmentId) -> Result<(), CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        sqlx::query(
            "DELETE FROM attachments \
             WHERE id = $1 AND (revoked_at IS NOT NULL OR (expires_at IS NOT NULL AND expires_at <= $2))",
        )
        .bind(attachment.to_string())
        .bind(self.now_micros())
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}

/// Who holds a filesystem at the time `now`, oldest first.
pub(crate) async fn holders(
    tx: &mut Tx,
    team: TeamId,
    filesystem: FilesystemId,
    now: i64,
) -> Result<Vec<Holder>, CatalogueError> {
    let sql = format!(
        "SELECT id, owner FROM attachments \
         WHERE team_id = $1 AND filesystem_id = $2 AND {LIVE}$3) ORDER BY created_at, id"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(team.to_string())
        .bind(filesystem.to_string())
        .bind(now)
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(|row| Ok(Holder { attachment: id(row, "id")?, owner: row.try_get("owner")? })).collect()
}

/// Revokes every live attachment of a filesystem.
pub(crate) async fn revoke_all(
    tx: &mut Tx,
    team: TeamId,
    filesystem: FilesystemId,
    now: i64,
) -> Result<(), CatalogueError> {
    let sql = format!(
        "UPDATE attachments SET revoked_at = $3 WHERE team_id = $1 AND filesystem_id = $2 AND {LIVE}$3)"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(team.to_string())
        .bind(filesystem.to_string())
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
