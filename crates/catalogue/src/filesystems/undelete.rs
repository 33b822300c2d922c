//! Taking a deletion back while the volume is still there.

use holdfast_base::{FilesystemId, TeamId};

use crate::db::id;
use crate::filesystems::create::check_limits;
use crate::filesystems::{Filesystem, NOT_FOUND, TeamLimits, columns};
use crate::teams::lock_team;
use crate::{Catalogue, CatalogueError, names};

impl Catalogue {
    /// Makes a deleted filesystem what it was, under its name or a new one. Its attachments stay ended.
    ///
    /// # Errors
    /// `NotFound` for one that is not deleted, or was too long ago; `Invalid` or `Conflict` for `name`; `LimitReached`;
    /// `Unavailable`.
    pub async fn undelete_filesystem(
        &self,
        team: TeamId,
        filesystem: FilesystemId,
        name: Option<&str>,
        limits: TeamLimits,
    ) -> Result<Filesystem, CatalogueError> {
        if let Some(name) = name {
            names::check(name)?;
        }
        let mut tx = self.begin_for(team).await?;
        lock_team(&mut tx, team).await.map_err(|error| match error {
            CatalogueError::NotFound { .. } => NOT_FOUND,
            other => other,
        })?;
        let row = sqlx::query(concat!(
            "UPDATE filesystems SET state = 'active', reclaim_at = NULL, name = COALESCE($3, name), ",
            "updated_at = CASE WHEN updated_at < $4 THEN $4 ELSE updated_at + 1 END ",
            "WHERE id = $1 AND team_id = $2 AND state = 'deleting' AND reclaim_at > $4 RETURNING ",
            columns!()
        ))
        .bind(filesystem.to_string())
        .bind(team.to_string())
        .bind(name.map(str::to_owned))
        .bind(self.now_micros())
        .fetch_optional(&mut *tx)
        .await
        .map_err(|error| CatalogueError::unique("name", error))?;
        let back = Filesystem::from_row(&row.ok_or(NOT_FOUND)?)?;
        check_limits(&mut tx, team, limits).await?;
        tx.commit().await?;
        Ok(back)
    }

    /// Filesystems of every team that are deleted and can still be undeleted.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_deleted(&self) -> Result<Vec<FilesystemId>, CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        let rows = sqlx::query("SELECT id FROM filesystems WHERE state = 'deleting' AND reclaim_at > $1")
            .bind(self.now_micros())
            .fetch_all(&mut *tx)
            .await?;
        tx.commit().await?;
        rows.iter().map(|row| id(row, "id")).collect()
    }
}
