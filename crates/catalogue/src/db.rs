//! The catalogue's handle: its pool, and the transactions that every statement runs in.
//!
//! On PostgreSQL a transaction takes one of two roles as it begins, and one for a team names that team; the policies
//! of the schema do the rest. Outside such a transaction the server's own login sees no row of any tenant, so that a
//! statement that forgets its team finds nothing. SQLite has no roles: there the conditions of the statements alone
//! keep teams apart, as they do on both.

use std::sync::Arc;

use holdfast_base::{Clock, Random, TeamId, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{Any, AnyPool, Row, Transaction};

use crate::CatalogueError;
use crate::engine::Engine;
use crate::migrations::migrator;

/// A transaction; dropped without a commit, it did not happen.
pub(crate) type Tx = Transaction<'static, Any>;

/// The catalogue of one server. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Catalogue {
    engine: Engine,
    pub(crate) pool: AnyPool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue").finish_non_exhaustive()
    }
}

impl Catalogue {
    /// Opens the database at `url` and brings its schema up to date.
    ///
    /// `sqlite://path/to/file`, made if it is missing; `sqlite::memory:`, gone with the last clone;
    /// `postgres://user@host/database`, where the user owns the database and may make roles, or is a member of
    /// `holdfast_tenant` and `holdfast_server`. Keys and ids come from `random`, so anything but the operating
    /// system's source makes guessable keys.
    ///
    /// # Errors
    /// `Invalid` for a URL of another kind; `Unavailable` where the database cannot be opened or its schema is newer
    /// than this program.
    pub async fn open(
        url: &str,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, CatalogueError> {
        let engine = Engine::of(url)?;
        let pool = engine.connect(url).await?;
        migrator(engine).run(&pool).await?;
        Ok(Self { engine, pool, clock, random })
    }

    /// Begins a transaction that may see and change this team's rows only.
    pub(crate) async fn begin_for(&self, team: TeamId) -> Result<Tx, CatalogueError> {
        self.begin_as("holdfast_tenant", &team.to_string()).await
    }

    /// Begins a transaction over every team's rows: the administrator's work, and the server's own.
    pub(crate) async fn begin_for_all(&self) -> Result<Tx, CatalogueError> {
        self.begin_as("holdfast_server", "").await
    }

    async fn begin_as(&self, role: &str, team: &str) -> Result<Tx, CatalogueError> {
        let mut tx = self.pool.begin().await?;
        if self.engine == Engine::Postgres {
            // Both settings end with the transaction.
            sqlx::query("SELECT set_config('holdfast.team_id', $1, true), set_config('role', $2, true)")
                .bind(team.to_owned())
                .bind(role.to_owned())
                .execute(&mut *tx)
                .await?;
        }
        Ok(tx)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// `Unavailable` where it does not.
    pub async fn ping(&self) -> Result<(), CatalogueError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes every connection once it is free; calls after that fail as `Unavailable`.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) fn now_micros(&self) -> i64 {
        let now = self.clock.now();
        now.seconds.saturating_mul(1_000_000).saturating_add(i64::from(now.nanos / 1_000))
    }
}

/// A time column, which holds microseconds since the epoch.
pub(crate) fn timestamp(micros: i64) -> Timestamp {
    let nanos = micros.rem_euclid(1_000_000) as u32 * 1_000;
    Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

/// An id column.
pub(crate) fn id<T>(row: &AnyRow, column: &str) -> Result<T, CatalogueError>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    parsed(row, column)
}

/// A text column with a type of its own. A text that does not parse was not written by this crate.
pub(crate) fn parsed<T>(row: &AnyRow, column: &str) -> Result<T, CatalogueError>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.try_get(column)?;
    text.parse().map_err(|error: T::Err| CatalogueError::Unavailable(Box::new(error)))
}

/// A count or size column, kept non-negative by the schema.
pub(crate) fn unsigned(row: &AnyRow, column: &str) -> Result<u64, CatalogueError> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value).map_err(|error| CatalogueError::Unavailable(Box::new(error)))
}

/// The value of a count or size for a column.
pub(crate) fn signed(field: &'static str, value: u64) -> Result<i64, CatalogueError> {
    i64::try_from(value).map_err(|_| CatalogueError::invalid(field, "must be below 2^63"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn micros_round_trip_on_both_sides_of_the_epoch() {
        for (micros, seconds, nanos) in [(0, 0, 0), (1_500_001, 1, 500_001_000), (-1, -1, 999_999_000)] {
            assert_eq!(timestamp(micros), Timestamp { seconds, nanos });
        }
    }
}
