//! Filesystem rows: uniqueness, limits, states, races.

use std::time::Duration;

use holdfast_base::{ByteSize, Compression, Durability, FilesystemId, SeededRandom, VolumeSettings};
use holdfast_catalogue::{CatalogueError, FilesystemPatch, FilesystemRef, State, TeamLimits};

use crate::suite::support::{Bench, ROOMY, labels, new};

#[tokio::test]
async fn a_filesystem_is_found_by_id_and_name_from_its_activation_to_its_deletion() {
    let bench = Bench::new().await;
    let catalogue = &bench.catalogue;
    let made = catalogue.create_filesystem(bench.team, new("data"), ROOMY).await.unwrap();
    let refs = [
        FilesystemRef::parse("data"),
        FilesystemRef::parse(&made.id.to_string()),
        FilesystemRef::parse(&made.id.0.to_string()),
    ];
    for wanted in &refs {
        let before = catalogue.get_filesystem(bench.team, wanted).await;
        assert!(matches!(before, Err(CatalogueError::NotFound { noun: "filesystem" })));
    }
    catalogue.activate_filesystem(made.id).await.unwrap();
    for wanted in &refs {
        let found = catalogue.get_filesystem(bench.team, wanted).await.unwrap();
        assert_eq!((found.id, found.name.as_str(), found.size), (made.id, "data", ByteSize(5_000_000_000)));
    }
    assert_eq!(catalogue.get_filesystem_of_default_team("data").await.unwrap().id, made.id);
    assert_eq!(catalogue.get_filesystem_any_team(made.id).await.unwrap().id, made.id);

    catalogue.mark_deleting(bench.team, made.id, false, Duration::ZERO).await.unwrap();
    for wanted in &refs {
        assert!(catalogue.get_filesystem(bench.team, wanted).await.is_err());
    }
    assert!(catalogue.get_filesystem_of_default_team("data").await.is_err());
    assert!(catalogue.get_filesystem_any_team(made.id).await.is_err());
    assert!(catalogue.mark_deleting(bench.team, made.id, false, Duration::ZERO).await.is_err(), "only once");
}

#[tokio::test]
async fn a_name_is_taken_from_creation_and_free_from_deletion() {
    let bench = Bench::new().await;
    let catalogue = &bench.catalogue;
    let first = catalogue.create_filesystem(bench.team, new("data"), ROOMY).await.unwrap();
    let second = catalogue.create_filesystem(bench.team, new("data"), ROOMY).await;
    assert!(matches!(second, Err(CatalogueError::Conflict { field: "name" })), "{second:?}");
    catalogue.activate_filesystem(first.id).await.unwrap();
    assert!(catalogue.create_filesystem(bench.team, new("data"), ROOMY).await.is_err());
    catalogue.mark_deleting(bench.team, first.id, false, Duration::ZERO).await.unwrap();
    catalogue.create_filesystem(bench.team, new("data"), ROOMY).await.unwrap();

    let other = catalogue.create_team("other").await.unwrap();
    catalogue.create_filesystem(other.id, new("data"), ROOMY).await.unwrap();
}

#[tokio::test]
async fn nothing_crosses_teams() {
    let bench = Bench::new().await;
    let ours = bench.filesystem("data").await;
    let other = bench.catalogue.create_team("other").await.unwrap().id;
    let by_id = FilesystemRef::Id(ours.id);
    assert!(bench.catalogue.get_filesystem(other, &by_id).await.is_err());
    assert!(bench.catalogue.get_filesystem(other, &FilesystemRef::parse("data")).await.is_err());
    let patch = FilesystemPatch { name: Some("stolen".into()), ..Default::default() };
    assert!(bench.catalogue.patch_filesystem(other, ours.id, &patch, ROOMY).await.is_err());
    assert!(bench.catalogue.mark_deleting(other, ours.id, false, Duration::ZERO).await.is_err());
    assert_eq!(bench.catalogue.get_filesystem(bench.team, &by_id).await.unwrap(), ours);
}

