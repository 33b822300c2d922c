//! A node over a memory disk and a memory store, which can lose power.

#![allow(dead_code, reason = "each test binary uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use holdfast_base::{ManualClock, Random, SeededRandom, VolumeId};
use holdfast_engine::{
    Caller, Compression, CreateMode, Disk, Durability, Engine, EngineConfig, Environment, FileId, KeyWrapper,
    MasterKey, MemoryDisk, SetAttr, Store, Volume, VolumeSettings, VolumeSpec,
};

/// A node whose machine can crash.
pub struct Machine {
    pub disk: MemoryDisk,
    pub store: Store,
    pub random: Arc<SeededRandom>,
    pub clock: Arc<ManualClock>,
    pub engine: Arc<Engine>,
    pub master_key: Option<Arc<dyn KeyWrapper>>,
    ship: bool,
    journal_file_bytes: u64,
}

/// How a node is started, beside what it is started on.
pub struct Options {
    pub journal_file_bytes: u64,
    pub master_key: Option<Arc<dyn KeyWrapper>>,
}

impl Default for Options {
    fn default() -> Self {
        Self { journal_file_bytes: 256 << 10, master_key: None }
    }
}

/// What a node is started with.
pub struct Parts {
    pub disk: MemoryDisk,
    pub store: Store,
    pub random: Arc<SeededRandom>,
    pub clock: Arc<ManualClock>,
    /// Whether the journal of every volume is shipped.
    pub ship: bool,
    pub journal_file_bytes: u64,
    /// How long an answer of class `object` waits for the store.
    pub object_wait: Duration,
    /// Encrypts new volumes.
    pub master_key: Option<Arc<dyn KeyWrapper>>,
}

pub const OBJECT_WAIT: Duration = Duration::from_secs(15);

/// What a volume gets for which nothing else was asked.
pub const SETTINGS: VolumeSettings =
    VolumeSettings { durability: Durability::Local, compression: Compression::Lz4 };
pub const SPEC: VolumeSpec = VolumeSpec { limit_bytes: 1 << 30, limit_inodes: 100_000, settings: SETTINGS };

impl Machine {
    pub async fn start(seed: u64) -> Self {
        let random = Arc::new(SeededRandom::new(seed));
        let clock = Arc::new(ManualClock::at(1_700_000_000_000_000_000));
        Self::boot(MemoryDisk::new(), Store::memory(), random, clock).await
    }

    /// A node that ships every volume's journal.
    pub async fn start_shipping(seed: u64) -> Self {
        Self::start_parts(seed, Store::memory(), true, OBJECT_WAIT).await
    }

    /// A node over a store of the test's own.
    pub async fn start_parts(seed: u64, store: Store, ship: bool, object_wait: Duration) -> Self {
        let random = Arc::new(SeededRandom::new(seed));
        let clock = Arc::new(ManualClock::at(1_700_000_000_000_000_000));
        let (disk, journal_file_bytes) = (MemoryDisk::new(), 256 << 10);
        let master_key = None;
        let parts = Parts { disk, store, random, clock, ship, journal_file_bytes, object_wait, master_key };
        Self::boot_parts(parts).await.unwrap()
    }

    /// The same as [`Machine::start`] with a master key: every volume is encrypted.
    pub async fn start_sealed(seed: u64) -> Self {
        Self::start(seed).await.sealed().await
    }

    /// The same node started again with a master key.
    pub async fn sealed(mut self) -> Self {
        self.master_key = Some(Arc::new(MasterKey::new(&[0x5a; 32])));
        self.restart().await
    }

    pub async fn boot(
        disk: MemoryDisk,
        store: Store,
        random: Arc<SeededRandom>,
        clock: Arc<ManualClock>,
    ) -> Self {
        Self::boot_with(disk, store, random, clock, Options::default()).await
    }

    /// A start with other options.
    pub async fn boot_with(
        disk: MemoryDisk,
        store: Store,
        random: Arc<SeededRandom>,
        clock: Arc<ManualClock>,
        options: Options,
    ) -> Self {
        let Options { journal_file_bytes, master_key } = options;
        let (ship, object_wait) = (false, OBJECT_WAIT);
        let parts = Parts { disk, store, random, clock, ship, journal_file_bytes, object_wait, master_key };
        Self::boot_parts(parts).await.unwrap()
    }

    /// A start with everything chosen.
    pub async fn boot_parts(parts: Parts) -> holdfast_engine::Result<Self> {
        let Parts { disk, store, random, clock, ship, journal_file_bytes, object_wait, master_key } = parts;
        let mut config = EngineConfig::new(PathBuf::from("/node"));
        config.journal.segment_bytes = journal_file_bytes;
        config.background = false;
        config.ship = ship;
        config.object_wait = object_wait;
        let environment = Environment {
            store: store.clone(),
            disk: Arc::new(disk.clone()) as Arc<dyn Disk>,
            clock: clock.clone(),
            random: random.clone(),
            master_key: master_key.clone(),
        };
        let engine = Engine::start(config, environment).await?;
        Ok(Self { disk, store, random, clock, engine, master_key, ship, journal_file_bytes })
    }

