//! Compression of file data: less in the store, the same to readers, whatever is mixed.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod common;

use common::*;
use futures::TryStreamExt;
use holdfast_base::{Random, VolumeId};
use holdfast_engine::{Compression, FileId, Volume, VolumeSettings, VolumeSpec};
use object_store::ObjectStore;
use object_store::path::Path;

const ALL: [Compression; 3] = [Compression::None, Compression::Lz4, Compression::Zstd];

fn spec(compression: Compression) -> VolumeSpec {
    VolumeSpec { settings: VolumeSettings { compression, ..SETTINGS }, ..SPEC }
}

async fn volume(machine: &Machine, compression: Compression) -> VolumeId {
    let id = VolumeId::generate(machine.random.as_ref());
    machine.engine.create_volume(id, spec(compression)).await.unwrap();
    id
}

/// Log lines, which shrink well.
fn text(len: usize) -> Vec<u8> {
    let lines =
        (0..).flat_map(|line| format!("2026-11-24 request {line} took {} ms\n", line % 97).into_bytes());
    lines.take(len).collect()
}

/// Bytes of a volume's segments in the store.
async fn stored_bytes(machine: &Machine, id: VolumeId) -> u64 {
    machine.engine.checkpoint_all().await.unwrap();
    let prefix = Path::from(format!("volumes/{}/segments", id.0));
    let objects: Vec<_> = machine.store.objects().list(Some(&prefix)).try_collect().await.unwrap();
    objects.iter().map(|object| object.size).sum()
}

#[tokio::test]
async fn text_takes_less_room_and_noise_no_more() {
    const LEN: usize = 3 << 20;
    for sealed in [false, true] {
        let machine = if sealed { Machine::start_sealed(31).await } else { Machine::start(31).await };
        for compression in ALL {
            for (content, at_most) in [(text(LEN), LEN / 3), (machine.bytes(LEN).to_vec(), LEN + LEN / 100)] {
                let id = volume(&machine, compression).await;
                let v = machine.open(id).await;
                let bulk = make_file(&v, v.root(), "bulk").await;
                for (index, part) in content.chunks(1 << 20).enumerate() {
                    write(&v, bulk, (index << 20) as u64, part.to_vec()).await;
                }
                let stored = stored_bytes(&machine, id).await as usize;
                if compression != Compression::None {
                    assert!(stored <= at_most, "{compression:?}: {stored} of {LEN}");
                }
                assert!(stored <= LEN + LEN / 100);
                assert!(read_all(&v, bulk).await == content);
                assert_eq!(v.usage().used_bytes, LEN as u64, "what counts is the data, not what it takes");
            }
        }
    }
}

#[tokio::test]
async fn small_files_are_compressed_when_they_are_packed() {
    let machine = Machine::start(32).await;
    for (compression, at_most) in
        [(Compression::None, 450_000), (Compression::Lz4, 250_000), (Compression::Zstd, 250_000)]
    {
        let id = volume(&machine, compression).await;
        let v = machine.open(id).await;
        for index in 0..100 {
            let file = make_file(&v, v.root(), &format!("f{index}")).await;
            write(&v, file, 0, text(4096)).await;
        }
        let stored = stored_bytes(&machine, id).await;
        assert!(stored <= at_most, "{compression:?}: {stored}");
    }
}

/// Random reads and writes against a plain array, with the setting changed on the way.
#[tokio::test]
async fn parts_of_frames_are_read_and_overwritten_as_ever() {
    for sealed in [false, true] {
        let mut machine = if sealed { Machine::start_sealed(33).await } else { Machine::start(33).await };
        let id = volume(&machine, Compression::Lz4).await;
        let mut model = vec![0; 700_000];
        let file = {
            let v = machine.open(id).await;
            make_file(&v, v.root(), "f").await
        };
        for round in 0..60 {
            let v = machine.open(id).await;
            let settings = VolumeSettings { compression: ALL[round % 3], ..v.settings() };
            v.set_settings(settings).await.unwrap().durable().await.unwrap();
            let dice = |bound: usize| (machine.random.next_u64() % bound as u64) as usize;
            let len = 1 + dice(if dice(3) == 0 { 300_000 } else { 9_000 });
            let at = dice(model.len() - len);
            let data = if dice(2) == 0 { text(len) } else { machine.bytes(len).to_vec() };
            model[at..at + len].copy_from_slice(&data);
            write(&v, file, at as u64, data).await;
            check_parts(&machine, &v, file, &model).await;
            v.commit(file).await.unwrap();
            drop(v);
            match round % 10 {
                3 => machine.engine.checkpoint_all().await.unwrap(),
                6 => machine = machine.crash().await,
                9 => machine = machine.restart().await,
                _ => {}
            }
        }
    }
}

async fn check_parts(machine: &Machine, v: &Volume, file: FileId, model: &[u8]) {
    for _ in 0..8 {
        let len = 1 + (machine.random.next_u64() % 200_000) as usize;
        let at = (machine.random.next_u64() % (model.len() - len) as u64) as usize;
        let read = v.read(&root(), file, at as u64, len as u32).await.unwrap();
        let found: Vec<u8> = read.chunks.concat();
        assert!(found == model[at..at + found.len()], "{len} bytes at {at}");
    }
}
