//! A machine with its lives: the disk and the store that outlast the engine, and the engine of one life.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use holdfast_base::{Clock, SeededRandom, VolumeId};
use holdfast_engine::{
    Compression, Disk, Durability, Engine, EngineConfig, Environment, Error, Store, StoreOptions, Volume,
    VolumeSettings, VolumeSpec,
};
use object_store::memory::InMemory;

use crate::clock::SimClock;
use crate::dice::{Dice, mix};
use crate::disk::SimDisk;
use crate::history::Tracked;
use crate::model::Tree;
use crate::plan::LifePlan;
use crate::power::Power;
use crate::store::SimStore;
use crate::verdict::Verdict;
use crate::weather::Weather;

/// Sizes of a journal file: small, so that there are many.
const JOURNAL_SEGMENT_BYTES: [u64; 3] = [4 << 10, 16 << 10, 64 << 10];
/// Journal bytes past which operations wait, where checkpoints come by themselves.
const JOURNAL_HARD_MAX_BYTES: u64 = 4 << 20;
/// What nobody chose.
const SETTINGS: VolumeSettings =
    VolumeSettings { durability: Durability::Local, compression: Compression::Lz4 };
/// Limits of the volumes: plenty, and so little that operations meet them.
const SPECS: [VolumeSpec; 2] = [
    VolumeSpec { limit_bytes: 1 << 30, limit_inodes: 100_000, settings: SETTINGS },
    VolumeSpec { limit_bytes: 2 << 20, limit_inodes: 24, settings: SETTINGS },
];

/// What the write verifier must be after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verifier {
    /// Nothing was lost: the same.
    Same([u8; 8]),
    /// Unsynced data may have been lost: another one.
    Other([u8; 8]),
    /// Either.
    Any,
}

/// What outlasts the lives.
pub struct World {
    pub seed: u64,
    pub objects: Arc<InMemory>,
    pub disk: Option<SimDisk>,
    pub volumes: Vec<Rc<Tracked>>,
    pub verifier: Cell<Verifier>,
    pub time: Cell<Duration>,
    pub verdict: Verdict,
    /// The segments in the store when the last life began.
    pub segments_before: RefCell<BTreeSet<String>>,
}

/// The machine in one life.
pub struct Machine {
    pub power: Power,
    pub weather: Weather,
    pub disk: SimDisk,
    pub dice: Dice,
    pub clock: Arc<SimClock>,
    store: Store,
    random: Arc<SeededRandom>,
    background: bool,
    journal_segment_bytes: u64,
}

impl World {
    /// Switches the machine on, with what the last life left. Call it inside the life's runtime.
    pub fn boot(
        &mut self,
        plan: &LifePlan,
        life: u64,
        power: Power,
        disk: SimDisk,
        weather: Weather,
    ) -> Machine {
        let store = SimStore::new(self.objects.clone(), power.clone(), weather.clone());
        let random = Arc::new(SeededRandom::new(mix(self.seed ^ mix(life))));
        Machine {
            power,
            weather,
            disk,
            dice: Dice::new(self.seed, 1000 * life + 3),
            clock: Arc::new(SimClock::starting_at(self.time.get())),
            store: Store::new(Arc::new(store), None, StoreOptions::new(random.clone())),
            random,
            background: plan.background,
            journal_segment_bytes: *Dice::new(self.seed, 5).pick(&JOURNAL_SEGMENT_BYTES),
        }
    }
}

impl Machine {
    /// Starts an engine.
    pub async fn start(&self) -> Result<Arc<Engine>, Error> {
        let mut config = EngineConfig::new(PathBuf::from("/node"));
        config.journal.segment_bytes = self.journal_segment_bytes;
        if self.background {
            config.journal.hard_max_bytes = JOURNAL_HARD_MAX_BYTES;
        }
        config.background = self.background;
        let environment = Environment {
            store: self.store.clone(),
            disk: Arc::new(self.disk.clone()) as Arc<dyn Disk>,
            clock: self.clock.clone(),
            random: self.random.clone(),
            master_key: None,
        };
        Engine::start(config, environment).await
    }

    /// Makes the volumes; only in calm weather.
    pub async fn make_volumes(&self, engine: &Engine) -> Result<Vec<Rc<Tracked>>, Error> {
        let mut made = Vec::new();
        for spec in SPECS {
            let id = VolumeId::generate(self.random.as_ref());
            engine.create_volume(id, spec).await?;
            let volume = engine.volume(id).await?;
            let root = volume.getattr(volume.root()).await?;
            made.push(Rc::new(Tracked::new(id, Tree::new(root, spec.limit_bytes, spec.limit_inodes))));
        }
        Ok(made)
    }

    /// An open volume, after some tries.
    pub async fn open(&self, engine: &Engine, id: VolumeId) -> Result<Arc<Volume>, Error> {
        const TRIES: u64 = 5;
        let mut tries = 0;
        loop {
            match engine.volume(id).await {
                Err(Error::Unavailable(_)) if tries < TRIES => tries += 1,
                done => return done,
            }
            tokio::time::sleep(Duration::from_secs(tries)).await;
        }
    }

    /// Time since 1970.
    pub fn time(&self) -> Duration {
        self.clock.monotonic()
    }
}
