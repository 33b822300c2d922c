//! Durability classes: what each one's answers wait for, and what they survive.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::*;
use async_trait::async_trait;
use futures::future::join_all;
use futures::stream::BoxStream;
use holdfast_base::SeededRandom;
use holdfast_engine::{CreateMode, Durability, Error, SetAttr, Store, StoreOptions, Volume, VolumeSettings};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};

const NEW: CreateMode = CreateMode::Guarded(SetAttr {
    mode: None,
    uid: None,
    gid: None,
    size: None,
    atime: holdfast_engine::SetTime::Keep,
    mtime: holdfast_engine::SetTime::Keep,
});

async fn promised_file(volume: &Volume, name: &str) {
    let made = volume.create(&root(), volume.root(), name.as_bytes(), NEW).await.unwrap();
    made.promised().await.unwrap();
}

async fn content(machine: &Machine, id: holdfast_base::VolumeId, name: &str) -> Vec<u8> {
    let volume = machine.open(id).await;
    let file = volume.lookup(&root(), volume.root(), name.as_bytes()).await.unwrap().0.id();
    read_all(&volume, file).await
}

#[tokio::test]
async fn what_class_object_answers_survives_the_loss_of_the_disk() {
    let machine = Machine::start(1).await;
    let id = machine.new_volume_of(Durability::Object).await;
    let volume = machine.open(id).await;
    promised_file(&volume, "a name").await;
    // In the record, in the shipping object, and as a segment of its own.
    let mut written = Vec::new();
    for (name, len) in [("small", 10_000), ("medium", 300_000), ("large", 6 << 20)] {
        let file = make_file(&volume, volume.root(), name).await;
        let bytes = machine.bytes(len);
        for (index, part) in bytes.chunks(1 << 20).enumerate() {
            write(&volume, file, (index << 20) as u64, part.to_vec()).await;
        }
        volume.commit(file).await.unwrap();
        written.push((name, bytes));
    }
    let verifier = machine.engine.write_verifier();
    drop(volume);
    let machine = machine.lose_disk().await;
    assert_ne!(machine.engine.write_verifier(), verifier);
    assert_eq!(names(&*machine.open(id).await, machine.open(id).await.root()).await.len(), 4);
    for (name, bytes) in &written {
        assert!(content(&machine, id, name).await == *bytes, "{name}");
    }
    // And once more, with what the new node added.
    let volume = machine.open(id).await;
    promised_file(&volume, "another name").await;
    drop(volume);
    let machine = machine.lose_disk().await;
    assert_eq!(names(&*machine.open(id).await, machine.open(id).await.root()).await.len(), 5);
    for (name, bytes) in &written {
        assert!(content(&machine, id, name).await == *bytes, "{name}");
    }
}

#[tokio::test]
async fn one_object_serves_many_volumes_and_goes_when_they_are_checkpointed() {
    let machine = Machine::start(2).await;
    let mut pending = Vec::new();
    let mut open = Vec::new();
    for _ in 0..8 {
        let id = machine.new_volume_of(Durability::Object).await;
        let volume = machine.open(id).await;
        pending.push(volume.create(&root(), volume.root(), b"f", NEW).await.unwrap());
        open.push(volume);
    }
    let local = machine.open(machine.new_volume().await).await;
    promised_file(&local, "f").await;
    join_all(pending.into_iter().map(|made| async { made.promised().await.map(drop).unwrap() })).await;
    assert_eq!(machine.shipped().await.len(), 1);
    machine.engine.checkpoint_all().await.unwrap();
    machine.engine.ship().await.unwrap();
    assert_eq!(machine.shipped().await, Vec::<String>::new());
}

#[tokio::test]
async fn local_ships_nothing_by_itself() {
    let machine = Machine::start(3).await;
    let volume = machine.open(machine.new_volume().await).await;
    promised_file(&volume, "f").await;
    machine.engine.ship().await.unwrap();
    assert_eq!(machine.shipped().await, Vec::<String>::new());
    assert_eq!(machine.engine.unshipped().bytes, 0, "nothing waits for what will not come");
}