    /// The same node on another disk.
    pub async fn on(self, disk: MemoryDisk) -> Self {
        let Self { store, random, clock, ship, journal_file_bytes, master_key, .. } = self;
        let object_wait = OBJECT_WAIT;
        let parts = Parts { disk, store, random, clock, ship, journal_file_bytes, object_wait, master_key };
        Self::boot_parts(parts).await.unwrap()
    }

    /// The end of the process, then a start on what the kernel had.
    pub async fn kill(self) -> Self {
        let disk = self.disk.kill();
        self.on(disk).await
    }

    /// The loss of the node's disk, then a start on the store alone.
    pub async fn lose_disk(self) -> Self {
        self.on(MemoryDisk::new()).await
    }

    /// A new volume of a durability class.
    pub async fn new_volume_of(&self, durability: Durability) -> VolumeId {
        let id = VolumeId::generate(self.random.as_ref());
        let settings = VolumeSettings { durability, ..SETTINGS };
        self.engine.create_volume(id, VolumeSpec { settings, ..SPEC }).await.unwrap();
        id
    }

    /// Names of the shipping objects in the store.
    pub async fn shipped(&self) -> Vec<String> {
        let prefix = object_store::path::Path::from("node/journal");
        let listed = self.store.objects().list_with_delimiter(Some(&prefix)).await.unwrap();
        listed.objects.iter().filter_map(|object| object.location.filename().map(str::to_owned)).collect()
    }

    /// Power loss, then a start on what was on stable storage. The old engine goes on with its old disk like a
    /// process that does not know; its journal thread ends when it is dropped.
    pub async fn crash(self) -> Self {
        let disk = self.disk.crash(self.random.as_ref());
        self.on(disk).await
    }

    /// An orderly end and a start with the same disk.
    pub async fn restart(self) -> Self {
        self.engine.shutdown().await.unwrap();
        let disk = self.disk.clone();
        self.on(disk).await
    }

    pub async fn new_volume(&self) -> VolumeId {
        let id = VolumeId::generate(self.random.as_ref());
        self.engine.create_volume(id, SPEC).await.unwrap();
        id
    }

    pub async fn open(&self, id: VolumeId) -> Arc<Volume> {
        self.engine.volume(id).await.unwrap()
    }

    pub fn bytes(&self, len: usize) -> Bytes {
        let mut bytes = vec![0; len];
        self.random.fill(&mut bytes);
        bytes.into()
    }
}

/// Every file of a disk, with its path.
pub fn disk_files(disk: &MemoryDisk) -> Vec<(String, Vec<u8>)> {
    let (mut found, mut left) = (Vec::new(), vec![PathBuf::from("/")]);
    while let Some(dir) = left.pop() {
        for name in disk.list(&dir).unwrap() {
            let path = dir.join(name);
            match disk.open(&path) {
                Ok(file) => {
                    let bytes = file.read_vec_at(file.size_bytes().unwrap() as usize, 0).unwrap();
                    found.push((path.to_str().unwrap().to_owned(), bytes));
                }
                Err(_) => left.push(path),
            }
        }
    }
    found
}

pub fn root() -> Caller {
    Caller::root()
}

pub async fn make_file(volume: &Volume, dir: FileId, name: &str) -> FileId {
    let how = CreateMode::Guarded(SetAttr { mode: Some(0o644), ..SetAttr::default() });
    let made = volume.create(&root(), dir, name.as_bytes(), how).await.unwrap();
    made.durable().await.unwrap().attr.id()
}

pub async fn write(volume: &Volume, file: FileId, offset: u64, data: impl Into<Bytes>) {
    let _ = volume.write(&root(), file, offset, data.into()).await.unwrap().unsynced();
}

pub async fn read_all(volume: &Volume, file: FileId) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let part = volume.read(&root(), file, all.len() as u64, 1 << 20).await.unwrap();
        part.chunks.iter().for_each(|chunk| all.extend_from_slice(chunk));
        if part.eof {
            return all;
        }
        assert!(part.len > 0, "no progress before the end");
    }
}

pub async fn names(volume: &Volume, dir: FileId) -> Vec<String> {
    let (mut names, mut after) = (Vec::new(), 0);
    loop {
        let part = volume.list(&root(), dir, after, 7, false).await.unwrap();
        names.extend(part.entries.iter().map(|e| String::from_utf8(e.name.to_vec()).unwrap()));
        match part.entries.last() {
            Some(last) => after = last.cookie,
            None => assert!(part.end),
        }
        if part.end {
            names.sort();
            return names;
        }
    }
}
