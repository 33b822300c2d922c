//! Space in the store follows what is live, with snapshots held and given up, and with small writes.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod common;

use common::*;
use holdfast_base::{Random, SeededRandom};

const BLOCK: usize = 128 << 10;
const FILES: usize = 24;
const BLOCKS: usize = 8;

#[tokio::test]
async fn space_comes_back_after_overwrites_under_a_snapshot() {
    let machine = Machine::start(31).await;
    let dice = SeededRandom::new(32);
    let id = machine.new_volume().await;
    let volume = machine.open(id).await;
    let mut files = Vec::new();
    for index in 0..FILES {
        let file = make_file(&volume, volume.root(), &format!("f{index}")).await;
        write(&volume, file, 0, machine.bytes(BLOCK * BLOCKS)).await;
        files.push(file);
    }
    let kept = machine.engine.create_snapshot(id, "kept").await.unwrap();
    for _ in 0..6 {
        for _ in 0..FILES * BLOCKS / 3 {
            let index = (dice.next_u64() % FILES as u64) as usize;
            let block = dice.next_u64() % BLOCKS as u64;
            write(&volume, files[index], block * BLOCK as u64, machine.bytes(BLOCK)).await;
        }
        machine.engine.checkpoint_all().await.unwrap();
        machine.engine.collect_garbage(id).await.unwrap();
    }
    let live = volume.usage().used_bytes;
    let held = machine.engine.check(true).await.unwrap();
    assert!(held.is_clean(), "{:#?}", held.problems);
    assert!(held.segment_bytes > live, "the snapshot holds what it needs");
    assert!(held.segment_bytes < live * 33 / 10, "{held:?}");
    let view = machine.engine.snapshot(id, kept.id).await.unwrap();
    assert_eq!(read_all(&view, files[0]).await.len(), BLOCK * BLOCKS);
    drop(view);

    machine.engine.delete_snapshot(id, kept.id).await.unwrap();
    machine.engine.collect_garbage(id).await.unwrap();
    let after = machine.engine.check(true).await.unwrap();
    assert!(after.is_clean(), "{:#?}", after.problems);
    assert!(after.segment_bytes * 10 <= live * 13, "{} live, {after:?}", live);
    assert_eq!(after.orphans, 0);
}

#[tokio::test]
async fn many_small_segments_become_one() {
    let machine = Machine::start(33).await;
    let id = machine.new_volume().await;
    let volume = machine.open(id).await;
    let mut contents = Vec::new();
    for index in 0..40 {
        let file = make_file(&volume, volume.root(), &format!("f{index}")).await;
        let content = machine.bytes(3_000 + index);
        write(&volume, file, 0, content.clone()).await;
        machine.engine.checkpoint_all().await.unwrap();
        contents.push((file, content));
    }
    assert!(machine.engine.check(false).await.unwrap().segments >= 40);
    let collected = machine.engine.collect_garbage(id).await.unwrap();
    assert!(collected.moved_bytes > 0 && collected.segments >= 40, "{collected:?}");
    let report = machine.engine.check(true).await.unwrap();
    assert!(report.is_clean() && report.segments == 1, "{report:?}");
    drop(volume);
    let machine = machine.crash().await;
    let volume = machine.open(id).await;
    for (file, content) in contents {
        assert_eq!(read_all(&volume, file).await, content);
    }
    assert!(machine.engine.collect_garbage(id).await.unwrap().moved_bytes == 0, "nothing more to do");
}
