//! Snapshots, forks and restores of one volume at a time: what each keeps, and what is left when they go.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod common;

use common::*;
use futures::TryStreamExt;
use holdfast_base::VolumeId;
use holdfast_engine::{CreateMode, Error, FileId, SetAttr, Volume};
use object_store::ObjectStore;
use object_store::path::Path;

/// All objects below a prefix.
async fn objects(machine: &Machine, prefix: &str) -> Vec<String> {
    let store = machine.store.objects();
    let listed = store.list(Some(&Path::from(prefix)));
    let mut paths: Vec<_> = listed.map_ok(|object| object.location.to_string()).try_collect().await.unwrap();
    paths.sort();
    paths
}

async fn segments(machine: &Machine, id: VolumeId) -> Vec<String> {
    objects(machine, &format!("volumes/{}/segments", id.0)).await
}

async fn find(volume: &Volume, name: &str) -> FileId {
    volume.lookup(&root(), volume.root(), name.as_bytes()).await.unwrap().0.id()
}

async fn content(volume: &Volume, name: &str) -> Vec<u8> {
    read_all(volume, find(volume, name).await).await
}

/// A volume with a small and a large file.
async fn filled(machine: &Machine) -> (VolumeId, FileId, FileId) {
    let id = machine.new_volume().await;
    let volume = machine.open(id).await;
    let small = make_file(&volume, volume.root(), "small").await;
    write(&volume, small, 0, &b"first"[..]).await;
    let large = make_file(&volume, volume.root(), "large").await;
    write(&volume, large, 0, vec![7; 300_000]).await;
    (id, small, large)
}

#[tokio::test]
async fn a_snapshot_keeps_what_was_there() {
    let machine = Machine::start(1).await;
    let (id, small, large) = filled(&machine).await;
    let made = machine.engine.create_snapshot(id, "one").await.unwrap();
    assert_eq!((made.name.as_str(), made.used_bytes, made.used_inodes), ("one", 300_005, 3));
    let volume = machine.open(id).await;
    write(&volume, small, 0, &b"second"[..]).await;
    write(&volume, large, 100_000, vec![9; 100_000]).await;
    volume.remove(&root(), volume.root(), b"large").await.unwrap().durable().await.unwrap();
    let machine = machine.restart().await;
    machine.engine.collect_garbage(id).await.unwrap();

    let view = machine.engine.snapshot(id, made.id).await.unwrap();
    assert_eq!(names(&view, view.root()).await, ["large", "small"]);
    assert_eq!(content(&view, "small").await, b"first");
    assert_eq!(content(&view, "large").await, vec![7; 300_000]);
    let volume = machine.open(id).await;
    assert_eq!(names(&volume, volume.root()).await, ["small"]);
    assert_eq!(content(&volume, "small").await, b"second");
    assert_eq!(machine.engine.snapshots(id).await.unwrap(), [made]);
}

#[tokio::test]
async fn a_snapshot_cannot_be_changed() {
    let machine = Machine::start(2).await;
    let (id, small, _) = filled(&machine).await;
    let made = machine.engine.create_snapshot(id, "one").await.unwrap();
    let view = machine.engine.snapshot(id, made.id).await.unwrap();
    let (caller, dir) = (root(), view.root());
    let how = CreateMode::Guarded(SetAttr::default());
    assert!(matches!(view.create(&caller, dir, b"new", how).await, Err(Error::ReadOnly)));
    assert!(matches!(view.write(&caller, small, 0, vec![1].into()).await, Err(Error::ReadOnly)));
    assert!(matches!(view.write(&caller, small, 0, vec![1; 200_000].into()).await, Err(Error::ReadOnly)));
    assert!(matches!(view.remove(&caller, dir, b"small").await, Err(Error::ReadOnly)));
    let mut upload = view.upload();
    assert!(matches!(upload.write(vec![1; 2_000_000].into()).await, Err(Error::ReadOnly)));
    let wanted = holdfast_engine::access::READ | holdfast_engine::access::MODIFY;
    let (granted, _) = view.access(&caller, small, wanted).await.unwrap();
    assert_eq!(granted, holdfast_engine::access::READ);
}

