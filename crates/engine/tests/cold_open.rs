//! How long the way to a cold volume is, counted in store calls that wait for each other.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Machine, make_file, root};
use holdfast_engine::{MemoryDisk, Store, StoreOptions};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::throttle::{ThrottleConfig, ThrottledStore};
use tokio::time::Instant;

/// What every call takes. Time is the test's, so the sum of what was waited for says how many came one after the other.
const CALL: Duration = Duration::from_secs(1);
/// Past this a first LOOKUP is taken to have grown. The budget is 12 and is not met: it takes 16, 14 of them for the open,
/// most of those the index's own.
const DEPENDENT_CALLS_MAX: u128 = 20;

#[tokio::test(start_paused = true)]
async fn a_first_look_waits_for_few_store_calls() {
    let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let machine = Machine::start(31).await;
    let (random, clock) = (machine.random.clone(), machine.clock.clone());
    let plain = Store::new(objects.clone(), None, StoreOptions::new(random.clone()));
    let machine = Machine::boot(MemoryDisk::new(), plain, random.clone(), clock.clone()).await;
    let id = machine.new_volume().await;
    let volume = machine.open(id).await;
    for index in 0..200 {
        make_file(&volume, volume.root(), &format!("file-{index}")).await;
    }
    drop(volume);
    machine.engine.shutdown().await.unwrap();

    let config = ThrottleConfig {
        wait_delete_per_call: CALL,
        wait_get_per_call: CALL,
        wait_list_per_call: CALL,
        wait_list_with_delimiter_per_call: CALL,
        wait_put_per_call: CALL,
        ..ThrottleConfig::default()
    };
    let options = StoreOptions::new(random.clone());
    let slow = Store::new(Arc::new(ThrottledStore::new(objects, config)), None, options);
    let machine = Machine::boot(MemoryDisk::new(), slow, random, clock).await;
    let began = Instant::now();
    let volume = machine.open(id).await;
    let opened = began.elapsed().as_millis() / CALL.as_millis();
    volume.lookup(&root(), volume.root(), b"file-77").await.unwrap();
    let calls = began.elapsed().as_millis() / CALL.as_millis();
    println!("{calls} store calls one after the other, {opened} of them for the open");
    assert!(calls <= DEPENDENT_CALLS_MAX, "{calls} store calls one after the other, {opened} to open");
}
