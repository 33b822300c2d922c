//! Measures what compression and encryption cost the engine, without a network in between.
//!
//!   cargo run --release -p holdfast-engine --example at_rest_cost [DIRECTORY] [MIB]
//!
//! Each combination of setting and content gets a volume on a node of its own in DIRECTORY (default: the current one),
//! writes and reads MIB (default 256) in calls of 1 MiB, and then creates, writes and commits files of 4 KiB one after
//! another. Printed are MiB/s, microseconds for one such file, and the bytes in segments for a byte written.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example ends where something fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use holdfast_base::{OsRandom, Random, SystemClock, VolumeId};
use holdfast_engine::{
    Caller, Compression, CreateMode, Engine, EngineConfig, Environment, FileId, KeyWrapper, MasterKey,
    RealDisk, SetAttr, Store, StoreOptions, Volume, VolumeSettings, VolumeSpec,
};

const MIB: usize = 1 << 20;
const FILES: usize = 500;

struct Case {
    sealed: bool,
    compression: Compression,
    text: bool,
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().unwrap_or_else(|| ".".to_owned()));
    let mib = args.next().map_or(256, |mib| mib.parse().unwrap());
    println!(
        "| encrypted | compression | content | write MiB/s | read MiB/s | 4 KiB file us | stored/written |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for text in [false, true] {
        for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
            for sealed in [false, true] {
                measure(&dir, mib, &Case { sealed, compression, text }).await;
            }
        }
    }
}

async fn measure(dir: &Path, mib: usize, case: &Case) {
    let home = dir.join(format!("at-rest-{}", std::process::id()));
    let options = StoreOptions::new(Arc::new(OsRandom));
    let store = Store::open(&format!("file://{}", home.join("store").display()), &[], options).unwrap();
    let master_key: Option<Arc<dyn KeyWrapper>> =
        if case.sealed { Some(Arc::new(MasterKey::new(&[7; 32]))) } else { None };
    let environment = Environment {
        store,
        disk: Arc::new(RealDisk),
        clock: Arc::new(SystemClock::default()),
        random: Arc::new(OsRandom),
        master_key,
    };
    let engine = Engine::start(EngineConfig::new(home.join("node")), environment).await.unwrap();
    let id = VolumeId::generate(&OsRandom);
    let settings = VolumeSettings { compression: case.compression, ..VolumeSettings::default() };
    let spec = VolumeSpec { limit_bytes: 1 << 40, limit_inodes: 1 << 20, settings };
    engine.create_volume(id, spec).await.unwrap();
    let volume = engine.volume(id).await.unwrap();
    let (write, read) = stream(&volume, mib, &content(case.text)).await;
    let small = small_files(&volume, content(case.text).slice(..4096)).await;
    drop(volume);
    engine.shutdown().await.unwrap();
    let stored = size_of(&home.join("store/volumes").join(id.0.to_string()).join("segments"));
    let written = mib * MIB + FILES * 4096;
    println!(
        "| {} | {:?} | {} | {write:.0} | {read:.0} | {small:.0} | {:.3} |",
        if case.sealed { "yes" } else { "no" },
        case.compression,
        if case.text { "text" } else { "noise" },
        stored as f64 / written as f64,
    );
    std::fs::remove_dir_all(home).unwrap();
}

/// A MiB of log lines, or of noise.
fn content(text: bool) -> Bytes {
    if text {
        let lines = (0..).flat_map(|line: u64| {
            format!("2026-11-24T10:{:02} request {line} took {} us\n", line % 60, line * 7919 % 9973)
                .into_bytes()
        });
        return lines.take(MIB).collect();
    }
    let mut noise = vec![0; MIB];
    OsRandom.fill(&mut noise);
    noise.into()
}

async fn create(volume: &Volume, name: &str) -> FileId {
    let how = CreateMode::Guarded(SetAttr::default());
    let made = volume.create(&Caller::root(), volume.root(), name.as_bytes(), how).await.unwrap();
    made.durable().await.unwrap().attr.id()
}

async fn stream(volume: &Volume, mib: usize, content: &Bytes) -> (f64, f64) {
    let file = create(volume, "stream").await;
    let begin = Instant::now();
    for index in 0..mib {
        let at = (index * MIB) as u64;
        let _ = volume.write(&Caller::root(), file, at, content.clone()).await.unwrap().unsynced();
    }
    volume.commit(file).await.unwrap();
    let write = mib as f64 / begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    for index in 0..mib {
        let read = volume.read(&Caller::root(), file, (index * MIB) as u64, MIB as u32).await.unwrap();
        assert_eq!(read.len as usize, MIB);
    }
    (write, mib as f64 / begin.elapsed().as_secs_f64())
}

async fn small_files(volume: &Volume, content: Bytes) -> f64 {
    let begin = Instant::now();
    for index in 0..FILES {
        let file = create(volume, &format!("small{index}")).await;
        let _ = volume.write(&Caller::root(), file, 0, content.clone()).await.unwrap().unsynced();
        volume.commit(file).await.unwrap();
    }
    begin.elapsed().as_secs_f64() * 1e6 / FILES as f64
}

fn size_of(dir: &Path) -> u64 {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}