#[tokio::test]
async fn names_are_unique_and_deleted_snapshots_are_gone() {
    let machine = Machine::start(3).await;
    let (id, ..) = filled(&machine).await;
    let one = machine.engine.create_snapshot(id, "one").await.unwrap();
    assert!(matches!(machine.engine.create_snapshot(id, "one").await, Err(Error::Exists)));
    assert!(matches!(machine.engine.create_snapshot(id, "a/b").await, Err(Error::Invalid(_))));
    let view = machine.engine.snapshot(id, one.id).await.unwrap();
    machine.engine.delete_snapshot(id, one.id).await.unwrap();
    assert!(view.getattr(view.root()).await.is_err());
    assert!(matches!(machine.engine.snapshot(id, one.id).await, Err(Error::NoSuchSnapshot)));
    assert!(matches!(machine.engine.delete_snapshot(id, one.id).await, Err(Error::NoSuchSnapshot)));
    let again = machine.engine.create_snapshot(id, "one").await.unwrap();
    let machine = machine.crash().await;
    assert_eq!(machine.engine.snapshots(id).await.unwrap(), [again]);
}

#[tokio::test]
async fn space_comes_back_when_the_last_who_needs_it_goes() {
    let machine = Machine::start(4).await;
    let (id, _, large) = filled(&machine).await;
    let one = machine.engine.create_snapshot(id, "one").await.unwrap();
    let volume = machine.open(id).await;
    write(&volume, large, 0, vec![8; 300_000]).await;
    let before = segments(&machine, id).await;
    machine.engine.checkpoint_all().await.unwrap();
    machine.engine.collect_garbage(id).await.unwrap();
    let both = segments(&machine, id).await;
    assert!(before.iter().all(|segment| both.contains(segment)), "the snapshot's segments stay");
    drop(volume);
    machine.engine.delete_snapshot(id, one.id).await.unwrap();
    let collected = machine.engine.collect_garbage(id).await.unwrap();
    assert!(collected.segments > 0);
    let volume = machine.open(id).await;
    assert_eq!(content(&volume, "large").await, vec![8; 300_000]);
    assert_eq!(content(&volume, "small").await, b"first");
}

#[tokio::test]
async fn forks_go_their_own_ways() {
    let machine = Machine::start(5).await;
    let (id, small, _) = filled(&machine).await;
    let one = machine.engine.create_snapshot(id, "one").await.unwrap();
    let volume = machine.open(id).await;
    write(&volume, small, 0, &b"second"[..]).await;
    let ids: Vec<_> = (0..3).map(|_| VolumeId::generate(machine.random.as_ref())).collect();
    machine.engine.fork_volume(id, None, ids[0]).await.unwrap();
    machine.engine.fork_volume(id, Some(one.id), ids[1]).await.unwrap();
    machine.engine.fork_volume(ids[0], None, ids[2]).await.unwrap();
    write(&volume, small, 0, &b"parent"[..]).await;
    for (fork, before) in ids.iter().zip(["second", "first", "second"]) {
        let fork = machine.open(*fork).await;
        assert_eq!(content(&fork, "small").await, before.as_bytes());
        assert_eq!(content(&fork, "large").await, vec![7; 300_000]);
        write(&fork, small, 0, fork.id().to_string().into_bytes()).await;
        make_file(&fork, fork.root(), "own").await;
    }
    drop(volume);
    let machine = machine.restart().await;
    machine.engine.collect_garbage(ids[2]).await.unwrap();
    for fork in &ids {
        let fork = machine.open(*fork).await;
        assert_eq!(content(&fork, "small").await, fork.id().to_string().into_bytes());
        assert_eq!(content(&fork, "large").await, vec![7; 300_000]);
        assert_eq!(names(&fork, fork.root()).await, ["large", "own", "small"]);
    }
    let volume = machine.open(id).await;
    assert_eq!(content(&volume, "small").await, b"parent");
    assert_eq!(names(&volume, volume.root()).await, ["large", "small"]);
}

