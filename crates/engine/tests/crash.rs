//! Power loss at random moments: what is there after it is a prefix of what was done, and holds everything that
//! was promised. One seed is one run; a failure names its seed.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::*;
use holdfast_base::{Random, SeededRandom, VolumeId};
use holdfast_engine::{Durability, Error, FileId, PutOwner, SetAttr, Store, Volume};

/// Names and contents of all files of a volume: they all lie in its root.
type Model = BTreeMap<String, Vec<u8>>;

/// A volume beside what it should be.
struct Tracked {
    id: VolumeId,
    /// The model after each operation since the last crash; the first is the state then.
    history: Vec<Model>,
    /// The last entry of `history` that was promised to survive.
    promised: usize,
}

struct Dice<'a>(&'a SeededRandom);

impl Dice<'_> {
    fn below(&self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    fn content(&self, max: u64) -> Vec<u8> {
        let mut bytes = vec![0; self.below(max) as usize];
        self.0.fill(&mut bytes);
        bytes
    }
}

impl Tracked {
    fn now(&self) -> Model {
        self.history.last().cloned().unwrap_or_default()
    }

    /// One random operation, applied to the volume and to the model.
    async fn step(&mut self, volume: &Arc<Volume>, dice: &Dice<'_>) {
        let name = format!("f{}", dice.below(12));
        let mut model = self.now();
        let durable = match dice.below(10) {
            0..=4 => self.write(volume, dice, &name, &mut model).await,
            5 => {
                let to = format!("f{}", dice.below(12));
                let (caller, dir) = (root(), volume.root());
                match volume.rename(&caller, dir, name.as_bytes(), dir, to.as_bytes()).await {
                    Ok(done) => {
                        if name != to {
                            let content = model.remove(&name).unwrap();
                            model.insert(to, content);
                        }
                        settle(done, dice).await
                    }
                    Err(Error::NotFound) => {
                        assert!(!model.contains_key(&name));
                        false
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            6 => match volume.remove(&root(), volume.root(), name.as_bytes()).await {
                Ok(done) => {
                    assert!(model.remove(&name).is_some());
                    settle(done, dice).await
                }
                Err(Error::NotFound) => {
                    assert!(!model.contains_key(&name));
                    false
                }
                Err(error) => panic!("{error}"),
            },
            7 => {
                let content = dice.content(200_000);
                let mut upload = volume.upload();
                upload.write(content.clone().into()).await.unwrap();
                let put = upload.finish(name.as_bytes(), PutOwner::default(), &|_| true).await.unwrap();
                model.insert(name, content);
                settle(put, dice).await
            }
            _ => self.truncate(volume, dice, &name, &mut model).await,
        };
        self.history.push(model);
        if durable {
            self.promised = self.history.len() - 1;
        }
    }

    async fn write(&self, volume: &Volume, dice: &Dice<'_>, name: &str, model: &mut Model) -> bool {
        let file = match volume.lookup(&root(), volume.root(), name.as_bytes()).await {
            Ok((attr, _)) => attr.id(),
            Err(Error::NotFound) => {
                assert!(!model.contains_key(name));
                model.insert(name.to_owned(), Vec::new());
                return settle_create(volume, name, dice).await;
            }
            Err(error) => panic!("{error}"),
        };
        let content = model.get_mut(name).unwrap();
        let offset = dice.below(content.len() as u64 + 5_000) as usize;
        let max = if dice.below(6) == 0 { 400_000 } else { 6_000 };
        let data = dice.content(max);
        let done = volume.write(&root(), file, offset as u64, data.clone().into()).await.unwrap();
        if !data.is_empty() {
            content.resize(content.len().max(offset + data.len()), 0);
            content[offset..offset + data.len()].copy_from_slice(&data);
        }
        settle(done, dice).await
    }

    async fn truncate(&self, volume: &Volume, dice: &Dice<'_>, name: &str, model: &mut Model) -> bool {
        let Some(content) = model.get_mut(name) else { return false };
        let file = volume.lookup(&root(), volume.root(), name.as_bytes()).await.unwrap().0.id();
        let size = dice.below(content.len() as u64 * 2 + 10);
        content.resize(size as usize, 0);
        let attributes = SetAttr { size: Some(size), ..SetAttr::default() };
        settle(volume.setattr(&root(), file, attributes, None).await.unwrap(), dice).await
    }

    /// After a crash: the volume is one of the states since the last promise.
    async fn check(&mut self, volume: &Volume, seed: u64) {
        let mut found = Model::new();
        for name in names(volume, volume.root()).await {
            let file = volume.lookup(&root(), volume.root(), name.as_bytes()).await.unwrap().0.id();
            found.insert(name, read_all(volume, file).await);
        }
        let states = &self.history[self.promised..];
        let matching = states.iter().rposition(|state| *state == found);
        assert!(matching.is_some(), "seed {seed}: not a state between the last promise and the crash");
        check_counters(volume, seed).await;
        self.history = vec![found];
        self.promised = 0;
    }
}

/// The counters agree with a recount.
async fn check_counters(volume: &Volume, seed: u64) {
    let usage = volume.usage();
    let listing = volume.list(&root(), volume.root(), 0, 4096, true).await.unwrap();
    let attrs: Vec<_> = listing.entries.iter().map(|entry| entry.attr.unwrap()).collect();
    assert_eq!(usage.used_inodes, 1 + attrs.len() as u64, "seed {seed}");
    assert_eq!(usage.used_bytes, attrs.iter().map(|attr| attr.used).sum::<u64>(), "seed {seed}");
}

async fn settle_create(volume: &Volume, name: &str, dice: &Dice<'_>) -> bool {
    let how = holdfast_engine::CreateMode::Guarded(SetAttr::default());
    settle(volume.create(&root(), volume.root(), name.as_bytes(), how).await.unwrap(), dice).await
}

/// Waits for durability, or not.
async fn settle<T>(pending: holdfast_engine::Pending<T>, dice: &Dice<'_>) -> bool {
    if dice.below(3) == 0 {
        pending.durable().await.unwrap();
        return true;
    }
    let _ = pending.unsynced();
    false
}

/// What can happen to a node.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    /// Power loss, or an orderly restart.
    Crash,
    /// These, or the loss of its disk.
    LoseDisk,
}

async fn run(seed: u64, class: Durability, fate: Fate, ship: bool) {
    let mut machine = Machine::start_parts(seed, Store::memory(), ship, OBJECT_WAIT).await;
    // Every other seed is a run over encrypted volumes.
    if seed.is_multiple_of(2) {
        machine = machine.sealed().await;
    }
    let random = SeededRandom::new(seed ^ 0x5eed);
    let dice = Dice(&random);
    let mut tracked = Vec::new();
    for _ in 0..2 {
        let id = machine.new_volume_of(class).await;
        tracked.push(Tracked { id, history: vec![Model::new()], promised: 0 });
    }
    for _ in 0..5 {
        for _ in 0..dice.below(50) {
            let which = dice.below(2) as usize;
            let volume = machine.open(tracked[which].id).await;
            tracked[which].step(&volume, &dice).await;
            if dice.below(15) == 0 {
                machine.engine.checkpoint_all().await.unwrap();
            }
            if ship && dice.below(10) == 0 {
                machine.engine.ship().await.unwrap();
            }
        }
        machine = match (dice.below(4), fate) {
            (0, _) => {
                promise_all(&mut tracked);
                machine.restart().await
            }
            (1 | 2, Fate::LoseDisk) => {
                if class != Durability::Object {
                    // The window is empty: all that was synced is shipped.
                    for volume in &tracked {
                        let open = machine.open(volume.id).await;
                        open.commit(open.root()).await.unwrap();
                    }
                    machine.engine.ship().await.unwrap();
                    promise_all(&mut tracked);
                    assert_eq!(machine.engine.unshipped().bytes, 0);
                }
                machine.lose_disk().await
            }
            _ => machine.crash().await,
        };
        for volume in &mut tracked {
            let open = machine.open(volume.id).await;
            volume.check(&open, seed).await;
        }
    }
}

fn promise_all(tracked: &mut [Tracked]) {
    for volume in tracked {
        volume.promised = volume.history.len() - 1;
    }
}

/// The seeds to run: as many as the test wants, or the one that the environment names.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let first = std::env::var("HOLDFAST_SEED").ok().and_then(|seed| seed.parse().ok());
    first.map_or(1..1 + count, |seed| seed..seed + 1)
}

#[tokio::test]
async fn a_crash_keeps_every_promise_and_leaves_a_prefix() {
    for seed in seeds(60) {
        run(seed, Durability::Local, Fate::Crash, false).await;
    }
}

#[tokio::test]
async fn a_crash_keeps_what_a_relaxed_volume_was_told_is_synced() {
    for seed in seeds(20) {
        run(seed, Durability::Relaxed, Fate::Crash, seed % 2 == 0).await;
    }
}

#[tokio::test]
async fn a_lost_disk_costs_nothing_that_the_store_was_promised_to_hold() {
    for seed in seeds(40) {
        run(seed, Durability::Object, Fate::LoseDisk, seed % 2 == 0).await;
    }
}

#[tokio::test]
async fn a_lost_disk_costs_no_more_than_was_not_shipped() {
    for seed in seeds(40) {
        run(seed, Durability::Local, Fate::LoseDisk, true).await;
    }
}

#[tokio::test]
async fn handles_and_inode_numbers_are_never_reused() {
    let mut machine = Machine::start(77).await;
    let id = machine.new_volume().await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..4 {
        let volume = machine.open(id).await;
        for index in 0..5 {
            let file: FileId = make_file(&volume, volume.root(), &format!("f{index}")).await;
            assert!(seen.insert(file), "{file:?} was given out before");
            volume
                .remove(&root(), volume.root(), format!("f{index}").as_bytes())
                .await
                .unwrap()
                .durable()
                .await
                .unwrap();
        }
        for file in &seen {
            assert!(matches!(volume.getattr(*file).await, Err(Error::Stale)));
        }
        drop(volume);
        machine = machine.crash().await;
    }
}

#[tokio::test]
async fn the_verifier_changes_with_crashes_only() {
    let machine = Machine::start(78).await;
    let first = machine.engine.write_verifier();
    let machine = machine.restart().await;
    assert_eq!(machine.engine.write_verifier(), first);
    let machine = machine.crash().await;
    assert_ne!(machine.engine.write_verifier(), first);
}
