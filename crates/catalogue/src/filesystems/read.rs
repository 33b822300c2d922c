//! Finding filesystems: one by id or name, many by page.

use holdfast_base::{FilesystemId, TeamId};
use sqlx::AssertSqlSafe;

use crate::db::Tx;
use crate::filesystems::{Filesystem, FilesystemRef, NOT_FOUND, columns};
use crate::teams::DEFAULT_TEAM;
use crate::{Catalogue, CatalogueError, labels, names};

/// Most filesystems in one page.
const PAGE_MAX: u32 = 1000;

/// The beginning of every query here; a condition follows that is written in this file.
const SELECT: &str = concat!("SELECT ", columns!(), " FROM filesystems WHERE state = 'active' AND ");

/// Which filesystems to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListFilesystems {
    /// Labels that each must have.
    pub labels: Vec<(String, String)>,
    /// Most filesystems in the answer, 1 to 1,000.
    pub limit: u32,
    /// `Page::next` of the page before.
    pub cursor: Option<String>,
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// By name.
    pub filesystems: Vec<Filesystem>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<String>,
}

impl Catalogue {
    /// A page of the team's filesystems, by name. A filesystem that exists during a whole walk is in exactly one page,
    /// whatever else is made, renamed or removed meanwhile.
    ///
    /// # Errors
    /// `Invalid` for `limit`, `cursor` or `labels`; `Unavailable`.
    pub async fn list_filesystems(
        &self,
        team: TeamId,
        list: &ListFilesystems,
    ) -> Result<Page, CatalogueError> {
        if !(1..=PAGE_MAX).contains(&list.limit) {
            return Err(CatalogueError::invalid("limit", format!("must be 1 to {PAGE_MAX}")));
        }
        // The cursor is the last name that was given out.
        let after = list.cursor.as_deref().unwrap_or("");
        if !after.is_empty() && names::check(after).is_err() {
            let rule = "must be one that an earlier answer gave, unchanged";
            return Err(CatalogueError::invalid("cursor", rule));
        }
        let mut values = vec![team.to_string(), after.to_owned()];
        let mut condition = String::from("team_id = $1 AND name > $2");
        for (key, value) in &list.labels {
            values.push(labels::needle(key, value)?);
            // Containment that is exact in case on both engines, which LIKE is not.
            condition.push_str(&format!(" AND replace(labels, ${}, '') <> labels", values.len()));
        }
        let sql = format!("{SELECT}{condition} ORDER BY name LIMIT {}", u64::from(list.limit) + 1);
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for value in values {
            query = query.bind(value);
        }
        let mut tx = self.begin_for(team).await?;
        let rows = query.fetch_all(&mut *tx).await?;
        tx.commit().await?;
        let mut filesystems =
            rows.iter().map(Filesystem::from_row).collect::<Result<Vec<_>, CatalogueError>>()?;
        let more = filesystems.len() > list.limit as usize;
        filesystems.truncate(list.limit as usize);
        let next = filesystems.last().filter(|_| more).map(|last| last.name.clone());
        Ok(Page { filesystems, next })
    }

    /// The team's filesystem with this id or name.
    ///
    /// # Errors
    /// `NotFound`, also for another team's; `Unavailable`.
    pub async fn get_filesystem(
        &self,
        team: TeamId,
        wanted: &FilesystemRef,
    ) -> Result<Filesystem, CatalogueError> {
        let (condition, value) = match wanted {
            FilesystemRef::Id(id) => ("id = $2", id.to_string()),
            FilesystemRef::Name(name) => ("name = $2", name.clone()),
        };
        let condition = format!("team_id = $1 AND {condition}");
        one(self.begin_for(team).await?, &condition, [team.to_string(), value]).await
    }

    /// The filesystem with this id, whichever team owns it. For mounts by id, where the id is the credential.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn get_filesystem_any_team(&self, id: FilesystemId) -> Result<Filesystem, CatalogueError> {
        one(self.begin_for_all().await?, "id = $1", [id.to_string()]).await
    }

    /// The default team's filesystem with this name. For mounts by name.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn get_filesystem_of_default_team(&self, name: &str) -> Result<Filesystem, CatalogueError> {
        let condition = "name = $1 AND team_id = (SELECT id FROM teams WHERE name = $2)";
        one(self.begin_for_all().await?, condition, [name.to_owned(), DEFAULT_TEAM.to_owned()]).await
    }
}

/// `condition` is written in this file; what comes from outside is in `values`.
async fn one<const N: usize>(
    mut tx: Tx,
    condition: &str,
    values: [String; N],
) -> Result<Filesystem, CatalogueError> {
    let mut query = sqlx::query(AssertSqlSafe(format!("{SELECT}{condition}")));
    for value in values {
        query = query.bind(value);
    }
    let row = query.fetch_optional(&mut *tx).await?.ok_or(NOT_FOUND)?;
    tx.commit().await?;
    Filesystem::from_row(&row)
}
