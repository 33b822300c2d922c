//! A node over a memory disk and a memory store, which can lose power.

#![allow(dead_code, reason = "each test binary uses a part of this")]
#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::{ManualClock, Random, SeededRandom, VolumeId};
use holdfast_engine::{
    Caller, CreateMode, Disk, Engine, EngineConfig, Environment, FileId, MemoryDisk, SetAttr, Store, Volume,
    VolumeSpec,
};

/// A node whose machine can crash.
pub struct Machine {
    pub disk: MemoryDisk,
    pub store: Store,
    pub random: Arc<SeededRandom>,
    pub clock: Arc<ManualClock>,
    pub engine: Arc<Engine>,
}

pub const SPEC: VolumeSpec = VolumeSpec { limit_bytes: 1 << 30, limit_inodes: 100_000 };

impl Machine {
    pub async fn start(seed: u64) -> Self {
        let random = Arc::new(SeededRandom::new(seed));
        let clock = Arc::new(ManualClock::at(1_700_000_000_000_000_000));
        Self::boot(MemoryDisk::new(), Store::memory(), random, clock).await
    }

    pub async fn boot(
        disk: MemoryDisk,
        store: Store,
        random: Arc<SeededRandom>,
        clock: Arc<ManualClock>,
    ) -> Self {
        Self::boot_with(disk, store, random, clock, 256 << 10).await
    }

    /// A start with journal files of another size.
    pub async fn boot_with(
        disk: MemoryDisk,
        store: Store,
        random: Arc<SeededRandom>,
        clock: Arc<ManualClock>,
        journal_file_bytes: u64,
    ) -> Self {
        let mut config = EngineConfig::new(PathBuf::from("/node"));
        config.journal.segment_bytes = journal_file_bytes;
        config.background = false;
        let environment = Environment {
            store: store.clone(),
            disk: Arc::new(disk.clone()) as Arc<dyn Disk>,
            clock: clock.clone(),
            random: random.clone(),
        };
        let engine = Engine::start(config, environment).await.unwrap();
        Self { disk, store, random, clock, engine }
    }

    /// Power loss, then a start on what was on stable storage. The old engine goes on with its old disk like a
    /// process that does not know; its journal thread ends when it is dropped.
    pub async fn crash(self) -> Self {
        let disk = self.disk.crash(self.random.as_ref());
        Self::boot(disk, self.store, self.random, self.clock).await
    }

    /// An orderly end and a start with the same disk.
    pub async fn restart(self) -> Self {
        self.engine.shutdown().await.unwrap();
        drop(self.engine);
        Self::boot(self.disk, self.store, self.random, self.clock).await
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
