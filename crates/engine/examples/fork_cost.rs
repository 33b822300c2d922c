//! What a snapshot and a fork cost: time and store calls, for a warm volume with few and with many files.
//!
//! `cargo run --release -p holdfast-engine --example fork_cost -- [DIR] [FILES]...` makes volumes in a store under
//! `DIR` and prints one line for each step. Calls that run beside each other count once as dependent calls.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement ends where something fails")]

use std::fmt;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use holdfast_base::{OsRandom, SystemClock, VolumeId};
use holdfast_engine::{
    Caller, CreateMode, Engine, EngineConfig, Environment, RealDisk, SetAttr, Store, StoreOptions,
    VolumeSettings, VolumeSpec,
};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

#[derive(Debug, Default)]
struct Calls {
    all: AtomicU64,
    dependent: AtomicU64,
    copies: AtomicU64,
    running: AtomicU64,
}

impl Calls {
    async fn run<T>(&self, call: impl Future<Output = T>) -> T {
        self.all.fetch_add(1, Ordering::Relaxed);
        if self.running.fetch_add(1, Ordering::Relaxed) == 0 {
            self.dependent.fetch_add(1, Ordering::Relaxed);
        }
        let done = call.await;
        self.running.fetch_sub(1, Ordering::Relaxed);
        done
    }

    fn take(&self) -> (u64, u64, u64) {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        (take(&self.all), take(&self.dependent), take(&self.copies))
    }
}

#[derive(Debug)]
struct Counting {
    inner: Arc<dyn ObjectStore>,
    calls: Arc<Calls>,
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Counting {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.calls.run(self.inner.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.calls.run(self.inner.put_multipart_opts(location, opts)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.calls.run(self.inner.get_opts(location, options)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        // Counted whole: the first page of a listing is one call.
        let (inner, calls, prefix) = (self.inner.clone(), self.calls.clone(), prefix.cloned());
        let listed = async move {
            let all: Vec<_> = calls.run(inner.list(prefix.as_ref()).try_collect()).await?;
            Ok::<_, object_store::Error>(futures::stream::iter(all.into_iter().map(Ok)))
        };
        futures::stream::once(listed).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.calls.run(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.calls.copies.fetch_add(1, Ordering::Relaxed);
        self.calls.run(self.inner.copy_opts(from, to, options)).await
    }
}

async fn start(dir: &FsPath, calls: &Arc<Calls>) -> Arc<Engine> {
    let objects = dir.join("store");
    std::fs::create_dir_all(&objects).unwrap();
    let local = object_store::local::LocalFileSystem::new_with_prefix(&objects).unwrap().with_fsync(true);
    let counting = Counting { inner: Arc::new(local), calls: calls.clone() };
    let environment = Environment {
        store: Store::new(Arc::new(counting), Some(objects), StoreOptions::new(Arc::new(OsRandom))),
        disk: Arc::new(RealDisk),
        clock: Arc::new(SystemClock::default()),
        random: Arc::new(OsRandom),
        master_key: None,
    };
    let config = EngineConfig { background: false, ..EngineConfig::new(dir.join("node")) };
    Engine::start(config, environment).await.unwrap()
}

/// A volume with so many files of 16 bytes, a thousand in each directory, all of it in the store.
async fn filled(engine: &Engine, files: u64) -> VolumeId {
    let id = VolumeId::generate(&OsRandom);
    let spec =
        VolumeSpec { limit_bytes: 1 << 40, limit_inodes: 1 << 30, settings: VolumeSettings::default() };
    engine.create_volume(id, spec).await.unwrap();
    let volume = engine.volume(id).await.unwrap();
    let caller = Caller::root();
    let mut dir = volume.root();
    for index in 0..files {
        if index % 1000 == 0 {
            let name = format!("d{}", index / 1000);
            let made = volume.mkdir(&caller, volume.root(), name.as_bytes(), SetAttr::default()).await;
            dir = made.unwrap().unsynced().attr.id();
        }
        let how = CreateMode::Guarded(SetAttr::default());
        let made = volume.create(&caller, dir, format!("f{index}").as_bytes(), how).await.unwrap();
        let file = made.unsynced().attr.id();
        let _ = volume.write(&caller, file, 0, vec![7; 16].into()).await.unwrap().unsynced();
        if index % 50_000 == 49_999 {
            engine.checkpoint_all().await.unwrap();
        }
    }
    engine.checkpoint_all().await.unwrap();
    id
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let dir = args.next().map_or_else(|| std::env::temp_dir().join("holdfast-fork-cost"), PathBuf::from);
    let mut sizes: Vec<u64> = args.map(|size| size.parse().unwrap()).collect();
    if sizes.is_empty() {
        sizes = vec![1_000, 1_000_000];
    }
    std::fs::remove_dir_all(&dir).ok();
    let calls = Arc::new(Calls::default());
    let engine = start(&dir, &calls).await;
    for files in sizes {
        let id = filled(&engine, files).await;
        for round in 1..=3 {
            // One change, so that there is something to put into the store.
            let volume = engine.volume(id).await.unwrap();
            let how = CreateMode::Unchecked(SetAttr::default());
            let made =
                volume.create(&Caller::root(), volume.root(), format!("r{round}").as_bytes(), how).await;
            made.unwrap().durable().await.unwrap();
            calls.take();
            let began = Instant::now();
            let made = engine.create_snapshot(id, &format!("s{round}")).await.unwrap();
            tell(files, "snapshot", began, &calls);
            let began = Instant::now();
            engine.fork_volume(id, None, VolumeId::generate(&OsRandom)).await.unwrap();
            tell(files, "fork of the head", began, &calls);
            let began = Instant::now();
            engine.fork_volume(id, Some(made.id), VolumeId::generate(&OsRandom)).await.unwrap();
            tell(files, "fork of a snapshot", began, &calls);
        }
        let snapshots = engine.snapshots(id).await.unwrap();
        calls.take();
        let began = Instant::now();
        engine.restore_volume(id, snapshots[0].id).await.unwrap();
        tell(files, "restore", began, &calls);
    }
    engine.shutdown().await.unwrap();
    std::fs::remove_dir_all(&dir).ok();
}

fn tell(files: u64, what: &str, began: Instant, calls: &Calls) {
    let ms = began.elapsed().as_secs_f64() * 1000.0;
    let (all, dependent, copies) = calls.take();
    println!(
        "{files:>9} files  {what:<18} {ms:>7.1} ms  {dependent:>3} dependent calls, {all} in all, {copies} copies"
    );
}
