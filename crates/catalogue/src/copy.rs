//! A copy of the whole database as one file, for a node that loses its disk.

use std::path::Path;

use crate::{Catalogue, CatalogueError};

impl Catalogue {
    /// Writes all that is committed into a new database file at `path`, where nothing may be.
    ///
    /// # Errors
    /// `Invalid` where the path is no text or holds a quote; `Unavailable`.
    pub async fn copy_to(&self, path: &Path) -> Result<(), CatalogueError> {
        let text = path.to_str().filter(|text| !text.contains(['\'', '\0']));
        let text = text.ok_or_else(|| CatalogueError::invalid("path", "must be text without quotes"))?;
        // The statement takes no placeholder on every version of SQLite.
        let sql = format!("VACUUM INTO '{text}'");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&self.pool).await?;
        Ok(())
    }
}
