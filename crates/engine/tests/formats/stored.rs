//! A node's directory and its store as a directory tree of a fixture.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use holdfast_base::{ManualClock, SeededRandom, VolumeId};
use holdfast_engine::{Disk, KeyWrapper, MasterKey, MemoryDisk, Store};
use object_store::{ObjectStore, ObjectStoreExt};
use uuid::Uuid;

use crate::common::{Machine, Options, disk_files};

/// The volume of every fixture.
pub const VOLUME: VolumeId = VolumeId(Uuid::from_u128(0x0123_4567_89ab_4def_8123_4567_89ab_cdef));

/// Journal files of a fixture are this small, so that it fits a repository.
const JOURNAL_FILE_BYTES: u64 = 16 << 10;
/// Where a test's node keeps its files.
const NODE: &str = "/node";

/// An empty node with small journal files, with the master key of all fixtures or without.
pub async fn blank(sealed: bool) -> Machine {
    boot(MemoryDisk::new(), Store::memory(), sealed).await
}

async fn boot(disk: MemoryDisk, store: Store, sealed: bool) -> Machine {
    let random = Arc::new(SeededRandom::new(11));
    let clock = Arc::new(ManualClock::at(1_800_000_000_000_000_000));
    let master_key: Option<Arc<dyn KeyWrapper>> =
        if sealed { Some(Arc::new(MasterKey::new(&[0x5a; 32]))) } else { None };
    let options = Options { journal_file_bytes: JOURNAL_FILE_BYTES, master_key };
    Machine::boot_with(disk, store, random, clock, options).await
}

/// A node that starts on a fixture.
pub async fn load(fixture: &Path, sealed: bool) -> Machine {
    let (disk, store) = (MemoryDisk::new(), Store::memory());
    for (name, bytes) in files(&fixture.join("node")) {
        let file = disk.create(&Path::new(NODE).join(name)).unwrap();
        file.write_all_at(&bytes, 0).unwrap();
        file.sync_data().unwrap();
    }
    for (name, bytes) in files(&fixture.join("store")) {
        let path = object_store::path::Path::from(name.to_str().unwrap());
        store.objects().put(&path, Bytes::from(bytes).into()).await.unwrap();
    }
    boot(disk, store, sealed).await
}

/// Writes out what a node has on stable storage, as if it were cut off now.
pub async fn save(machine: Machine, fixture: &Path) {
    let Machine { disk, store, engine, .. } = machine;
    drop(engine);
    for (path, bytes) in disk_files(&disk) {
        write(&fixture.join("node").join(Path::new(&path).strip_prefix(NODE).unwrap()), &bytes);
    }
    let mut objects = store.objects().list(None);
    while let Some(object) = objects.try_next().await.unwrap() {
        let bytes = store.read_whole(&object.location).await.unwrap().unwrap();
        write(&fixture.join("store").join(object.location.as_ref()), &bytes);
    }
}

fn write(target: &Path, bytes: &[u8]) {
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::write(target, bytes).unwrap();
}

/// All files below a directory, with their names relative to it.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut left = vec![dir.to_path_buf()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.push((path.strip_prefix(dir).unwrap().to_path_buf(), bytes));
            }
        }
    }
    found
}
