//! A whole engine over a store: files are written, the node ends in order, and another one with an empty disk finds
//! everything in the store.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::{ManualClock, Random, SeededRandom, VolumeId};
use holdfast_engine::{Engine, EngineConfig, Environment, RealDisk, Store};
use object_store::path::Path;

use crate::common::{SPEC, make_file, names, read_all, write};

/// A node on an empty folder of the real disk: a store in a directory takes its objects from there.
async fn boot(folder: &tempfile::TempDir, store: &Store, random: &Arc<SeededRandom>) -> Arc<Engine> {
    let mut config = EngineConfig::new(folder.path().to_owned());
    config.background = false;
    let environment = Environment {
        store: store.clone(),
        disk: Arc::new(RealDisk),
        clock: Arc::new(ManualClock::at(1_700_000_000_000_000_000)),
        random: random.clone(),
        master_key: None,
    };
    Engine::start(config, environment).await.unwrap()
}

/// Runs it; the store must be empty, and is afterwards but for what belongs to the node.
pub async fn keeps_everything(store: &Store, seed: u64) {
    let random = Arc::new(SeededRandom::new(seed));
    let folder = tempfile::tempdir().unwrap();
    let engine = boot(&folder, store, &random).await;
    let id = VolumeId::generate(random.as_ref());
    engine.create_volume(id, SPEC).await.unwrap();
    let volume = engine.volume(id).await.unwrap();
    let mut large = vec![0; 9 << 20];
    random.fill(&mut large);
    let large = Bytes::from(large);
    let mut small = Vec::new();
    for round in 0..4 {
        for index in 0..20 {
            let name = format!("file-{round}-{index}");
            let file = make_file(&volume, volume.root(), &name).await;
            write(&volume, file, 0, name.clone().into_bytes()).await;
            small.push((file, name));
        }
        engine.checkpoint_all().await.unwrap();
    }
    let bulk = make_file(&volume, volume.root(), "large").await;
    for (index, piece) in large.chunks(1 << 20).enumerate() {
        write(&volume, bulk, (index as u64) << 20, large.slice_ref(piece)).await;
    }
    drop(volume);
    engine.shutdown().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let engine = boot(&folder, store, &random).await;
    let volume = engine.volume(id).await.unwrap();
    assert_eq!(names(&volume, volume.root()).await.len(), small.len() + 1);
    for (file, name) in &small {
        assert_eq!(read_all(&volume, *file).await, name.as_bytes());
    }
    assert!(read_all(&volume, bulk).await == large);
    drop(volume);
    engine.delete_volume(id).await.unwrap();
    engine.shutdown().await.unwrap();
    assert_eq!(store.delete_all(&Path::from("volumes")).await.unwrap(), 0);
}
