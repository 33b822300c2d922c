//! A store that is down for a while under a whole engine: nothing acknowledged is lost, nothing hangs, and it goes on
//! by itself.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use holdfast_base::{ManualClock, SeededRandom, VolumeId};
use holdfast_engine::{Engine, EngineConfig, Environment, Error, MemoryDisk, SetAttr, Store, StoreOptions};
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use tokio::time::Instant;

use crate::common::{Machine, SPEC, make_file, names, read_all, root, write};
use crate::faults::{FaultyStore, Script};

async fn machine(seed: u64) -> (Machine, Arc<Script>, Arc<InMemory>) {
    let memory = Arc::new(InMemory::new());
    let (faulty, script) = FaultyStore::new(memory.clone());
    let random = Arc::new(SeededRandom::new(seed));
    let options = StoreOptions::new(random.clone());
    let clock = Arc::new(ManualClock::at(1_700_000_000_000_000_000));
    (Machine::boot(MemoryDisk::new(), Store::new(faulty, None, options), random, clock).await, script, memory)
}

async fn recovered(store: &Store) {
    while store.trouble().is_some() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        store.probe_if_down().await;
    }
}

/// Segments in the store.
async fn segments(memory: &InMemory) -> usize {
    let all: Vec<_> = memory.list(Some(&Path::from("volumes"))).try_collect().await.unwrap();
    all.iter().filter(|object| object.location.as_ref().contains("/segments/")).count()
}

#[tokio::test(start_paused = true)]
async fn work_goes_on_through_an_outage_and_is_in_the_store_after_it() {
    let (machine, script, memory) = machine(1).await;
    let id = machine.new_volume().await;
    let volume = machine.open(id).await;
    let early = make_file(&volume, volume.root(), "early").await;
    write(&volume, early, 0, "before").await;
    machine.engine.checkpoint_all().await.unwrap();
    let mut files = Vec::new();
    for round in 0..20 {
        // Down at any step of a checkpoint: each round lets a few calls more through.
        script.outage_after(round);
        for index in 0..3 {
            let name = format!("file-{round}-{index}");
            let file = make_file(&volume, volume.root(), &name).await;
            write(&volume, file, 0, name.clone().into_bytes()).await;
            files.push((file, name));
        }
        let tried = tokio::time::timeout(Duration::from_secs(300), machine.engine.checkpoint_all()).await;
        let failed = tried.expect("a checkpoint ends in bounded time").is_err();
        script.outage(true);
        if failed && machine.store.trouble().is_some() {
            assert!(machine.engine.is_degraded().is_some());
        }
        assert_eq!(read_all(&volume, early).await, b"before", "what is cached is read");
        let during = make_file(&volume, volume.root(), &format!("during-{round}")).await;
        write(&volume, during, 0, "during").await;
        files.push((during, "during".to_owned()));
        script.outage(false);
        recovered(&machine.store).await;
    }
    machine.engine.checkpoint_all().await.unwrap();
    assert_eq!(machine.engine.is_degraded(), None);
    for (file, content) in &files {
        assert_eq!(read_all(&volume, *file).await, content.as_bytes());
    }
    // Every byte was counted once: with the files their segments go.
    for name in names(&volume, volume.root()).await {
        volume.remove(&root(), volume.root(), name.as_bytes()).await.unwrap().durable().await.unwrap();
    }
    for round in 0..3 {
        let (caller, name) = (root(), format!("d{round}"));
        let made = volume.mkdir(&caller, volume.root(), name.as_bytes(), SetAttr::default()).await;
        made.unwrap().durable().await.unwrap();
        machine.engine.checkpoint_all().await.unwrap();
    }
    assert_eq!(segments(&memory).await, 0, "segments that nothing uses");
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_and_a_crash_everything_acknowledged_is_there() {
    let (machine, script, _) = machine(2).await;
    let id = machine.new_volume().await;
    let volume = machine.open(id).await;
    let mut files = Vec::new();
    script.outage(true);
    for index in 0..50 {
        let name = format!("file-{index}");
        let file = make_file(&volume, volume.root(), &name).await;
        write(&volume, file, 0, name.clone().into_bytes()).await;
        let _ = volume.commit(file).await.unwrap();
        files.push((file, name));
        if index % 10 == 9 {
            assert!(machine.engine.checkpoint_all().await.is_err());
        }
    }
    drop(volume);
    script.outage(false);
    recovered(&machine.store).await;
    let machine = machine.crash().await;
    let volume = machine.open(id).await;
    for (file, name) in &files {
        assert_eq!(read_all(&volume, *file).await, name.as_bytes());
    }
    machine.engine.checkpoint_all().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn writes_go_on_until_the_bound_and_then_fail_in_bounded_time() {
    let (faulty, script) = FaultyStore::new(Arc::new(InMemory::new()));
    let random = Arc::new(SeededRandom::new(3));
    let mut config = EngineConfig::new("/node".into());
    config.journal.segment_bytes = 256 << 10;
    config.journal.hard_max_bytes = 4 << 20;
    config.background = false;
    let environment = Environment {
        store: Store::new(faulty, None, StoreOptions::new(random.clone())),
        disk: Arc::new(MemoryDisk::new()),
        clock: Arc::new(ManualClock::at(1_700_000_000_000_000_000)),
        random: random.clone(),
        master_key: None,
    };
    let engine = Engine::start(config, environment.clone()).await.unwrap();
    let id = VolumeId::generate(random.as_ref());
    engine.create_volume(id, SPEC).await.unwrap();
    let volume = engine.volume(id).await.unwrap();
    let file = make_file(&volume, volume.root(), "f").await;
    script.outage(true);
    let mut written = 0;
    let begun = Instant::now();
    let refusal = loop {
        match volume.write(&root(), file, written, vec![7; 10_000].into()).await {
            Ok(pending) => written += u64::from(pending.durable().await.unwrap().count),
            Err(error) => break error,
        }
        assert!(written < 16 << 20, "no bound");
    };
    assert!(matches!(refusal, Error::Unavailable(_)), "{refusal}");
    assert!(written >= 3 << 20, "refused after {written} bytes");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert_eq!(read_all(&volume, file).await.len() as u64, written);
    script.outage(false);
    recovered(&environment.store).await;
    engine.checkpoint_all().await.unwrap();
    volume.write(&root(), file, written, vec![7; 10_000].into()).await.unwrap().durable().await.unwrap();
}
