//! Teams: the tenants.

use holdfast_base::{TeamId, Timestamp};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::db::{id, timestamp};
use crate::{Catalogue, CatalogueError, names};

/// Name of the team that exists from the first start on.
pub const DEFAULT_TEAM: &str = "default";

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// Its name, unique in the catalogue.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Team {
    fn from_row(row: &AnyRow) -> Result<Self, CatalogueError> {
        Ok(Self {
            id: id(row, "id")?,
            name: row.try_get("name")?,
            created_at: timestamp(row.try_get("created_at")?),
        })
    }
}

impl Catalogue {
    /// The team [`DEFAULT_TEAM`], made if it is missing, and whether this call made it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn ensure_default_team(&self) -> Result<(Team, bool), CatalogueError> {
        match self.create_team(DEFAULT_TEAM).await {
            Ok(team) => Ok((team, true)),
            Err(CatalogueError::Conflict { .. }) => Ok((self.get_team_by_name(DEFAULT_TEAM).await?, false)),
            Err(error) => Err(error),
        }
    }

    /// Makes a team.
    ///
    /// # Errors
    /// `Invalid` or `Conflict` for `name`; `Unavailable`.
    pub async fn create_team(&self, name: &str) -> Result<Team, CatalogueError> {
        names::check(name)?;
        let team = TeamId::generate(&*self.random);
        let now = self.now_micros();
        sqlx::query("INSERT INTO teams (id, name, created_at, updated_at) VALUES ($1, $2, $3, $3)")
            .bind(team.to_string())
            .bind(name.to_owned())
            .bind(now)
            .execute(&self.pool)
            .await
            .map_err(|error| CatalogueError::unique("name", error))?;
        Ok(Team { id: team, name: name.to_owned(), created_at: timestamp(now) })
    }

    /// The team with this name.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn get_team_by_name(&self, name: &str) -> Result<Team, CatalogueError> {
        let row = sqlx::query("SELECT id, name, created_at FROM teams WHERE name = $1")
            .bind(name.to_owned())
            .fetch_optional(&self.pool)
            .await?;
        Team::from_row(&row.ok_or(CatalogueError::NotFound { noun: "team" })?)
    }

    /// Every team, by name.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_teams(&self) -> Result<Vec<Team>, CatalogueError> {
        let rows =
            sqlx::query("SELECT id, name, created_at FROM teams ORDER BY name").fetch_all(&self.pool).await?;
        rows.iter().map(Team::from_row).collect()
    }

    /// Removes a team with its keys and the rows of its filesystems. The caller has removed their volumes first.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn delete_team(&self, team: TeamId) -> Result<(), CatalogueError> {
        let done =
            sqlx::query("DELETE FROM teams WHERE id = $1").bind(team.to_string()).execute(&self.pool).await?;
        if done.rows_affected() == 0 { Err(CatalogueError::NotFound { noun: "team" }) } else { Ok(()) }
    }
}