#[tokio::test]
async fn relaxed_survives_the_process_at_once_and_power_loss_after_a_commit() {
    let mut machine = Machine::start(4).await;
    let id = machine.new_volume_of(Durability::Relaxed).await;
    let mut wanted = Vec::new();
    for round in 0..20 {
        let volume = machine.open(id).await;
        promised_file(&volume, &format!("killed {round}")).await;
        wanted.push(format!("killed {round}"));
        drop(volume);
        machine = machine.kill().await;
        let volume = machine.open(id).await;
        promised_file(&volume, &format!("synced {round}")).await;
        wanted.push(format!("synced {round}"));
        volume.commit(volume.root()).await.unwrap();
        drop(volume);
        machine = machine.crash().await;
    }
    wanted.sort();
    let volume = machine.open(id).await;
    assert_eq!(names(&volume, volume.root()).await, wanted);
}

#[tokio::test]
async fn relaxed_does_not_wait_for_the_disk() {
    let mut lost = 0;
    for seed in 0..30 {
        let machine = Machine::start(100 + seed).await;
        let id = machine.new_volume_of(Durability::Relaxed).await;
        let volume = machine.open(id).await;
        promised_file(&volume, "f").await;
        drop(volume);
        let machine = machine.crash().await;
        let volume = machine.open(id).await;
        lost += usize::from(names(&volume, volume.root()).await.is_empty());
    }
    assert!(lost > 0, "every answer was synced");
}

#[tokio::test]
async fn a_change_to_class_object_takes_what_came_before_along() {
    let machine = Machine::start(5).await;
    let id = machine.new_volume().await;
    let volume = machine.open(id).await;
    let file = make_file(&volume, volume.root(), "f").await;
    let bytes = machine.bytes(500_000);
    write(&volume, file, 0, bytes.clone()).await;
    let settings = VolumeSettings { durability: Durability::Object, ..SETTINGS };
    volume.set_settings(settings).await.unwrap().durable().await.unwrap();
    promised_file(&volume, "g").await;
    drop(volume);
    let machine = machine.lose_disk().await;
    let volume = machine.open(id).await;
    assert_eq!(volume.settings(), settings);
    assert_eq!(names(&volume, volume.root()).await, ["f", "g"]);
    assert_eq!(read_all(&volume, file).await, bytes);
}

#[tokio::test]
async fn a_dead_store_stops_no_local_volume_and_bounds_the_wait_of_the_others() {
    let broken = Arc::new(AtomicBool::new(false));
    let inner = Arc::new(object_store::memory::InMemory::new());
    let options = StoreOptions::new(Arc::new(SeededRandom::new(6)));
    let store = Store::new(Arc::new(Breakable { inner, broken: broken.clone() }), None, options);
    let machine = Machine::start_parts(6, store, true, Duration::from_millis(700)).await;
    let local = machine.open(machine.new_volume().await).await;
    let id = machine.new_volume_of(Durability::Object).await;
    let object = machine.open(id).await;
    promised_file(&object, "before").await;
    broken.store(true, Ordering::Relaxed);
    promised_file(&local, "f").await;
    machine.clock.advance(Duration::from_secs(9));
    let lag = machine.engine.unshipped();
    assert!(lag.bytes > 0 && lag.records == 1 && lag.age.as_secs() == 9, "{lag:?}");
    assert!(machine.engine.ship().await.is_err());
    let made = object.create(&root(), object.root(), b"during", NEW).await.unwrap();
    assert!(matches!(made.promised().await, Err(Error::Unavailable(_))));
    promised_file(&local, "g").await;
    broken.store(false, Ordering::Relaxed);
    promised_file(&object, "after").await;
    drop((local, object));
    let machine = machine.lose_disk().await;
    let volume = machine.open(id).await;
    assert_eq!(names(&volume, volume.root()).await, ["after", "before", "during"]);
}

/// A store whose puts fail while it is broken.
#[derive(Debug)]
struct Breakable {
    inner: Arc<object_store::memory::InMemory>,
    broken: Arc<AtomicBool>,
}

impl std::fmt::Display for Breakable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("breakable")
    }
}

#[async_trait]
impl ObjectStore for Breakable {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> object_store::Result<PutResult> {
        if self.broken.load(Ordering::Relaxed) {
            return Err(object_store::Error::Generic { store: "breakable", source: "it is broken".into() });
        }
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
