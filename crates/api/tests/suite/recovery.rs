//! Rows and volumes stay together whatever fails between them.

use std::time::Duration;

use holdfast_api::files::{Files, FilesError, VolumeLimits};
use holdfast_api::paths::FilePath;
use holdfast_api::{ApiLimits, Recovered};
use holdfast_base::{ByteSize, VolumeSettings};
use holdfast_catalogue::{Labels, NewFilesystem, TeamLimits};

use crate::support::{Bench, volume};

fn unavailable() -> FilesError {
    FilesError::Unavailable("down".into())
}

#[tokio::test]
async fn a_creation_without_a_volume_leaves_nothing_and_frees_its_name() {
    let bench = Bench::new().await;
    bench.files.fail_next("create_volume", unavailable());
    let create = || bench.call("POST", "/filesystems").json(r#"{"name":"data"}"#).send();
    create().await.refused(503, "unavailable");
    assert!(bench.catalogue.list_unfinished().await.unwrap().is_empty());
    create().await.ok(201);

    bench.files.fail_next("create_volume", unavailable());
    bench.files.fail_next("delete_volume", unavailable());
    let other = || bench.call("POST", "/filesystems").json(r#"{"name":"other"}"#).send();
    other().await.refused(503, "unavailable");
    assert_eq!(bench.catalogue.list_unfinished().await.unwrap().len(), 1);
    other().await.ok(201);
    let done = bench.state.filesystems().finish_deletions().await.unwrap();
    assert_eq!(done, Recovered { deleted: 1, ..Recovered::default() });
}

#[tokio::test]
async fn a_deletion_is_done_when_it_is_answered_and_reclaimed_later() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    bench.files.fail_next("delete_volume", unavailable());
    bench.delete("/filesystems/data").await.ok(204);
    bench.get(&format!("/filesystems/{id}")).await.refused(404, "filesystem_not_found");
    bench.get(&format!("/filesystems/{id}/files/x")).await.refused(404, "filesystem_not_found");
    bench.filesystem("data").await;
    assert_eq!(bench.files.volumes(), 2);

    bench.files.fail_next("delete_volume", unavailable());
    let done = bench.state.filesystems().finish_deletions().await.unwrap();
    assert_eq!(done, Recovered { left: 1, ..Recovered::default() });
    let done = bench.state.filesystems().finish_deletions().await.unwrap();
    assert_eq!(done, Recovered { deleted: 1, ..Recovered::default() });
    assert_eq!(bench.files.volumes(), 1);
}

#[tokio::test]
async fn what_a_crash_left_is_recovered_at_the_next_start() {
    let bench = Bench::new().await;
    let kept = bench.filesystem("kept").await;
    let team = bench.catalogue.get_team_by_name("default").await.unwrap().id;
    let limits = TeamLimits { filesystems: 10, total: ByteSize(1 << 40) };
    let row = |name: &str| NewFilesystem {
        name: name.to_owned(),
        size: ByteSize(1 << 30),
        inode_limit: 100,
        labels: Labels::default(),
        settings: VolumeSettings::default(),
    };
    let with_volume = bench.catalogue.create_filesystem(team, row("with-volume"), limits).await.unwrap();
    let volume_limits = VolumeLimits { bytes: ByteSize(1 << 30), inodes: 100 };
    bench.files.create_volume(with_volume.id.into(), volume_limits, VolumeSettings::default()).await.unwrap();
    bench.catalogue.create_filesystem(team, row("without"), limits).await.unwrap();
    let going = bench.filesystem("going").await;
    bench.catalogue.mark_deleting(team, going.parse().unwrap(), false, Duration::ZERO).await.unwrap();

    let done = bench.state.filesystems().recover().await.unwrap();
    assert_eq!(done, Recovered { rolled_back: 2, deleted: 3, left: 0 });
    assert_eq!(bench.files.volumes(), 1);
    bench.files.usage(volume(&kept)).await.unwrap();
    for name in ["with-volume", "without", "going"] {
        bench.filesystem(name).await;
    }
    assert_eq!(bench.state.filesystems().recover().await.unwrap(), Recovered::default());
}

#[tokio::test]
async fn racing_creations_of_one_name_make_one_filesystem() {
    let bench = Bench::new().await;
    let create = || bench.call("POST", "/filesystems").json(r#"{"name":"data"}"#).send();
    let (a, b, c) = tokio::join!(create(), create(), create());
    let mut statuses = [a.status.as_u16(), b.status.as_u16(), c.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    assert_eq!(bench.files.volumes(), 1);
}

/// Polls until the work that went on in the background has had its effect.
async fn soon<T>(look: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..500 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never happened");
}

#[tokio::test]
async fn a_creation_whose_client_goes_away_is_finished() {
    let bench = Bench::new().await;
    let held = bench.files.gate.lock().await;
    let create = bench.call("POST", "/filesystems").json(r#"{"name":"data"}"#).send();
    assert!(tokio::time::timeout(Duration::from_millis(100), create).await.is_err(), "dropped half-way");
    bench.get("/filesystems/data").await.refused(404, "filesystem_not_found");
    drop(held);
    soon(async || (bench.get("/filesystems/data").await.status == 200).then_some(())).await;
}

#[tokio::test]
async fn an_operation_that_takes_too_long_is_answered_and_still_carried_out() {
    let limits = ApiLimits { request_timeout: Duration::from_millis(100), ..ApiLimits::default() };
    let bench = Bench::with(limits).await;
    let id = volume(&bench.filesystem("data").await);
    bench.put("/filesystems/data/files/dir/f", "x").await.ok(201);
    let held = bench.files.gate.lock().await;
    let message = bench.delete("/filesystems/data/files/dir").await.refused(504, "timed_out");
    assert!(message.contains("may still be carried out"), "{message}");
    let dir = FilePath::from_bytes(b"/dir").unwrap();
    let shown = bench.files.stat(&id.into(), &dir, true).await.unwrap();
    assert_eq!(shown.mode, 0o755);
    drop(held);
    soon(async || bench.files.stat(&id.into(), &dir, true).await.is_err().then_some(())).await;
}

#[tokio::test]
async fn a_deletion_is_taken_back_within_its_grace_and_reclaimed_after() {
    let grace = Duration::from_millis(600);
    let bench = Bench::with(ApiLimits { undelete_grace: grace, ..ApiLimits::default() }).await;
    let id = bench.filesystem("data").await;
    bench.put("/filesystems/data/files/f", "kept").await.ok(201);
    let undelete = |id: &str, body: &'static str| {
        bench.call("POST", &format!("/filesystems/{id}/undelete")).json(body).send()
    };
    undelete(&id, "{}").await.refused(404, "filesystem_not_found");
    bench.delete("/filesystems/data").await.ok(204);
    assert!(bench.mounts.closed.lock().unwrap().contains(&volume(&id)));
    bench.get(&format!("/filesystems/{id}")).await.refused(404, "filesystem_not_found");
    assert_eq!(bench.state.filesystems().recover().await.unwrap(), Recovered::default());
    undelete("data", "{}").await.refused(404, "filesystem_not_found");
    let other = bench.filesystem("data").await;
    undelete(&id, "{}").await.refused(409, "name_taken");
    assert_eq!(undelete(&id, r#"{"name":"back"}"#).await.ok(200).json()["name"], "back");
    assert_eq!(bench.get("/filesystems/back/files/f").await.ok(200).body, b"kept");
    assert!(bench.mounts.closed.lock().unwrap().is_empty());

    bench.delete(&format!("/filesystems/{other}")).await.ok(204);
    tokio::time::sleep(grace).await;
    undelete(&other, "{}").await.refused(404, "filesystem_not_found");
    let done = bench.state.filesystems().recover().await.unwrap();
    assert_eq!(done, Recovered { deleted: 1, ..Recovered::default() });
    assert_eq!(bench.files.volumes(), 1);
}
