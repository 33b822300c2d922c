//! What the database itself guarantees, seen through a connection of its own.

use std::sync::Arc;

use holdfast_base::{ManualClock, SeededRandom};
use holdfast_catalogue::{Catalogue, CatalogueError};
use sqlx::{AnyPool, Row};

use crate::support::Bench;

async fn raw(folder: &std::path::Path) -> AnyPool {
    let url = format!("sqlite://{}/catalogue.db", folder.display());
    sqlx::any::AnyPoolOptions::new().max_connections(1).connect(&url).await.unwrap()
}

#[tokio::test]
async fn a_change_made_past_the_catalogue_still_moves_updated_at() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_file(folder.path(), 1).await;
    let made = bench.filesystem("data").await;
    let pool = raw(folder.path()).await;
    sqlx::query("UPDATE filesystems SET size_bytes = 1").execute(&pool).await.unwrap();
    let changed = bench.catalogue.get_filesystem_any_team(made.id).await.unwrap();
    assert!(changed.updated_at > made.updated_at);
    sqlx::query("UPDATE filesystems SET updated_at = 5").execute(&pool).await.unwrap();
    let again = bench.catalogue.get_filesystem_any_team(made.id).await.unwrap();
    assert!(again.updated_at > changed.updated_at, "never back");
}

#[tokio::test]
async fn the_schema_refuses_what_no_code_should_write() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_file(folder.path(), 1).await;
    bench.filesystem("data").await;
    let pool = raw(folder.path()).await;
    for statement in [
        "UPDATE filesystems SET size_bytes = 0",
        "UPDATE filesystems SET size_bytes = -1",
        "UPDATE filesystems SET inode_limit = 0",
        "UPDATE filesystems SET state = 'gone'",
        "UPDATE filesystems SET name = ''",
        "UPDATE filesystems SET team_id = 'team-none'",
        "INSERT INTO api_keys (id, kind, name, sha256, created_at) VALUES ('k', 'team', 'n', 'h', 0)",
    ] {
        assert!(sqlx::query(statement).execute(&pool).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn the_file_is_opened_for_safety_and_reopened_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_file(folder.path(), 1).await;
    let made = bench.filesystem("data").await;
    let key = bench.catalogue.create_key(holdfast_catalogue::Scope::Admin, "k").await.unwrap();
    bench.catalogue.close().await;
    assert!(matches!(bench.catalogue.ping().await, Err(CatalogueError::Unavailable(_))));

    let bench = Bench::in_file(folder.path(), 2).await;
    bench.catalogue.ping().await.unwrap();
    assert_eq!(bench.catalogue.get_filesystem_any_team(made.id).await.unwrap(), made);
    assert!(bench.catalogue.find_key(key.key.reveal()).await.unwrap().is_some());
    assert!(!bench.catalogue.ensure_default_team().await.unwrap().1);
    let mode = sqlx::query("PRAGMA journal_mode").fetch_one(&raw(folder.path()).await).await.unwrap();
    assert_eq!(mode.get::<String, _>(0), "wal");
}

#[tokio::test]
async fn only_urls_of_a_built_in_engine_open() {
    for url in ["", "catalogue.db", "postgres://localhost/x", "mysql://x"] {
        let opened =
            Catalogue::open(url, Arc::new(ManualClock::default()), Arc::new(SeededRandom::new(1))).await;
        assert!(matches!(opened, Err(CatalogueError::Invalid { field: "catalogue", .. })), "{url}");
    }
    let missing = "sqlite:///nonexistent/folder/catalogue.db";
    let opened =
        Catalogue::open(missing, Arc::new(ManualClock::default()), Arc::new(SeededRandom::new(1))).await;
    assert!(matches!(opened, Err(CatalogueError::Unavailable(_))));
}
