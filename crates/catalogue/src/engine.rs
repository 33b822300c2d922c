//! The two database engines: which one a URL names, and what each of their connections is told first.

use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool};

use crate::CatalogueError;

/// Most connections to a database file. Writers exclude each other anyway; the rest serve readers.
const SQLITE_MAX_CONNECTIONS: u32 = 4;
/// Most connections of one server to PostgreSQL, whose own default limit is 100 for everybody.
const POSTGRES_MAX_CONNECTIONS: u32 = 16;
/// Longest wait for a free connection, a new one included. A request then learns that the catalogue is unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// `synchronous = FULL` syncs the log at every commit, so an acknowledged change survives power loss.
const SQLITE_SETTINGS: [&str; 4] = [
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
];

/// Bounds on one statement, one wait for a row, and a transaction whose client went away, in milliseconds; and no
/// acknowledged change may be lost, whatever the server's default is.
const POSTGRES_SETTINGS: [&str; 4] = [
    "SET statement_timeout = 10000",
    "SET lock_timeout = 5000",
    "SET idle_in_transaction_session_timeout = 30000",
    "SET synchronous_commit = 'on'",
];

/// A database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// A file beside the server.
    Sqlite,
    /// A database server.
    Postgres,
}

impl Engine {
    /// The engine of a URL.
    pub(crate) fn of(url: &str) -> Result<Self, CatalogueError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Self::Sqlite),
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            _ => Err(CatalogueError::invalid(
                "catalogue",
                "must be a URL that begins with sqlite: or postgres:",
            )),
        }
    }

    /// A pool of connections to `url`, of which one was made.
    pub(crate) async fn connect(self, url: &str) -> Result<AnyPool, CatalogueError> {
        sqlx::any::install_default_drivers();
        let (options, url) = match self {
            Self::Sqlite => sqlite(url),
            Self::Postgres => {
                (AnyPoolOptions::new().max_connections(POSTGRES_MAX_CONNECTIONS), url.to_owned())
            }
        };
        let pool = options
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(move |connection, _| Box::pin(self.prepare(connection)))
            .connect(&url)
            .await?;
        Ok(pool)
    }

    async fn prepare(self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        let settings = match self {
            Self::Sqlite => &SQLITE_SETTINGS,
            Self::Postgres => &POSTGRES_SETTINGS,
        };
        for setting in settings {
            sqlx::raw_sql(*setting).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// Options for a SQLite database, and its URL such that a missing file is made.
fn sqlite(url: &str) -> (AnyPoolOptions, String) {
    let options = AnyPoolOptions::new();
    if url.contains(":memory:") || url.contains("mode=memory") {
        // The database lives in its connection: one, kept for as long as the pool.
        let options = options.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
        return (options, url.to_owned());
    }
    let url = match (url.contains("mode="), url.contains('?')) {
        (true, _) => url.to_owned(),
        (false, true) => format!("{url}&mode=rwc"),
        (false, false) => format!("{url}?mode=rwc"),
    };
    (options.max_connections(SQLITE_MAX_CONNECTIONS), url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_names_the_engine() {
        assert_eq!(Engine::of("sqlite::memory:").unwrap(), Engine::Sqlite);
        assert_eq!(Engine::of("postgres://db/x").unwrap(), Engine::Postgres);
        assert_eq!(Engine::of("postgresql://db/x").unwrap(), Engine::Postgres);
        for url in ["", "catalogue.db", "mysql://x", "Postgres://x"] {
            assert!(Engine::of(url).is_err(), "{url}");
        }
    }
}
