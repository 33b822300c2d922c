//! A whole engine over a store: files are written, the node ends in order, and another one with an empty disk finds
//! everything in the store.

use std::sync::Arc;

use holdfast_base::{ManualClock, SeededRandom};
use holdfast_engine::{MemoryDisk, Store};
use object_store::path::Path;

use crate::common::{Machine, make_file, names, read_all, write};

/// Runs it; the store must be empty, and is afterwards but for what belongs to the node.
pub async fn keeps_everything(store: &Store, seed: u64) {
    let random = Arc::new(SeededRandom::new(seed));
    let clock = Arc::new(ManualClock::at(1_700_000_000_000_000_000));
    let machine = Machine::boot(MemoryDisk::new(), store.clone(), random, clock).await;
    let id = machine.new_volume().await;
    let volume = machine.open(id).await;
    let large = machine.bytes(9 << 20);
    let mut small = Vec::new();
    for round in 0..4 {
        for index in 0..20 {
            let name = format!("file-{round}-{index}");
            let file = make_file(&volume, volume.root(), &name).await;
            write(&volume, file, 0, name.clone().into_bytes()).await;
            small.push((file, name));
        }
        machine.engine.checkpoint_all().await.unwrap();
    }
    let bulk = make_file(&volume, volume.root(), "large").await;
    for (index, piece) in large.chunks(1 << 20).enumerate() {
        write(&volume, bulk, (index as u64) << 20, large.slice_ref(piece)).await;
    }
    drop(volume);
    machine.engine.shutdown().await.unwrap();
    let machine = Machine::boot(MemoryDisk::new(), store.clone(), machine.random, machine.clock).await;
    let volume = machine.open(id).await;
    assert_eq!(names(&volume, volume.root()).await.len(), small.len() + 1);
    for (file, name) in &small {
        assert_eq!(read_all(&volume, *file).await, name.as_bytes());
    }
    assert!(read_all(&volume, bulk).await == large);
    drop(volume);
    machine.engine.delete_volume(id).await.unwrap();
    machine.engine.shutdown().await.unwrap();
    assert_eq!(store.delete_all(&Path::from("volumes")).await.unwrap(), 0);
}
