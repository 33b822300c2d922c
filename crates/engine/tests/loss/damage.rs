//! A journal damaged before its end: it stops the volumes whose records it hit, and nobody else.

use std::path::{Path, PathBuf};

use crate::common::*;
use holdfast_base::VolumeId;
use holdfast_engine::{Disk, Durability, Error, MemoryDisk};

/// Bytes in front of a record's body.
const HEADER: usize = 48;

/// Two volumes with synced records in the journal, none in the index: `ours` first, then theirs and ours in turns.
async fn two_volumes(seed: u64, order: &[u8]) -> (Machine, VolumeId, VolumeId) {
    let machine = Machine::start(seed).await;
    let (ours, theirs) = (machine.new_volume().await, machine.new_volume().await);
    for (index, whose) in order.iter().enumerate() {
        let volume = machine.open(if *whose == b'o' { ours } else { theirs }).await;
        // The marker in the name is in the record and nowhere else.
        make_file(&volume, volume.root(), &format!("marker-{index}")).await;
    }
    (machine, ours, theirs)
}

/// The journal file, and where the record with this file's name has its header.
fn record_of(disk: &MemoryDisk, index: usize) -> (PathBuf, usize) {
    let dir = Path::new("/node/journal");
    let marker = format!("marker-{index}");
    for name in disk.list(dir).unwrap().into_iter().filter(|name| name.ends_with(".log")) {
        let path = dir.join(name);
        let bytes = contents(disk, &path);
        let Some(at) = bytes.windows(marker.len()).position(|part| part == marker.as_bytes()) else {
            continue;
        };
        let mut position = 64;
        loop {
            let len = u32::from_be_bytes(bytes[position + 4..position + 8].try_into().unwrap()) as usize;
            if at < position + HEADER + len {
                return (path, position);
            }
            position += HEADER + len;
        }
    }
    panic!("no record holds {marker}");
}

fn contents(disk: &MemoryDisk, path: &Path) -> Vec<u8> {
    let file = disk.open(path).unwrap();
    file.read_vec_at(file.size_bytes().unwrap() as usize, 0).unwrap()
}

/// Flips a byte of a record of a dead node's disk, `offset` bytes behind the beginning of its header.
fn damage(disk: &MemoryDisk, index: usize, offset: usize) {
    let (path, position) = record_of(disk, index);
    let file = disk.open(&path).unwrap();
    let at = (position + offset) as u64;
    let byte = file.read_vec_at(1, at).unwrap()[0];
    file.write_all_at(&[byte ^ 0x55], at).unwrap();
    file.sync_data().unwrap();
}

async fn is_shut(machine: &Machine, id: VolumeId) -> bool {
    match machine.engine.volume(id).await {
        Ok(_) => false,
        Err(Error::Corrupt(why)) => {
            assert!(why.contains(&id.0.to_string()), "{why}");
            true
        }
        Err(error) => panic!("{error}"),
    }
}

async fn check_shut_alone(machine: Machine, shut: VolumeId, open: VolumeId, files: usize) {
    assert!(is_shut(&machine, shut).await);
    let volume = machine.open(open).await;
    assert_eq!(names(&volume, volume.root()).await.len(), files);
    make_file(&volume, volume.root(), "goes on").await;
    drop(volume);
    // The journal is cut and the node ends and starts in order: the volume still is shut, and only it.
    let machine = machine.restart().await;
    assert!(is_shut(&machine, shut).await);
    let machine = machine.crash().await;
    assert!(is_shut(&machine, shut).await);
    let volume = machine.open(open).await;
    assert_eq!(names(&volume, volume.root()).await.len(), files + 1);
    // The way out: without the file it opens as the last checkpoint left it.
    machine.disk.remove(&Path::new("/node/damaged").join(shut.0.to_string())).unwrap();
    let volume = machine.open(shut).await;
    make_file(&volume, volume.root(), "starts over").await;
}

#[tokio::test]
async fn a_damaged_body_stops_the_volume_that_its_header_names() {
    for (seed, order, hit) in [(1, b"ooto", 1), (2, b"otto", 0), (3, b"otot", 2)] {
        let (machine, ours, theirs) = two_volumes(seed, order).await;
        let files = order.iter().filter(|whose| **whose == b't').count();
        let disk = machine.disk.kill();
        damage(&disk, hit, HEADER + 3);
        check_shut_alone(machine.on(disk).await, ours, theirs, files).await;
    }
}

#[tokio::test]
async fn a_damaged_header_stops_the_volume_whose_next_record_misses_it() {
    for offset in [0, 5, 12, 20, 35, 42, 46] {
        let (machine, ours, theirs) = two_volumes(4, b"ootott").await;
        let disk = machine.disk.kill();
        damage(&disk, 1, offset);
        check_shut_alone(machine.on(disk).await, ours, theirs, 3).await;
    }
}

#[tokio::test]
async fn a_record_that_nothing_names_stops_whoever_may_have_lost_it() {
    // Ours has nothing behind the damage; theirs has, and its records are complete.
    let (machine, ours, theirs) = two_volumes(5, b"otott").await;
    let disk = machine.disk.kill();
    damage(&disk, 2, 20);
    check_shut_alone(machine.on(disk).await, ours, theirs, 3).await;
}

#[tokio::test]
async fn damage_to_what_the_index_has_stops_nobody() {
    let (machine, ours, theirs) = two_volumes(6, b"oto").await;
    machine.engine.checkpoint_all().await.unwrap();
    for id in [theirs, ours] {
        let volume = machine.open(id).await;
        make_file(&volume, volume.root(), "later").await;
    }
    let disk = machine.disk.kill();
    damage(&disk, 1, 20);
    damage(&disk, 2, HEADER + 1);
    let machine = machine.on(disk).await;
    for (id, files) in [(ours, 3), (theirs, 2)] {
        let volume = machine.open(id).await;
        assert_eq!(names(&volume, volume.root()).await.len(), files);
    }
}

#[tokio::test]
async fn damage_in_an_earlier_file_is_found_by_the_next() {
    let (machine, ours, theirs) = two_volumes(7, b"tttt").await;
    let volume = machine.open(ours).await;
    let file = make_file(&volume, volume.root(), "marker-9").await;
    // Fills files of 256 KiB.
    for _ in 0..30 {
        write(&volume, file, 0, machine.bytes(30_000)).await;
        volume.commit(file).await.unwrap();
    }
    drop(volume);
    let disk = machine.disk.kill();
    damage(&disk, 9, 20);
    check_shut_alone(machine.on(disk).await, ours, theirs, 4).await;
}

#[tokio::test]
async fn a_damaged_shipping_object_stops_the_volume_that_was_promised_its_records() {
    let machine = Machine::start(8).await;
    let (ours, theirs) =
        (machine.new_volume_of(Durability::Object).await, machine.new_volume_of(Durability::Object).await);
    for (id, name) in [(ours, "marker-0"), (theirs, "a"), (ours, "marker-1"), (theirs, "b")] {
        let volume = machine.open(id).await;
        make_file(&volume, volume.root(), name).await;
    }
    let objects = machine.store.objects();
    let first = machine.shipped().await.remove(0);
    let path = holdfast_engine::StorePath::from(format!("node/journal/{first}"));
    let mut bytes = machine.store.read_whole(&path).await.unwrap().unwrap().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    object_store::ObjectStoreExt::put(&*objects, &path, bytes.into()).await.unwrap();
    let machine = machine.lose_disk().await;
    check_shut_alone(machine, ours, theirs, 2).await;
}
