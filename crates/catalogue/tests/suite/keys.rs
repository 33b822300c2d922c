//! API keys: stored as hashes only, found, revoked.

use std::time::Duration;

use holdfast_base::{SeededRandom, TeamId};
use holdfast_catalogue::{CatalogueError, Scope, TeamRef};
use sqlx::Row;

use crate::suite::support::{Bench, ROOMY, new};

#[tokio::test]
async fn a_key_opens_its_scope_until_it_is_revoked() {
    let bench = Bench::new().await;
    let catalogue = &bench.catalogue;
    let team = catalogue.create_key(Scope::Team(bench.team), "first").await.unwrap();
    let admin = catalogue.create_key(Scope::Admin, "admin").await.unwrap();
    let found = catalogue.find_key(team.key.reveal()).await.unwrap().unwrap();
    assert_eq!((found.key_id, found.team(), found.admin()), (team.id, Some(bench.team), false));
    let found = catalogue.find_key(admin.key.reveal()).await.unwrap().unwrap();
    assert_eq!((found.team(), found.admin()), (None, true));

    let plain = team.key.reveal();
    assert!(plain.len() == 44 && plain.starts_with("e2b_"), "{plain}");
    assert!(!format!("{team:?}").contains(&plain[4..]), "hidden from logs");
    let mut wrong = plain.to_owned();
    wrong.replace_range(43.., if plain.ends_with('0') { "1" } else { "0" });
    for other in ["", "e2b_", &wrong, &plain[..43], &plain.to_uppercase(), "' OR 1=1 --"] {
        assert!(catalogue.find_key(other).await.unwrap().is_none(), "{other}");
    }
    assert!(catalogue.is_key_good(team.id).await.unwrap());
    catalogue.revoke_key(team.id).await.unwrap();
    assert!(!catalogue.is_key_good(team.id).await.unwrap());
    catalogue.revoke_key(team.id).await.unwrap();
    assert!(catalogue.find_key(plain).await.unwrap().is_none());
    assert!(catalogue.find_key(admin.key.reveal()).await.unwrap().is_some());
}

#[tokio::test]
async fn last_use_is_written_once_a_minute() {
    let bench = Bench::new().await;
    let catalogue = &bench.catalogue;
    let key = catalogue.create_key(Scope::Team(bench.team), "k").await.unwrap();
    let used = || async {
        catalogue.find_key(key.key.reveal()).await.unwrap().unwrap();
        catalogue.list_keys(Scope::Team(bench.team)).await.unwrap()[0].last_used_at.unwrap()
    };
    assert!(catalogue.list_keys(Scope::Team(bench.team)).await.unwrap()[0].last_used_at.is_none());
    let first = used().await;
    bench.tick();
    assert_eq!(used().await, first);
    bench.clock.advance(std::time::Duration::from_secs(60));
    assert!(used().await > first);
}

#[tokio::test]
async fn keys_need_a_team_that_exists_and_a_name() {
    let bench = Bench::new().await;
    let nobody = Scope::Team(TeamId::generate(&SeededRandom::new(7)));
    let made = bench.catalogue.create_key(nobody, "k").await;
    assert!(matches!(made, Err(CatalogueError::NotFound { noun: "team" })), "{made:?}");
    for name in ["", "a\nb", &"x".repeat(251)] {
        let made = bench.catalogue.create_key(Scope::Admin, name).await;
        assert!(matches!(made, Err(CatalogueError::Invalid { field: "name", .. })));
    }
}

#[tokio::test]
async fn a_key_is_not_in_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path(), 1).await;
    let key = bench.catalogue.create_key(Scope::Admin, "k").await.unwrap();
    let row = sqlx::query("SELECT id, kind, name, sha256 FROM api_keys").fetch_one(&bench.raw().await).await;
    let row = row.unwrap();
    for column in 0..4 {
        assert!(!row.get::<String, _>(column).contains(&key.key.reveal()[4..]));
    }
}

#[tokio::test]
async fn a_team_goes_with_its_keys_and_never_with_its_filesystems() {
    let bench = Bench::new().await;
    let catalogue = &bench.catalogue;
    let doomed = catalogue.create_team("doomed").await.unwrap().id;
    let key = catalogue.create_key(Scope::Team(doomed), "k").await.unwrap();
    let filesystem = catalogue.create_filesystem(doomed, new("data"), ROOMY).await.unwrap();
    catalogue.activate_filesystem(filesystem.id).await.unwrap();
    for _ in 0..2 {
        let refused = catalogue.delete_team(doomed).await;
        assert!(matches!(refused, Err(CatalogueError::InUse { count: 1, .. })), "{refused:?}");
        assert!(catalogue.find_key(key.key.reveal()).await.unwrap().is_some());
        catalogue.mark_deleting(doomed, filesystem.id, false, Duration::ZERO).await.ok();
    }
    catalogue.purge_filesystem(filesystem.id).await.unwrap();
    catalogue.delete_team(doomed).await.unwrap();
    assert!(catalogue.find_key(key.key.reveal()).await.unwrap().is_none());
    assert!(matches!(catalogue.delete_team(doomed).await, Err(CatalogueError::NotFound { noun: "team" })));
    let names: Vec<_> = catalogue.list_teams().await.unwrap().into_iter().map(|team| team.name).collect();
    assert_eq!(names, ["default"]);
    assert!(matches!(
        catalogue.create_team("default").await,
        Err(CatalogueError::Conflict { field: "name" })
    ));
}

#[tokio::test]
async fn a_team_is_named_by_id_or_name() {
    let bench = Bench::new().await;
    for text in ["default".to_owned(), bench.team.to_string(), bench.team.0.to_string()] {
        let found = bench.catalogue.get_team(&TeamRef::parse(&text)).await.unwrap();
        assert_eq!((found.id, found.name.as_str()), (bench.team, "default"), "{text}");
    }
    for text in ["", "none", "team-", "team-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f"] {
        let found = bench.catalogue.get_team(&TeamRef::parse(text)).await;
        assert!(matches!(found, Err(CatalogueError::NotFound { noun: "team" })), "{text}");
    }
}
