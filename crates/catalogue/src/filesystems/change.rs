//! Changing and removing filesystems.

use std::time::Duration;

use holdfast_base::{FilesystemId, TeamId};
use sqlx::Row;

use crate::attachments::{Holder, holders, revoke_all};
use crate::db::{id, signed};
use crate::filesystems::create::check_limits;
use crate::filesystems::{Filesystem, FilesystemPatch, NOT_FOUND, State, TeamLimits, Unfinished, columns};
use crate::teams::lock_team;
use crate::{Catalogue, CatalogueError, names};

impl Catalogue {
    /// Changes name, limits, labels and settings together or not at all.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` or `Conflict` for `name`; `LimitReached` where the size grows; `Unavailable`.
    pub async fn patch_filesystem(
        &self,
        team: TeamId,
        filesystem: FilesystemId,
        patch: &FilesystemPatch,
        limits: TeamLimits,
    ) -> Result<Filesystem, CatalogueError> {
        if let Some(name) = &patch.name {
            names::check(name)?;
        }
        let size = patch.limits.map(|(size, _)| signed("sizeBytes", size.0)).transpose()?;
        let inodes = patch.limits.map(|(_, inodes)| signed("inodes", inodes)).transpose()?;
        let mut tx = self.begin_for(team).await?;
        lock_team(&mut tx, team).await.map_err(|error| match error {
            CatalogueError::NotFound { .. } => NOT_FOUND,
            other => other,
        })?;
        let before = "SELECT size_bytes FROM filesystems WHERE id = $1 AND team_id = $2";
        let before: Option<i64> = sqlx::query_scalar(before)
            .bind(filesystem.to_string())
            .bind(team.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let row = sqlx::query(concat!(
            "UPDATE filesystems SET name = COALESCE($3, name), size_bytes = COALESCE($4, size_bytes), ",
            "inode_limit = COALESCE($5, inode_limit), labels = COALESCE($6, labels), ",
            "durability = COALESCE($7, durability), compression = COALESCE($8, compression), ",
            "updated_at = CASE WHEN updated_at < $9 THEN $9 ELSE updated_at + 1 END ",
            "WHERE id = $1 AND team_id = $2 AND state = 'active' RETURNING ",
            columns!()
        ))
        .bind(filesystem.to_string())
        .bind(team.to_string())
        .bind(patch.name.clone())
        .bind(size)
        .bind(inodes)
        .bind(patch.labels.as_ref().map(|labels| labels.to_json()))
        .bind(patch.durability.map(|durability| durability.as_str()))
        .bind(patch.compression.map(|compression| compression.as_str()))
        .bind(self.now_micros())
        .fetch_optional(&mut *tx)
        .await
        .map_err(|error| CatalogueError::unique("name", error))?;
        let changed = Filesystem::from_row(&row.ok_or(NOT_FOUND)?)?;
        // A team over limits that were lowered since may still shrink, rename and label.
        if size > before {
            check_limits(&mut tx, team, limits).await?;
        }
        tx.commit().await?;
        Ok(changed)
    }

    /// Ends a filesystem for its team: it is not found any more and its name is free. Its volume is still to be
    /// removed, and then its row purged, but not before `keep` has passed: till then it can be undeleted. Attachments
    /// refuse it, or end with it if `force`; says which did.
    ///
    /// # Errors
    /// `NotFound`, `Attached`, `Unavailable`.
    pub async fn mark_deleting(
        &self,
        team: TeamId,
        filesystem: FilesystemId,
        force: bool,
        keep: Duration,
    ) -> Result<Vec<Holder>, CatalogueError> {
        let now = self.now_micros();
        let reclaim_at = now.saturating_add_unsigned(keep.as_micros() as u64);
        let mut tx = self.begin_for(team).await?;
        // Nobody attaches it between the look and the end.
        lock_team(&mut tx, team).await.map_err(|error| match error {
            CatalogueError::NotFound { .. } => NOT_FOUND,
            other => other,
        })?;
        let done = sqlx::query(
            "UPDATE filesystems SET state = 'deleting', reclaim_at = $4, \
             updated_at = CASE WHEN updated_at < $3 THEN $3 ELSE updated_at + 1 END \
             WHERE id = $1 AND team_id = $2 AND state = 'active'",
        )
        .bind(filesystem.to_string())
        .bind(team.to_string())
        .bind(now)
        .bind(reclaim_at)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Err(NOT_FOUND);
        }
        let holders = holders(&mut tx, team, filesystem, now).await?;
        if !holders.is_empty() {
            if !force {
                return Err(CatalogueError::Attached { holders });
            }
            revoke_all(&mut tx, team, filesystem, now).await?;
        }
        tx.commit().await?;
        Ok(holders)
    }

    /// Forgets a filesystem whose volume is gone. Never an active one. Purging twice is not an error.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn purge_filesystem(&self, filesystem: FilesystemId) -> Result<(), CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        sqlx::query("DELETE FROM filesystems WHERE id = $1 AND state <> 'active'")
            .bind(filesystem.to_string())
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Filesystems whose making or removal was begun and not finished, oldest first, but for those that can still be
    /// undeleted. Those in state `Creating` are
    /// left-overs only if no request is running, that is at a start.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_unfinished(&self) -> Result<Vec<Unfinished>, CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        let rows = sqlx::query(
            "SELECT id, team_id, state FROM filesystems \
             WHERE state <> 'active' AND COALESCE(reclaim_at, 0) <= $1 ORDER BY created_at, id",
        )
        .bind(self.now_micros())
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        rows.iter()
            .map(|row| {
                let creating = row.try_get::<String, _>("state")? == State::Creating.as_str();
                let state = if creating { State::Creating } else { State::Deleting };
                Ok(Unfinished { id: id(row, "id")?, team: id(row, "team_id")?, state })
            })
            .collect()
    }
}