#[tokio::test]
async fn of_two_racing_creators_exactly_one_gets_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let one = Bench::in_folder(folder.path(), 1).await;
    let two = Bench::in_folder(folder.path(), 2).await;
    for round in 0..20 {
        let name = format!("data-{round}");
        let (left, right) = tokio::join!(
            one.catalogue.create_filesystem(one.team, new(&name), ROOMY),
            two.catalogue.create_filesystem(two.team, new(&name), ROOMY),
        );
        let lost = match (left, right) {
            (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
            both => panic!("{both:?}"),
        };
        assert!(matches!(lost, CatalogueError::Conflict { field: "name" }), "{lost:?}");
    }
}

#[tokio::test]
async fn a_patch_changes_what_it_names_together_or_not_at_all() {
    let bench = Bench::new().await;
    let made = bench.labelled("data", &[("env", "dev")]).await;
    bench.filesystem("taken").await;
    let patch = |patch: FilesystemPatch| {
        let catalogue = bench.catalogue.clone();
        async move { catalogue.patch_filesystem(bench.team, made.id, &patch, ROOMY).await }
    };
    bench.tick();
    let renamed = patch(FilesystemPatch { name: Some("moved".into()), ..Default::default() }).await.unwrap();
    assert_eq!((renamed.name.as_str(), &renamed.labels), ("moved", &made.labels));
    assert!(renamed.updated_at > made.updated_at && renamed.created_at == made.created_at);

    let both = FilesystemPatch {
        limits: Some((ByteSize(7), 8)),
        labels: Some(labels(&[("env", "live")])),
        ..Default::default()
    };
    let resized = patch(both).await.unwrap();
    assert_eq!((resized.size, resized.inode_limit), (ByteSize(7), 8));
    assert_eq!(resized.labels, labels(&[("env", "live")]));
    assert!(resized.updated_at > renamed.updated_at, "forward even while the clock stands");

    let durable = FilesystemPatch { durability: Some(Durability::Object), ..Default::default() };
    let durable = patch(durable).await.unwrap().settings;
    assert_eq!(durable, VolumeSettings { durability: Durability::Object, ..VolumeSettings::default() });
    let packed = FilesystemPatch { compression: Some(Compression::Zstd), ..Default::default() };
    let resized = patch(packed).await.unwrap();
    assert_eq!(resized.settings, VolumeSettings { compression: Compression::Zstd, ..durable });

    let clash =
        FilesystemPatch { name: Some("taken".into()), limits: Some((ByteSize(9), 9)), ..Default::default() };
    assert!(matches!(patch(clash).await, Err(CatalogueError::Conflict { field: "name" })));
    assert_eq!(bench.catalogue.get_filesystem_any_team(made.id).await.unwrap(), resized);

    let looks_like_id = FilesystemPatch { name: Some(made.id.to_string()), ..Default::default() };
    assert!(matches!(patch(looks_like_id).await, Err(CatalogueError::Invalid { field: "name", .. })));
    let unknown = FilesystemId::generate(&SeededRandom::new(99));
    let nothing =
        bench.catalogue.patch_filesystem(bench.team, unknown, &FilesystemPatch::default(), ROOMY).await;
    assert!(matches!(nothing, Err(CatalogueError::NotFound { .. })));
}

#[tokio::test]
async fn team_limits_bind_creation_and_growth_and_nothing_else() {
    let bench = Bench::new().await;
    let catalogue = &bench.catalogue;
    let limits = TeamLimits { filesystems: 2, total: ByteSize(11_000_000_000) };
    let first = catalogue.create_filesystem(bench.team, new("a"), limits).await.unwrap();
    catalogue.activate_filesystem(first.id).await.unwrap();
    catalogue.create_filesystem(bench.team, new("b"), limits).await.unwrap();
    let third = catalogue.create_filesystem(bench.team, new("c"), limits).await;
    assert!(matches!(third, Err(CatalogueError::LimitReached { unit: "filesystems", limit: 2, wanted: 3 })));

    let size = |bytes| FilesystemPatch { limits: Some((ByteSize(bytes), 10)), ..Default::default() };
    let grown = catalogue.patch_filesystem(bench.team, first.id, &size(7_000_000_000), limits).await;
    assert!(matches!(grown, Err(CatalogueError::LimitReached { unit: "bytes", wanted: 12_000_000_000, .. })));
    catalogue.patch_filesystem(bench.team, first.id, &size(6_000_000_000), limits).await.unwrap();
    let lowered = TeamLimits { filesystems: 1, total: ByteSize(1) };
    catalogue.patch_filesystem(bench.team, first.id, &size(5_000_000_000), lowered).await.unwrap();
    catalogue.mark_deleting(bench.team, first.id, false, Duration::ZERO).await.unwrap();
    catalogue.create_filesystem(bench.team, new("c"), limits).await.unwrap();
}

