//! Operations one by one: what they do, what they refuse, and that all of it outlives checkpoints and restarts.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod common;

use common::*;
use holdfast_engine::{Caller, CreateMode, Error, FileKind, PutOwner, SetAttr, SetTime, Special};

#[tokio::test]
async fn files_survive_orderly_restarts_and_an_empty_local_disk() {
    let machine = Machine::start(1).await;
    let id = machine.new_volume().await;
    let volume = machine.open(id).await;
    let small = make_file(&volume, volume.root(), "small").await;
    write(&volume, small, 0, "hello").await;
    let large = make_file(&volume, volume.root(), "large").await;
    let data = machine.bytes(3 << 20);
    write(&volume, large, 100, data.clone()).await;
    drop(volume);
    let mut machine = machine.restart().await;
    for wiped in [false, true] {
        if wiped {
            machine.engine.shutdown().await.unwrap();
            machine = Machine::boot(Default::default(), machine.store, machine.random, machine.clock).await;
        }
        let volume = machine.open(id).await;
        assert_eq!(read_all(&volume, small).await, b"hello");
        let read = read_all(&volume, large).await;
        assert_eq!(&read[..100], &[0; 100]);
        assert!(read[100..] == data, "wiped: {wiped}");
        assert_eq!(volume.usage().used_bytes, 5 + (3 << 20));
        assert_eq!(volume.usage().used_inodes, 3);
    }
}

#[tokio::test]
async fn overwrites_holes_and_truncation_read_back_exactly() {
    let machine = Machine::start(2).await;
    let id = machine.new_volume().await;
    let volume = machine.open(id).await;
    let file = make_file(&volume, volume.root(), "f").await;
    let mut model = vec![0u8; 0];
    for round in 0..120u64 {
        let offset = machine.bytes(3).iter().fold(0, |sum, byte| sum * 256 + *byte as usize);
        let len = machine.bytes(3).iter().fold(0, |sum, byte| sum * 256 + *byte as usize) >> (round % 12);
        let data = machine.bytes(len);
        if round % 11 == 10 {
            let size = offset as u64;
            let attributes = SetAttr { size: Some(size), ..SetAttr::default() };
            volume.setattr(&root(), file, attributes, None).await.unwrap().durable().await.unwrap();
            model.resize(offset, 0);
        } else {
            write(&volume, file, offset as u64, data.clone()).await;
            model.resize(model.len().max(offset + len), 0);
            model[offset..offset + len].copy_from_slice(&data);
        }
        if round % 17 == 16 {
            machine.engine.checkpoint_all().await.unwrap();
        }
        if round % 8 == 7 {
            assert!(read_all(&volume, file).await == model, "round {round}");
        }
    }
    machine.engine.checkpoint_all().await.unwrap();
    assert!(read_all(&volume, file).await == model);
    let attr = volume.getattr(file).await.unwrap();
    assert_eq!(attr.used, volume.usage().used_bytes);
}

#[tokio::test]
async fn names_links_and_renames_follow_posix() {
    let machine = Machine::start(3).await;
    let id = machine.new_volume().await;
    let v = machine.open(id).await;
    let (r, c) = (v.root(), root());
    let file = make_file(&v, r, "a").await;
    v.link(&c, file, r, b"b").await.unwrap().durable().await.unwrap();
    assert_eq!(v.getattr(file).await.unwrap().nlink, 2);
    let dir = v.mkdir(&c, r, b"d", SetAttr::default()).await.unwrap().durable().await.unwrap().attr.id();
    assert_eq!(v.getattr(r).await.unwrap().nlink, 3);
    assert!(matches!(v.remove(&c, r, b"d").await, Err(Error::IsDirectory)));
    assert!(matches!(v.rmdir(&c, r, b"a").await, Err(Error::NotDirectory)));
    v.rename(&c, r, b"a", dir, b"x").await.unwrap().durable().await.unwrap();
    assert!(matches!(v.rmdir(&c, r, b"d").await, Err(Error::NotEmpty)));
    assert!(matches!(v.rename(&c, r, b"d", dir, b"in").await, Err(Error::Invalid(_))));
    // Two names of one file: nothing happens.
    v.rename(&c, dir, b"x", r, b"b").await.unwrap().durable().await.unwrap();
    assert_eq!(names(&v, dir).await, ["x"]);
    machine.engine.checkpoint_all().await.unwrap();
    v.symlink(&c, r, b"l", b"d/x", SetAttr::default()).await.unwrap().durable().await.unwrap();
    assert_eq!(v.stat_path(&c, b"/l", true).await.unwrap().0.id(), file);
    assert_eq!(v.stat_path(&c, b"/l", false).await.unwrap().0.kind, FileKind::Symlink);
    v.mknod(&c, r, b"p", Special::Fifo, SetAttr::default()).await.unwrap().durable().await.unwrap();
    v.remove(&c, dir, b"x").await.unwrap().durable().await.unwrap();
    v.remove(&c, r, b"b").await.unwrap().durable().await.unwrap();
    assert!(matches!(v.getattr(file).await, Err(Error::Stale)));
    v.rmdir(&c, r, b"d").await.unwrap().durable().await.unwrap();
    assert_eq!(names(&v, r).await, ["l", "p"]);
    assert_eq!(v.usage().used_inodes, 3);
    assert_eq!(v.getattr(r).await.unwrap().nlink, 2);
    let long = [b'n'; 256];
    assert!(matches!(v.lookup(&c, r, &long).await, Err(Error::NameTooLong)));
    assert!(matches!(v.mkdir(&c, r, &long, SetAttr::default()).await, Err(Error::NameTooLong)));
}

