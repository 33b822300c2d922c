//! What the database itself guarantees, seen through a connection of its own.

use holdfast_catalogue::{CatalogueError, NewAttachment, Scope};

use crate::suite::support::Bench;

#[tokio::test]
async fn a_change_made_past_the_catalogue_still_moves_updated_at() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path(), 1).await;
    let made = bench.filesystem("data").await;
    let pool = bench.raw().await;
    sqlx::query("UPDATE filesystems SET size_bytes = 1").execute(&pool).await.unwrap();
    let changed = bench.catalogue.get_filesystem_any_team(made.id).await.unwrap();
    assert!(changed.updated_at > made.updated_at);
    sqlx::query("UPDATE filesystems SET updated_at = 5").execute(&pool).await.unwrap();
    let again = bench.catalogue.get_filesystem_any_team(made.id).await.unwrap();
    assert!(again.updated_at > changed.updated_at, "never back");
}

#[tokio::test]
async fn a_team_is_touched_by_its_renaming_and_not_by_its_lock() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path(), 1).await;
    let pool = bench.raw().await;
    let updated_at = || async {
        sqlx::query_scalar::<_, i64>("SELECT updated_at FROM teams").fetch_one(&pool).await.unwrap()
    };
    let before = updated_at().await;
    bench.filesystem("data").await;
    assert_eq!(updated_at().await, before);
    sqlx::query("UPDATE teams SET name = 'renamed'").execute(&pool).await.unwrap();
    assert!(updated_at().await > before);
}

#[tokio::test]
async fn the_schema_refuses_what_no_code_should_write() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path(), 1).await;
    let made = bench.filesystem("data").await.id;
    let attachment = NewAttachment::default();
    bench.catalogue.create_attachment(bench.team, made, attachment, 1).await.unwrap();
    let pool = bench.raw().await;
    for statement in [
        "UPDATE attachments SET subpath = 'a'",
        "UPDATE attachments SET subpath = '/a'",
        "UPDATE attachments SET root_ino = 5, root_generation = 0",
        "UPDATE attachments SET uid_policy = 'map'",
        "UPDATE attachments SET map_uid = 1, map_gid = 1",
        "UPDATE attachments SET read_only = 2",
        "UPDATE attachments SET sha256 = 'secret'",
        "UPDATE attachments SET filesystem_id = 'fs-none'",
        "UPDATE filesystems SET size_bytes = 0",
        "UPDATE filesystems SET size_bytes = -1",
        "UPDATE filesystems SET inode_limit = 0",
        "UPDATE filesystems SET state = 'gone'",
        "UPDATE filesystems SET name = ''",
        "UPDATE filesystems SET durability = 'none'",
        "UPDATE filesystems SET compression = 'gzip'",
        "UPDATE filesystems SET team_id = 'team-none'",
        "INSERT INTO api_keys (id, kind, name, sha256, created_at) VALUES ('k', 'team', 'n', 'h', 0)",
    ] {
        assert!(sqlx::query(statement).execute(&pool).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn a_database_is_reopened_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path(), 1).await;
    let made = bench.filesystem("data").await;
    let key = bench.catalogue.create_key(Scope::Admin, "k").await.unwrap();
    bench.catalogue.close().await;
    assert!(matches!(bench.catalogue.ping().await, Err(CatalogueError::Unavailable(_))));

    let bench = Bench::in_folder(folder.path(), 2).await;
    bench.catalogue.ping().await.unwrap();
    assert_eq!(bench.catalogue.get_filesystem_any_team(made.id).await.unwrap(), made);
    assert!(bench.catalogue.find_key(key.key.reveal()).await.unwrap().is_some());
    assert!(!bench.catalogue.ensure_default_team().await.unwrap().1);
}