#[tokio::test]
async fn what_a_crash_interrupts_is_listed_until_it_is_purged() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::in_folder(folder.path(), 1).await;
    let kept = bench.filesystem("kept").await;
    let half_made = bench.catalogue.create_filesystem(bench.team, new("half"), ROOMY).await.unwrap();
    let going = bench.filesystem("going").await;
    bench.catalogue.mark_deleting(bench.team, going.id, false, Duration::ZERO).await.unwrap();
    drop(bench);

    let bench = Bench::in_folder(folder.path(), 2).await;
    let mut unfinished = bench.catalogue.list_unfinished().await.unwrap();
    unfinished.sort_by_key(|row| row.state == State::Deleting);
    let states: Vec<_> = unfinished.iter().map(|row| (row.id, row.state)).collect();
    assert_eq!(states, [(half_made.id, State::Creating), (going.id, State::Deleting)]);
    for id in [half_made.id, kept.id] {
        bench.catalogue.abandon_filesystem(id).await.unwrap();
    }
    bench.filesystem("half").await;
    assert!(bench.catalogue.activate_filesystem(half_made.id).await.is_err(), "given up is given up");
    for id in [half_made.id, going.id, kept.id] {
        bench.catalogue.purge_filesystem(id).await.unwrap();
        bench.catalogue.purge_filesystem(id).await.unwrap();
    }
    assert!(bench.catalogue.list_unfinished().await.unwrap().is_empty());
    let survivor = bench.catalogue.get_filesystem_any_team(kept.id).await.unwrap();
    assert_eq!(survivor, kept, "an active filesystem is never purged");
}

#[tokio::test]
async fn a_deletion_is_taken_back_while_it_can_be() {
    let bench = Bench::new().await;
    let catalogue = &bench.catalogue;
    let made = bench.filesystem("data").await;
    let keep = Duration::from_secs(60);
    let back = |name| catalogue.undelete_filesystem(bench.team, made.id, name, ROOMY);
    assert!(matches!(back(None).await, Err(CatalogueError::NotFound { .. })), "it is not deleted");
    catalogue.mark_deleting(bench.team, made.id, false, keep).await.unwrap();
    assert!(catalogue.get_filesystem_any_team(made.id).await.is_err());
    assert!(catalogue.list_unfinished().await.unwrap().is_empty());
    assert_eq!(catalogue.list_deleted().await.unwrap(), [made.id]);
    let other = catalogue.create_team("other").await.unwrap().id;
    assert!(catalogue.undelete_filesystem(other, made.id, None, ROOMY).await.is_err());

    bench.filesystem("data").await;
    assert!(matches!(back(None).await, Err(CatalogueError::Conflict { field: "name" })));
    assert!(matches!(back(Some("a/b")).await, Err(CatalogueError::Invalid { field: "name", .. })));
    let none = TeamLimits { filesystems: 1, ..ROOMY };
    let refused = catalogue.undelete_filesystem(bench.team, made.id, Some("old"), none).await;
    assert!(matches!(refused, Err(CatalogueError::LimitReached { .. })), "{refused:?}");
    let found = back(Some("old")).await.unwrap();
    assert_eq!((found.id, found.name.as_str(), found.size), (made.id, "old", made.size));
    assert!(catalogue.list_deleted().await.unwrap().is_empty());

    catalogue.mark_deleting(bench.team, made.id, false, keep).await.unwrap();
    bench.clock.advance(keep);
    assert!(matches!(back(None).await, Err(CatalogueError::NotFound { .. })), "too late");
    assert!(catalogue.list_deleted().await.unwrap().is_empty());
    assert_eq!(catalogue.list_unfinished().await.unwrap().len(), 1);
}