#[tokio::test]
async fn the_change_time_grows_with_every_change_though_the_clock_stands() {
    let machine = Machine::start(10).await;
    let id = machine.new_volume().await;
    let v = machine.open(id).await;
    let file = make_file(&v, v.root(), "f").await;
    let mut last = v.getattr(file).await.unwrap().ctime;
    for round in 0..5 {
        write(&v, file, round, "x").await;
        let now = v.getattr(file).await.unwrap().ctime;
        assert!(now > last, "round {round}");
        last = now;
    }
}

#[tokio::test]
async fn exclusive_create_is_told_apart_by_its_verifier() {
    let machine = Machine::start(4).await;
    let id = machine.new_volume().await;
    let v = machine.open(id).await;
    let first = v.create(&root(), v.root(), b"x", CreateMode::Exclusive([1; 8])).await;
    let first = first.unwrap().durable().await.unwrap().attr;
    assert_eq!(
        v.create(&root(), v.root(), b"x", CreateMode::Exclusive([1; 8])).await.unwrap().unsynced().attr,
        first
    );
    assert!(matches!(
        v.create(&root(), v.root(), b"x", CreateMode::Exclusive([2; 8])).await,
        Err(Error::Exists)
    ));
}

#[tokio::test]
async fn limits_are_exact_and_deletes_give_back() {
    let machine = Machine::start(5).await;
    let id = machine.new_volume().await;
    let v = machine.open(id).await;
    v.set_limits(100_000, 4).await.unwrap().durable().await.unwrap();
    let file = make_file(&v, v.root(), "a").await;
    write(&v, file, 0, vec![1; 100_000]).await;
    assert!(matches!(
        v.write(&root(), file, 100_000, vec![1].into()).await,
        Err(Error::QuotaExceeded { used: 100_000, limit: 100_000, unit: "bytes" })
    ));
    write(&v, file, 0, vec![2; 100_000]).await;
    assert!(matches!(v.set_limits(99_999, 4).await, Err(Error::QuotaExceeded { .. })));
    make_file(&v, v.root(), "b").await;
    make_file(&v, v.root(), "c").await;
    let over = v.mkdir(&root(), v.root(), b"d", SetAttr::default()).await;
    assert!(matches!(over, Err(Error::QuotaExceeded { unit: "inodes", .. })));
    v.remove(&root(), v.root(), b"a").await.unwrap().durable().await.unwrap();
    assert_eq!((v.usage().used_bytes, v.usage().used_inodes), (0, 3));
    drop(v);
    let machine = machine.restart().await;
    let v = machine.open(id).await;
    assert_eq!((v.usage().limit_bytes, v.usage().limit_inodes), (100_000, 4));
}

#[tokio::test]
async fn permissions_are_those_of_posix() {
    let machine = Machine::start(6).await;
    let id = machine.new_volume().await;
    let v = machine.open(id).await;
    let (ann, bob) = (Caller::user(1000, 1000), Caller::user(1001, 1001));
    let private = SetAttr { mode: Some(0o600), ..SetAttr::default() };
    let made = v.create(&ann, v.root(), b"f", CreateMode::Guarded(private)).await.unwrap().durable().await;
    let file = made.unwrap().attr.id();
    assert!(matches!(v.read(&bob, file, 0, 1).await, Err(Error::AccessDenied)));
    assert!(matches!(v.write(&bob, file, 0, "x".into()).await, Err(Error::AccessDenied)));
    // The root directory is sticky.
    assert!(matches!(v.remove(&bob, v.root(), b"f").await, Err(Error::NotPermitted)));
    assert!(matches!(
        v.setattr(&bob, file, SetAttr { mode: Some(0o777), ..SetAttr::default() }, None).await,
        Err(Error::NotPermitted)
    ));
    let give = SetAttr { uid: Some(1001), ..SetAttr::default() };
    assert!(matches!(v.setattr(&ann, file, give, None).await, Err(Error::NotPermitted)));
    let setuid = SetAttr { mode: Some(0o4755), ..SetAttr::default() };
    let _ = v.setattr(&ann, file, setuid, None).await.unwrap().unsynced();
    let written = v.write(&ann, file, 0, "x".into()).await.unwrap().unsynced();
    assert_eq!(written.wcc.after.mode, 0o755);
    let past = holdfast_base::Timestamp { seconds: 5, nanos: 7 };
    let times = SetAttr { mtime: SetTime::To(past), ..SetAttr::default() };
    assert_eq!(v.setattr(&ann, file, times, None).await.unwrap().unsynced().after.mtime, past);
    let stale_guard = v.setattr(&ann, file, times, Some(past)).await;
    assert!(matches!(stale_guard, Err(Error::NotSync)));
}

