//! The connection pool, its settings, and the embedded migrations.

use std::sync::Arc;
use std::time::Duration;

use holdfast_base::{Clock, Random, Timestamp};
use sqlx::any::{AnyPoolOptions, AnyRow};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyPool, Row, SqlSafeStr};

use crate::CatalogueError;

/// Most connections to a database file. Writers exclude each other anyway; the rest serve readers.
const POOL_MAX_CONNECTIONS: u32 = 4;
/// Longest wait for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// What every SQLite connection is told first. `synchronous = FULL` syncs the log at every commit, so an
/// acknowledged change survives power loss.
const SQLITE_SETTINGS: [&str; 4] = [
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
];

macro_rules! migration {
    ($version:literal, $file:literal) => {
        ($version, $file, include_str!(concat!("../migrations/", $file, ".sql")))
    };
}

/// Every migration, in order. A released one is never edited: its checksum is compared at each start.
const MIGRATIONS: [(i64, &str, &str); 7] = [
    migration!(1, "0001_teams"),
    migration!(2, "0002_api_keys"),
    migration!(3, "0003_api_keys_by_team"),
    migration!(4, "0004_filesystems"),
    migration!(5, "0005_filesystems_name"),
    migration!(6, "0006_filesystems_unfinished"),
    migration!(7, "0007_filesystems_touch.sqlite"),
];

/// The catalogue of one server. Cheap to clone; all clones share one pool.
#[derive(Clone)]
pub struct Catalogue {
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
    /// Opens the database at `url`, makes it if it is missing, and brings its schema up to date.
    ///
    /// `sqlite://path/to/file` or `sqlite::memory:` (gone with the last clone). Keys and ids come from `random`,
    /// so anything but the operating system's source makes guessable keys.
    ///
    /// # Errors
    /// `Invalid` for a URL of another kind; `Unavailable` where the file cannot be opened or its schema is newer
    /// than this program.
    pub async fn open(
        url: &str,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, CatalogueError> {
        let Some(rest) = url.strip_prefix("sqlite:") else {
            return Err(CatalogueError::invalid("catalogue", "must be a URL that begins with sqlite:"));
        };
        sqlx::any::install_default_drivers();
        let in_memory = rest.contains(":memory:") || rest.contains("mode=memory");
        let url = match (in_memory || rest.contains("mode="), rest.contains('?')) {
            (true, _) => url.to_owned(),
            (false, true) => format!("{url}&mode=rwc"),
            (false, false) => format!("{url}?mode=rwc"),
        };
        let mut options = AnyPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT);
        options = if in_memory {
            // The database lives in its connection: one, kept for as long as the pool.
            options.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None)
        } else {
            options.max_connections(POOL_MAX_CONNECTIONS)
        };
        let pool = options
            .after_connect(|connection, _| {
                Box::pin(async move {
                    for setting in SQLITE_SETTINGS {
                        sqlx::raw_sql(setting).execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            })
            .connect(&url)
            .await?;
        migrator().run(&pool).await?;
        Ok(Self { pool, clock, random })
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

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|(version, name, sql)| {
        let kind = MigrationType::Simple;
        Migration::new(*version, (*name).into(), kind, (*sql).into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// A time column, which holds microseconds since the epoch.
pub(crate) fn timestamp(micros: i64) -> Timestamp {
    let nanos = micros.rem_euclid(1_000_000) as u32 * 1_000;
    Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

/// An id column. A text that does not parse was not written by this crate.
pub(crate) fn id<T>(row: &AnyRow, column: &str) -> Result<T, CatalogueError>
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
    fn every_migration_file_is_embedded_once_in_its_place_with_one_statement() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let embedded: Vec<String> = MIGRATIONS.iter().map(|(_, name, _)| format!("{name}.sql")).collect();
        assert_eq!(files, embedded);
        for (version, name, sql) in MIGRATIONS {
            assert!(name.starts_with(&format!("{version:04}_")), "{name}");
            assert_eq!(sql.matches("CREATE ").count(), 1, "{name}");
        }
    }

    #[test]
    fn micros_round_trip_on_both_sides_of_the_epoch() {
        for (micros, seconds, nanos) in [(0, 0, 0), (1_500_001, 1, 500_001_000), (-1, -1, 999_999_000)] {
            assert_eq!(timestamp(micros), Timestamp { seconds, nanos });
        }
    }
}
