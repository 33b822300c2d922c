//! Finding attachments, and noting their use.

use holdfast_base::{AttachmentId, FilesystemId, TeamId, Timestamp};
use sqlx::{AssertSqlSafe, Row};

use crate::attachments::end::LIVE;
use crate::attachments::{Attachment, AttachmentSecret, NOT_FOUND, columns};
use crate::db::Tx;
use crate::keys::{equal, hash};
use crate::{Catalogue, CatalogueError};

/// The beginning of every query here; a condition follows that is written in this file.
const SELECT: &str = concat!("SELECT sha256, ", columns!(), " FROM attachments WHERE ");
/// Only of filesystems that exist.
const OF_ACTIVE: &str = "filesystem_id IN (SELECT id FROM filesystems WHERE state = 'active')";

impl Catalogue {
    /// The live attachments of a filesystem, oldest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_attachments(
        &self,
        team: TeamId,
        filesystem: FilesystemId,
    ) -> Result<Vec<Attachment>, CatalogueError> {
        let sql =
            format!("{SELECT}team_id = $1 AND filesystem_id = $2 AND {LIVE}$3) ORDER BY created_at, id");
        let mut tx = self.begin_for(team).await?;
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(team.to_string())
            .bind(filesystem.to_string())
            .bind(self.now_micros())
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        rows.iter().map(Attachment::from_row).collect()
    }

    /// A live attachment of a filesystem.
    ///
    /// # Errors
    /// `NotFound`, also for one that has ended or is another team's; `Unavailable`.
    pub async fn get_attachment(
        &self,
        team: TeamId,
        filesystem: FilesystemId,
        attachment: AttachmentId,
    ) -> Result<Attachment, CatalogueError> {
        let sql = format!("{SELECT}id = $1 AND team_id = $2 AND filesystem_id = $3 AND {LIVE}$4)");
        let mut tx = self.begin_for(team).await?;
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(attachment.to_string())
            .bind(team.to_string())
            .bind(filesystem.to_string())
            .bind(self.now_micros())
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        Attachment::from_row(&row.ok_or(NOT_FOUND)?)
    }

    /// The live attachment with this id, whichever team owns it. For mounts whose handles name it.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn get_attachment_any_team(
        &self,
        attachment: AttachmentId,
    ) -> Result<Attachment, CatalogueError> {
        let tx = self.begin_for_all().await?;
        Ok(self.one(tx, "id = $2", attachment.to_string()).await?.ok_or(NOT_FOUND)?.0)
    }

    /// The live attachment that this secret mounts; `None` for a text that is no secret, an unknown one, and one whose
    /// attachment has ended. The lookup is by hash, so its timing tells nothing about other secrets.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_attachment(&self, secret: &str) -> Result<Option<Attachment>, CatalogueError> {
        if !AttachmentSecret::has_form(secret) {
            return Ok(None);
        }
        let wanted = hash(secret);
        // Whose team it is comes out of this lookup, so it cannot be made as that team.
        let found = self.one(self.begin_for_all().await?, "sha256 = $2", wanted.clone()).await?;
        Ok(found.filter(|(_, hash)| equal(hash.as_bytes(), wanted.as_bytes())).map(|(found, _)| found))
    }

    /// `condition` is written in this file; what comes from outside is in `value`.
    async fn one(
        &self,
        mut tx: Tx,
        condition: &str,
        value: String,
    ) -> Result<Option<(Attachment, String)>, CatalogueError> {
        let sql = format!("{SELECT}{LIVE}$1) AND {condition} AND {OF_ACTIVE}");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(self.now_micros())
            .bind(value)
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        row.map(|row| Ok((Attachment::from_row(&row)?, row.try_get("sha256")?))).transpose()
    }

    /// Notes when attachments were last used: never back, and nothing for those that are gone.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn note_activity(&self, used: &[(AttachmentId, Timestamp)]) -> Result<(), CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        for (attachment, at) in used {
            let micros = at.seconds.saturating_mul(1_000_000).saturating_add(i64::from(at.nanos / 1_000));
            sqlx::query(
                "UPDATE attachments SET last_active_at = $2 \
                 WHERE id = $1 AND COALESCE(last_active_at, 0) < $2",
            )
            .bind(attachment.to_string())
            .bind(micros)
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }
}