#[tokio::test]
async fn uploads_replace_in_one_step_and_keep_the_inode() {
    let machine = Machine::start(7).await;
    let id = machine.new_volume().await;
    let v = machine.open(id).await;
    let mut last = None;
    for len in [5usize, 3 << 20, 70_000, 0, 200] {
        let data = machine.bytes(len);
        let mut upload = v.upload();
        for part in data.chunks(100_001) {
            upload.write(bytes::Bytes::copy_from_slice(part)).await.unwrap();
        }
        let done = upload.finish(b"/f", PutOwner::default(), &|_| true).await.unwrap();
        let done = done.durable().await.unwrap().into_inner();
        assert_eq!(done.created, last.is_none());
        assert_eq!(*last.get_or_insert(done.attr.id()), done.attr.id());
        assert!(read_all(&v, done.attr.id()).await == data);
        assert_eq!(v.usage().used_bytes, len as u64);
        machine.engine.checkpoint_all().await.unwrap();
        assert!(read_all(&v, done.attr.id()).await == data);
    }
    let refused = v.upload().finish(b"f", PutOwner::default(), &|existing| existing.is_none()).await;
    assert!(matches!(refused, Err(Error::NotSync)));
    let nowhere = v.upload().finish(b"no/f", PutOwner::default(), &|_| true).await;
    assert!(matches!(nowhere, Err(Error::NotFound)));
}

#[tokio::test]
async fn large_directories_list_every_entry_once_while_they_change() {
    let machine = Machine::start(8).await;
    let id = machine.new_volume().await;
    let v = machine.open(id).await;
    for index in 0..300 {
        make_file(&v, v.root(), &format!("keep{index}")).await;
        make_file(&v, v.root(), &format!("drop{index}")).await;
        if index == 150 {
            machine.engine.checkpoint_all().await.unwrap();
        }
    }
    let (mut seen, mut after, mut round) = (Vec::new(), 0, 0);
    loop {
        let part = v.list(&root(), v.root(), after, 13, true).await.unwrap();
        seen.extend(part.entries.iter().map(|e| String::from_utf8(e.name.to_vec()).unwrap()));
        assert!(part.entries.iter().all(|entry| entry.attr.unwrap().ino == entry.ino));
        if part.end {
            break;
        }
        after = part.entries.last().unwrap().cookie;
        let _ = v.remove(&root(), v.root(), format!("drop{round}").as_bytes()).await.unwrap().unsynced();
        make_file(&v, v.root(), &format!("new{round}")).await;
        if round % 10 == 0 {
            machine.engine.checkpoint_all().await.unwrap();
        }
        round += 1;
    }
    let mut kept: Vec<_> = seen.iter().filter(|name| name.starts_with("keep")).collect();
    kept.sort();
    let count = kept.len();
    kept.dedup();
    assert_eq!((count, kept.len()), (300, 300));
    v.ensure_dir(&root(), b"tree", SetAttr::default()).await.unwrap();
    v.ensure_dir(&root(), b"tree/deep", SetAttr::default()).await.unwrap();
    v.upload().finish(b"tree/deep/f", PutOwner::default(), &|_| true).await.unwrap().durable().await.unwrap();
    assert!(matches!(v.remove_path(&root(), b"tree", false).await, Err(Error::NotEmpty)));
    v.remove_path(&root(), b"tree", true).await.unwrap();
    assert!(matches!(v.stat_path(&root(), b"tree", true).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn dead_segments_leave_the_store() {
    let machine = Machine::start(9).await;
    let id = machine.new_volume().await;
    let v = machine.open(id).await;
    let file = make_file(&v, v.root(), "f").await;
    for _ in 0..6 {
        write(&v, file, 0, machine.bytes(1 << 20)).await;
        machine.engine.checkpoint_all().await.unwrap();
    }
    let prefix = object_store::path::Path::from(format!("volumes/{}/segments", id.0));
    let listed = machine.store.objects().list_with_delimiter(Some(&prefix)).await.unwrap();
    assert!(listed.objects.len() <= 2, "{} segments", listed.objects.len());
    machine.engine.delete_volume(id).await.unwrap();
    let prefix = object_store::path::Path::from(format!("volumes/{}", id.0));
    let listed = machine.store.objects().list_with_delimiter(Some(&prefix)).await.unwrap();
    assert!(listed.objects.is_empty() && listed.common_prefixes.is_empty());
    assert!(matches!(machine.engine.volume(id).await, Err(Error::NoSuchVolume)));
}
