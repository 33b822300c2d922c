//! Teams: the tenants.

use holdfast_base::{TeamId, Timestamp};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::db::{Tx, id, timestamp, unsigned};
use crate::{Catalogue, CatalogueError, names};

/// Name of the team that exists from the first start on.
pub const DEFAULT_TEAM: &str = "default";

const NOT_FOUND: CatalogueError = CatalogueError::NotFound { noun: "team" };

/// A team as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeamRef {
    /// By id.
    Id(TeamId),
    /// By name.
    Name(String),
}

impl TeamRef {
    /// Reads `team-<uuid>` or a bare UUID as an id and anything else as a name. No name has the form of an id.
    pub fn parse(text: &str) -> Self {
        match names::as_uuid(text) {
            Some(uuid) => Self::Id(TeamId(uuid)),
            None => Self::Name(text.to_owned()),
        }
    }
}

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
        let mut tx = self.begin_for_all().await?;
        sqlx::query("INSERT INTO teams (id, name, created_at, updated_at) VALUES ($1, $2, $3, $3)")
            .bind(team.to_string())
            .bind(name.to_owned())
            .bind(now)
            .execute(&mut *tx)
            .await
            .map_err(|error| CatalogueError::unique("name", error))?;
        tx.commit().await?;
        Ok(Team { id: team, name: name.to_owned(), created_at: timestamp(now) })
    }

    /// The team with this name.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn get_team_by_name(&self, name: &str) -> Result<Team, CatalogueError> {
        self.get_team(&TeamRef::Name(name.to_owned())).await
    }

    /// The team with this id or name.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn get_team(&self, wanted: &TeamRef) -> Result<Team, CatalogueError> {
        let (sql, value) = match wanted {
            TeamRef::Id(id) => ("SELECT id, name, created_at FROM teams WHERE id = $1", id.to_string()),
            TeamRef::Name(name) => ("SELECT id, name, created_at FROM teams WHERE name = $1", name.clone()),
        };
        let mut tx = self.begin_for_all().await?;
        let row = sqlx::query(sql).bind(value).fetch_optional(&mut *tx).await?;
        tx.commit().await?;
        Team::from_row(&row.ok_or(NOT_FOUND)?)
    }

    /// Every team, by name.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_teams(&self) -> Result<Vec<Team>, CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        let rows =
            sqlx::query("SELECT id, name, created_at FROM teams ORDER BY name").fetch_all(&mut *tx).await?;
        tx.commit().await?;
        rows.iter().map(Team::from_row).collect()
    }

    /// Removes a team with its keys. Refused while the team has filesystems, those that are being removed among them.
    ///
    /// # Errors
    /// `NotFound`, `InUse`, `Unavailable`.
    pub async fn delete_team(&self, team: TeamId) -> Result<(), CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        // Nobody can make a filesystem between the count and the end.
        lock_team(&mut tx, team).await?;
        let count = sqlx::query("SELECT COUNT(*) AS filesystems FROM filesystems WHERE team_id = $1")
            .bind(team.to_string())
            .fetch_one(&mut *tx)
            .await?;
        match unsigned(&count, "filesystems")? {
            0 => {}
            count => return Err(CatalogueError::InUse { noun: "team", count, what: "filesystems" }),
        }
        sqlx::query("DELETE FROM teams WHERE id = $1").bind(team.to_string()).execute(&mut *tx).await?;
        Ok(tx.commit().await?)
    }
}

/// Makes this transaction the only one that counts the team's filesystems, on every engine: the row is written.
pub(crate) async fn lock_team(tx: &mut Tx, team: TeamId) -> Result<(), CatalogueError> {
    let done = sqlx::query("UPDATE teams SET name = name WHERE id = $1")
        .bind(team.to_string())
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() == 0 { Err(NOT_FOUND) } else { Ok(()) }
}
