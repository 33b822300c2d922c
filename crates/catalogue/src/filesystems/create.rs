//! Making a filesystem: reserve the name, then, once the volume exists, activate.

use holdfast_base::{ByteSize, FilesystemId, TeamId};
use sqlx::Row;

use crate::db::{Tx, signed, timestamp, unsigned};
use crate::filesystems::{Filesystem, NOT_FOUND, NewFilesystem, TeamLimits};
use crate::teams::lock_team;
use crate::{Catalogue, CatalogueError, names};

impl Catalogue {
    /// Takes the name and makes the row in state `creating`; nothing else sees it before
    /// [`Catalogue::activate_filesystem`].
    ///
    /// # Errors
    /// `Invalid` or `Conflict` for `name`; `LimitReached`; `NotFound` for the team; `Unavailable`.
    pub async fn create_filesystem(
        &self,
        team: TeamId,
        new: NewFilesystem,
        limits: TeamLimits,
    ) -> Result<Filesystem, CatalogueError> {
        names::check(&new.name)?;
        let id = FilesystemId::generate(&*self.random);
        let now = self.now_micros();
        let mut tx = self.begin_for(team).await?;
        lock_team(&mut tx, team).await?;
        sqlx::query(
            "INSERT INTO filesystems \
             (id, team_id, name, size_bytes, inode_limit, labels, durability, compression, state, \
              created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'creating', $9, $9)",
        )
        .bind(id.to_string())
        .bind(team.to_string())
        .bind(new.name.clone())
        .bind(signed("sizeBytes", new.size.0)?)
        .bind(signed("inodes", new.inode_limit)?)
        .bind(new.labels.to_json())
        .bind(new.settings.durability.as_str())
        .bind(new.settings.compression.as_str())
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(|error| CatalogueError::unique("name", error))?;
        check_limits(&mut tx, team, limits).await?;
        tx.commit().await?;
        Ok(Filesystem {
            id,
            team,
            name: new.name,
            size: new.size,
            inode_limit: new.inode_limit,
            labels: new.labels,
            settings: new.settings,
            created_at: timestamp(now),
            updated_at: timestamp(now),
        })
    }

    /// Makes a filesystem visible: its volume exists now.
    ///
    /// # Errors
    /// `NotFound` where the row is not in state `creating`; `Unavailable`.
    pub async fn activate_filesystem(&self, id: FilesystemId) -> Result<(), CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        let done = sqlx::query(
            "UPDATE filesystems SET state = 'active', updated_at = updated_at + 1 \
             WHERE id = $1 AND state = 'creating'",
        )
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        if done.rows_affected() == 0 { Err(NOT_FOUND) } else { Ok(()) }
    }

    /// Gives a creation up: the name is free, and the row is one to be deleted. Doing so twice is not an error.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn abandon_filesystem(&self, id: FilesystemId) -> Result<(), CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        sqlx::query(
            "UPDATE filesystems SET state = 'deleting', updated_at = updated_at + 1 \
             WHERE id = $1 AND state = 'creating'",
        )
        .bind(id.to_string())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Recounts the team after a change of this transaction.
pub(super) async fn check_limits(
    tx: &mut Tx,
    team: TeamId,
    limits: TeamLimits,
) -> Result<(), CatalogueError> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS filesystems, CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) AS total \
         FROM filesystems WHERE team_id = $1 AND state <> 'deleting'",
    )
    .bind(team.to_string())
    .fetch_one(&mut **tx)
    .await?;
    let count = unsigned(&row, "filesystems")?;
    if count > limits.filesystems {
        let limit = limits.filesystems;
        return Err(CatalogueError::LimitReached { unit: "filesystems", limit, wanted: count });
    }
    let total = ByteSize(u64::try_from(row.try_get::<i64, _>("total")?).unwrap_or(u64::MAX));
    if total > limits.total {
        let limit = limits.total.0;
        return Err(CatalogueError::LimitReached { unit: "bytes", limit, wanted: total.0 });
    }
    Ok(())
}
