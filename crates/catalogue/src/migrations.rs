//! The numbered migrations, embedded. Each runs once, in one transaction; a start holds the engine's lock meanwhile,
//! so that two servers that start together do not both migrate.
//!
//! A file is for both engines unless its name ends in the engine's. One for both, or for SQLite, has one statement.
//! PostgreSQL hides every tenant's rows from the tables' owner too: a migration that changes rows there begins with
//! `SET LOCAL ROLE holdfast_server`, and one that makes a table of a tenant adds its policies and grants
//! (`0012_row_security.postgres.sql` shows how; a test finds a table without).

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::engine::Engine;

macro_rules! migration {
    ($version:literal, $file:literal) => {
        ($version, $file, include_str!(concat!("../migrations/", $file, ".sql")))
    };
}

/// Every migration, in order. A released one is never edited: its checksum is compared at each start.
const MIGRATIONS: [(i64, &str, &str); 22] = [
    migration!(1, "0001_teams"),
    migration!(2, "0002_api_keys"),
    migration!(3, "0003_api_keys_by_team"),
    migration!(4, "0004_filesystems"),
    migration!(5, "0005_filesystems_name"),
    migration!(6, "0006_filesystems_unfinished"),
    migration!(7, "0007_filesystems_touch.sqlite"),
    migration!(8, "0008_teams_touch.sqlite"),
    migration!(9, "0009_touch.postgres"),
    migration!(10, "0010_names_in_byte_order.postgres"),
    migration!(11, "0011_roles.postgres"),
    migration!(12, "0012_row_security.postgres"),
    migration!(13, "0013_filesystems_durability"),
    migration!(14, "0014_filesystems_compression"),
    migration!(15, "0015_filesystems_by_team"),
    migration!(16, "0016_attachments"),
    migration!(17, "0017_attachments_by_filesystem"),
    migration!(18, "0018_attachments_revoked"),
    migration!(19, "0019_attachments_expiring"),
    migration!(20, "0020_attachments_touch.sqlite"),
    migration!(21, "0021_attachments_security.postgres"),
    migration!(22, "0022_filesystems_reclaim_at"),
];

/// The engine that a migration is for; `None` is both.
fn only_for(name: &str) -> Option<Engine> {
    match name.rsplit_once('.') {
        Some((_, "sqlite")) => Some(Engine::Sqlite),
        Some((_, "postgres")) => Some(Engine::Postgres),
        _ => None,
    }
}

/// What brings a database of this engine up to date.
pub(crate) fn migrator(engine: Engine) -> Migrator {
    let wanted = MIGRATIONS.iter().filter(|(_, name, _)| only_for(name).is_none_or(|only| only == engine));
    let migrations = wanted.map(|(version, name, sql)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, (*sql).into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_file_is_embedded_once_in_its_place_and_changes_one_thing() {
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
            if only_for(name) != Some(Engine::Postgres) {
                let statements = sql.matches("CREATE ").count() + sql.matches("ALTER TABLE").count();
                assert_eq!(statements, 1, "{name}");
            }
        }
    }
}
