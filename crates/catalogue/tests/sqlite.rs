//! The catalogue on SQLite: the common suite, and what only a database in a file promises.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::sync::Arc;

use holdfast_base::{ManualClock, SeededRandom};
use holdfast_catalogue::{Catalogue, CatalogueError, Scope};
use sqlx::Row;

#[path = "suite/mod.rs"]
mod suite;

use suite::support::{Bench, Engine};

const ENGINE: Engine = Engine::Sqlite;

#[tokio::test]
async fn the_file_is_opened_for_safety() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path(), 1).await;
    let mode = sqlx::query("PRAGMA journal_mode").fetch_one(&bench.raw().await).await.unwrap();
    assert_eq!(mode.get::<String, _>(0), "wal");
}

#[tokio::test]
async fn a_key_is_in_none_of_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path(), 1).await;
    let key = bench.catalogue.create_key(Scope::Admin, "k").await.unwrap();
    bench.catalogue.find_key(key.key.reveal()).await.unwrap().unwrap();
    let secret = &key.key.reveal().as_bytes()[4..];
    let mut seen = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        seen += bytes.len();
    }
    assert!(seen > 4096);
}

#[tokio::test]
async fn only_urls_of_a_built_in_engine_open() {
    for url in ["", "catalogue.db", "mysql://x"] {
        let opened =
            Catalogue::open(url, Arc::new(ManualClock::default()), Arc::new(SeededRandom::new(1))).await;
        assert!(matches!(opened, Err(CatalogueError::Invalid { field: "catalogue", .. })), "{url}");
    }
    let missing = "sqlite:///nonexistent/folder/catalogue.db";
    let opened =
        Catalogue::open(missing, Arc::new(ManualClock::default()), Arc::new(SeededRandom::new(1))).await;
    assert!(matches!(opened, Err(CatalogueError::Unavailable(_))));
}

#[tokio::test]
async fn a_copy_opens_with_everything_in_it() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let bench = Bench::in_folder(old.path(), 1).await;
    let made = bench.filesystem("data").await;
    let key = bench.catalogue.create_key(Scope::Team(bench.team), "k").await.unwrap();
    let copy = new.path().join("catalogue.db");
    bench.catalogue.copy_to(&copy).await.unwrap();
    assert!(bench.catalogue.copy_to(&copy).await.is_err(), "nothing is overwritten");
    assert!(bench.catalogue.copy_to(std::path::Path::new("it's")).await.is_err());
    bench.filesystem("later").await;

    let restored = Bench::in_folder(new.path(), 2).await;
    assert_eq!(restored.catalogue.get_filesystem_any_team(made.id).await.unwrap(), made);
    assert!(restored.catalogue.find_key(key.key.reveal()).await.unwrap().is_some());
    assert!(restored.catalogue.get_filesystem_of_default_team("later").await.is_err());
}
