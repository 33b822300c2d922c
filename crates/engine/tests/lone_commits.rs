//! A waiter who is alone commits by himself; what it means to be durable does not change with who does it.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use holdfast_base::{ManualClock, SeededRandom, VolumeId};
use holdfast_engine::{
    Caller, Disk, DiskFile, Engine, EngineConfig, Environment, Error, MemoryDisk, SetAttr, Store, Volume,
    VolumeSettings, VolumeSpec,
};
use parking_lot::Mutex;

/// A memory disk that notes which thread synced last, and whose syncs can be made to fail.
#[derive(Clone, Default)]
struct Watched {
    disk: MemoryDisk,
    synced_by: Arc<Mutex<Option<String>>>,
    fails: Arc<AtomicBool>,
}

struct WatchedFile {
    file: Arc<dyn DiskFile>,
    watch: Watched,
}

impl Watched {
    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(WatchedFile { file, watch: self.clone() })
    }

    fn is_by_the_journal(&self) -> bool {
        self.synced_by.lock().as_deref() == Some("holdfast-journal")
    }
}

impl DiskFile for WatchedFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.watch.fails.load(Ordering::Relaxed) {
            return Err(io::Error::other("planted"));
        }
        *self.watch.synced_by.lock() = std::thread::current().name().map(str::to_owned);
        self.file.sync_data()
    }
    fn size_bytes(&self) -> io::Result<u64> {
        self.file.size_bytes()
    }
}

impl Disk for Watched {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.create_dir_all(path)
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.file(self.disk.create(path)?))
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.file(self.disk.open(path)?))
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk.list(dir)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.hard_link(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_dir(path)
    }
}

struct Node {
    disk: Watched,
    store: Store,
    random: Arc<SeededRandom>,
    engine: Arc<Engine>,
}

impl Node {
    async fn start(disk: Watched, store: Store) -> Self {
        let random = Arc::new(SeededRandom::new(5));
        let mut config = EngineConfig::new(PathBuf::from("/node"));
        config.journal.segment_bytes = 256 << 10;
        config.background = false;
        let environment = Environment {
            store: store.clone(),
            disk: Arc::new(disk.clone()),
            clock: Arc::new(ManualClock::at(1_700_000_000_000_000_000)),
            random: random.clone(),
            master_key: None,
        };
        let engine = Engine::start(config, environment).await.unwrap();
        Self { disk, store, random, engine }
    }

    async fn new_volume(&self) -> (VolumeId, Arc<Volume>) {
        let id = VolumeId::generate(self.random.as_ref());
        let spec =
            VolumeSpec { limit_bytes: 1 << 30, limit_inodes: 100_000, settings: VolumeSettings::default() };
        self.engine.create_volume(id, spec).await.unwrap();
        (id, self.engine.volume(id).await.unwrap())
    }
}

async fn mkdir(volume: &Volume, name: String) -> Result<(), Error> {
    let pending = volume.mkdir(&Caller::root(), volume.root(), name.as_bytes(), SetAttr::default()).await?;
    pending.durable().await.map(drop)
}

/// Alone for long enough to be taken for alone.
async fn be_alone(volume: &Arc<Volume>) {
    for index in 0..20 {
        let volume = volume.clone();
        tokio::spawn(async move { mkdir(&volume, format!("alone-{index}")).await }).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_alone_commits_by_himself_and_loses_nothing() {
    let node = Node::start(Watched::default(), Store::memory()).await;
    let (id, volume) = node.new_volume().await;
    mkdir(&volume, "first".into()).await.unwrap();
    assert!(node.disk.is_by_the_journal());
    be_alone(&volume).await;
    assert!(!node.disk.is_by_the_journal());
    let many: Vec<_> = (0..64)
        .map(|index| {
            let volume = volume.clone();
            tokio::spawn(async move { mkdir(&volume, format!("many-{index}")).await })
        })
        .collect();
    for one in many {
        one.await.unwrap().unwrap();
    }
    let disk = Watched { disk: node.disk.disk.crash(node.random.as_ref()), ..Watched::default() };
    let node = Node::start(disk, node.store).await;
    let volume = node.engine.volume(id).await.unwrap();
    let names = ["first".to_owned()]
        .into_iter()
        .chain((0..20).map(|index| format!("alone-{index}")))
        .chain((0..64).map(|index| format!("many-{index}")));
    for name in names {
        let found = volume.lookup(&Caller::root(), volume.root(), name.as_bytes()).await;
        assert!(found.is_ok(), "{name}: {:?}", found.err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_fails_confirms_nothing_whoever_did_it() {
    let node = Node::start(Watched::default(), Store::memory()).await;
    let (_, volume) = node.new_volume().await;
    be_alone(&volume).await;
    node.disk.fails.store(true, Ordering::Relaxed);
    assert!(matches!(mkdir(&volume, "lost".into()).await, Err(Error::Io(_))));
    // A later sync may say yes though the pages are gone.
    node.disk.fails.store(false, Ordering::Relaxed);
    assert!(matches!(mkdir(&volume, "later".into()).await, Err(Error::Io(_))));
    // The journal's thread ends all the same.
    drop(volume);
    drop(node);
}