#[tokio::test]
async fn parents_and_forks_may_be_deleted_in_any_order() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (seed, order) in orders.into_iter().enumerate() {
        let machine = Machine::start(60 + seed as u64).await;
        let (first, ..) = filled(&machine).await;
        let mut ids = vec![first];
        for parent in 0..2 {
            let id = VolumeId::generate(machine.random.as_ref());
            machine.engine.fork_volume(ids[parent], None, id).await.unwrap();
            let fork = machine.open(id).await;
            let file = make_file(&fork, fork.root(), "more").await;
            write(&fork, file, 0, vec![parent as u8; 100_000]).await;
            ids.push(id);
            machine.engine.create_snapshot(id, "kept").await.unwrap();
            if parent == 0 {
                fork.remove(&root(), fork.root(), b"more").await.unwrap().durable().await.unwrap();
            }
        }
        let machine = machine.restart().await;
        for (turn, which) in order.into_iter().enumerate() {
            machine.engine.delete_volume(ids[which]).await.unwrap();
            assert!(matches!(machine.engine.volume(ids[which]).await, Err(Error::NoSuchVolume)));
            for rest in &order[turn + 1..] {
                let volume = machine.open(ids[*rest]).await;
                assert_eq!(content(&volume, "large").await, vec![7; 300_000], "{order:?}");
                assert_eq!(content(&volume, "small").await, b"first");
            }
        }
        let left = objects(&machine, "volumes").await;
        assert!(left.is_empty(), "{order:?}: {left:#?}");
    }
}

#[tokio::test]
async fn a_restore_brings_the_old_tree_back() {
    let machine = Machine::start(7).await;
    let (id, small, large) = filled(&machine).await;
    let one = machine.engine.create_snapshot(id, "one").await.unwrap();
    let volume = machine.open(id).await;
    write(&volume, small, 0, &b"second"[..]).await;
    volume.remove(&root(), volume.root(), b"large").await.unwrap().durable().await.unwrap();
    let new = make_file(&volume, volume.root(), "new").await;
    drop(volume);
    machine.engine.restore_volume(id, one.id).await.unwrap();

    let volume = machine.open(id).await;
    assert_eq!(names(&volume, volume.root()).await, ["large", "small"]);
    assert_eq!(read_all(&volume, small).await, b"first", "the old handle goes on");
    assert_eq!(read_all(&volume, large).await, vec![7; 300_000]);
    assert!(matches!(volume.getattr(new).await, Err(Error::Stale)));
    let newer = make_file(&volume, volume.root(), "newer").await;
    assert!(newer.ino > new.ino, "numbers are never used again");
    write(&volume, newer, 0, vec![5; 200_000]).await;
    drop(volume);
    let machine = machine.crash().await;
    machine.engine.collect_garbage(id).await.unwrap();
    machine.engine.restore_volume(id, one.id).await.unwrap();
    let two = machine.engine.create_snapshot(id, "two").await.unwrap();
    machine.engine.delete_snapshot(id, one.id).await.unwrap();
    machine.engine.collect_garbage(id).await.unwrap();
    let machine = machine.restart().await;
    let volume = machine.open(id).await;
    assert_eq!(content(&volume, "large").await, vec![7; 300_000]);
    let view = machine.engine.snapshot(id, two.id).await.unwrap();
    assert_eq!(content(&view, "small").await, b"first");
    drop((view, volume));
    machine.engine.delete_volume(id).await.unwrap();
    assert!(objects(&machine, "volumes").await.is_empty());
}
