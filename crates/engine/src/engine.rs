//! The node: its journal and its open volumes.

mod collect;
mod delete;
mod forks;
mod restore;
mod snapshots;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use holdfast_base::{Clock, Random, VolumeId, limits};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::cache::{CacheConfig, Caches};
use crate::damaged::Damaged;
use crate::disk::{Disk, blocking};
use crate::error::{Error, Result};
use crate::index::IndexCache;
use crate::journal::{Journal, JournalConfig, Lag, Recovered, VolumeRecords, recover};
use crate::keys::KeyWrapper;
use crate::node_state::NodeState;
use crate::segments::KeptSegments;
use crate::ship::{Shipping, ShippingConfig, rebuild};
use crate::store::Store;
use crate::store_id::handle_key;
use crate::types::VolumeSpec;
use crate::volume::{self, Volume, VolumeEnv};
pub use collect::Collected;
pub(crate) use delete::id_in;

/// Where a node keeps what, and how much memory it may use.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The node's own directory.
    pub data_dir: PathBuf,
    /// The journal.
    pub journal: JournalConfig,
    /// Memory for caches.
    pub caches: CacheConfig,
    /// Whether checkpoints, closing of idle volumes and the like run by themselves. Tests say no.
    pub background: bool,
    /// Whether the journal of every volume is shipped to the store; that of volumes of class `object` always is.
    pub ship: bool,
    /// How often it is, where nobody waits for it.
    pub ship_every: Duration,
    /// How long an answer of class `object` waits for the store.
    pub object_wait: Duration,
}

impl EngineConfig {
    /// The defaults in `data_dir`: the journal in `journal`, segment files in `spool`.
    pub fn new(data_dir: PathBuf) -> Self {
        let journal = JournalConfig::new(data_dir.join("journal"));
        let ship_every = Duration::from_millis(limits::SHIP_EVERY_MS);
        let object_wait = Duration::from_secs(limits::OBJECT_WAIT_SECONDS);
        let caches = CacheConfig::default();
        Self { data_dir, journal, caches, background: true, ship: false, ship_every, object_wait }
    }
}

/// What a node takes from outside: tests put their own here.
#[derive(Clone)]
pub struct Environment {
    /// The object store.
    pub store: Store,
    /// The local disk.
    pub disk: Arc<dyn Disk>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, also for secrets.
    pub random: Arc<dyn Random>,
    /// Wraps the data keys of volumes. Without one, new volumes are not encrypted and encrypted ones stay locked.
    pub master_key: Option<Arc<dyn KeyWrapper>>,
}

/// A place for one open volume. Opening and closing hold `turn`, so that they never overlap.
#[derive(Default)]
pub(crate) struct Slot {
    pub turn: tokio::sync::Mutex<()>,
    pub volume: Mutex<Option<Arc<Volume>>>,
}

/// A node. All methods may be called from anywhere at any time.
pub struct Engine {
    pub(crate) env: VolumeEnv,
    state: NodeState,
    handle_key: [u8; 32],
    pub(crate) slots: Mutex<BTreeMap<VolumeId, Arc<Slot>>>,
    /// Records found at the start whose volumes were not opened yet.
    recovered: Mutex<Recovered>,
    /// Volumes whose keys could not be opened when they were last asked for.
    locked: Mutex<BTreeSet<VolumeId>>,
    openings: AtomicU64,
    background: Mutex<Vec<JoinHandle<()>>>,
    /// Snapshots that are open for reading.
    views: Mutex<BTreeMap<(VolumeId, Uuid), Arc<Slot>>>,
    /// One lock for each family of volumes: snapshots, forks, restores, deletions and collections take turns.
    families: Mutex<BTreeMap<VolumeId, Arc<tokio::sync::Mutex<()>>>>,
    /// Families to be collected.
    garbage: Mutex<BTreeSet<VolumeId>>,
}

impl Engine {
    /// Starts a node: reads the journal, and opens in the background what has records in it.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Unavailable`] if disk or store do not work, [`Error::NotSupported`] if the store cannot
    /// create conditionally. A damaged journal is no error: it stops the volumes whose records it lost.
    pub async fn start(config: EngineConfig, environment: Environment) -> Result<Arc<Self>> {
        let Environment { store, disk, clock, random, master_key } = environment;
        store.check().await?;
        // Before anything of the store is used or changed: it may be another node's.
        let handle_key = handle_key(&disk, &config.data_dir, &store, random.as_ref()).await?;
        let shipped = rebuild::list(&store).await?;
        let recovered = recover_or_rebuild(&config, &store, &disk, &shipped).await?;
        let (journal, recovered, state) = {
            let (config, random, owned) = (config.clone(), random.clone(), disk.clone());
            let clock = clock.clone();
            blocking(disk.as_ref(), move || {
                let disk = owned;
                let state = NodeState::begin(disk.clone(), &config.data_dir, random.as_ref())?;
                let journal = Journal::start(disk, &config.journal, &recovered, clock)?;
                Ok((journal, recovered, state))
            })
            .await?
        };
        let index_cache = IndexCache::new(config.caches.index_bytes, clock.clone());
        let journal = Arc::new(journal);
        let shipping = Arc::new(Shipping::new(
            ShippingConfig { all: config.ship, wait: config.object_wait },
            store.clone(),
            disk.clone(),
            clock.clone(),
            journal.clone(),
            shipped,
            recovered.last_of_each(),
        ));
        let damaged = Damaged::new(disk.clone(), config.data_dir.join("damaged"));
        if let Some(damage) = recovered.damage() {
            tracing::error!("{damage}");
        }
        let env = VolumeEnv {
            damaged: Arc::new(damaged),
            store,
            disk,
            clock,
            random,
            journal,
            shipping,
            caches: Arc::new(Caches::new(config.caches)),
            index_cache,
            master_key,
            kept: Arc::new(KeptSegments::new(limits::KEPT_SEGMENTS_MAX)),
            dirty: Arc::default(),
            bulk_room: Arc::new(Semaphore::new(limits::BULK_STEPS_MAX)),
            spool_dir: config.data_dir.join("spool"),
            due: Arc::new(Notify::new()),
        };
        let engine = Arc::new(Self {
            env,
            state,
            handle_key,
            slots: Mutex::default(),
            recovered: Mutex::new(recovered),
            locked: Mutex::default(),
            openings: AtomicU64::new(0),
            background: Mutex::default(),
            views: Mutex::default(),
            families: Mutex::default(),
            garbage: Mutex::default(),
        });
        if config.background {
            let tasks = [
                tokio::spawn(engine.clone().open_recovered()),
                tokio::spawn(engine.clone().keep_checkpointing()),
                tokio::spawn(watch_store(engine.env.store.clone())),
                tokio::spawn(engine.clone().keep_shipping(config.ship_every)),
                tokio::spawn(engine.clone().keep_collecting()),
            ];
            engine.background.lock().extend(tasks);
        }
        Ok(engine)
    }

    /// Makes an empty volume whose root any user may write to. One that exists is left as it is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not work; [`Error::Exists`] if the volume was deleted and its forks
    /// live on.
    pub async fn create_volume(&self, id: VolumeId, spec: VolumeSpec) -> Result<()> {
        let _family = self.family_lock(id).lock_owned().await;
        let slot = self.slot(id);
        let _turn = slot.turn.lock().await;
        if slot.volume.lock().is_some() {
            return Ok(());
        }
        if delete::read_tombstone(&self.env.store, id).await?.is_some() {
            return Err(Error::Exists);
        }
        let before = self.env.journal.next_lsn() - 1;
        volume::create(&self.env, id, self.next_opening(), spec, before).await
    }

    /// An open volume; opens it if needed.
    ///
    /// # Errors
    /// [`Error::NoSuchVolume`]; [`Error::Locked`]; [`Error::Corrupt`]; [`Error::Unavailable`].
    pub async fn volume(&self, id: VolumeId) -> Result<Arc<Volume>> {
        let slot = self.slot(id);
        if let Some(volume) = slot.volume.lock().clone() {
            return Ok(volume);
        }
        let _turn = slot.turn.lock().await;
        self.open_in(id, &slot).await
    }

    /// The volume in its place, opened if needed; the caller has the place's turn.
    async fn open_in(&self, id: VolumeId, slot: &Slot) -> Result<Arc<Volume>> {
        if let Some(volume) = slot.volume.lock().clone() {
            return Ok(volume);
        }
        let records = self.read_records(id).await?;
        let opened = volume::open(&self.env, id, self.next_opening(), records).await;
        if let Err(Error::NoSuchVolume) = opened {
            self.slots.lock().remove(&id);
        }
        self.note_locked(id, opened.as_ref().err());
        if opened.is_err() && self.env.damaged.holds(id).await? {
            // Its records lie elsewhere: the journal must not keep them, nor the end wait for them.
            self.recovered.lock().take(id);
            self.env.journal.release(id, u64::MAX);
        }
        let volume = opened?;
        // The records are in the volume's memory now, and in its hands.
        self.recovered.lock().take(id);
        *slot.volume.lock() = Some(volume.clone());
        metrics::gauge!("holdfast_open_volumes").increment(1);
        Ok(volume)
    }

    /// The write verifier of RFC 1813 section 3.3.7: changes when unsynced data may have been lost, and only then.
    pub fn write_verifier(&self) -> [u8; 8] {
        self.state.verifier()
    }

    /// The secret that authenticates file handles. It lies in the store, so that handles outlive nodes.
    pub fn handle_key(&self) -> [u8; 32] {
        self.handle_key
    }

    /// Why the node is not at its best, if it is not.
    pub fn is_degraded(&self) -> Option<String> {
        if let Err(error) = self.env.journal.health() {
            return Some(error.to_string());
        }
        if let Some(trouble) = self.env.store.trouble() {
            return Some(trouble);
        }
        if self.env.shipping.is_failing() {
            let age = self.unshipped().age.as_secs();
            return Some(format!("the journal cannot be shipped to the object store; it is {age} s behind"));
        }
        let volumes = self.open_volumes();
        let failing = volumes.iter().filter(|volume| volume.is_degraded()).count();
        (failing > 0).then(|| format!("{failing} filesystems cannot be written to the object store"))
    }

    /// Puts everything into the store and closes: afterwards the store alone is enough.
    ///
    /// # Errors
    /// The first error of a volume that could not be closed; its changes are still in the journal.
    pub async fn shutdown(&self) -> Result<()> {
        for task in self.background.lock().drain(..) {
            task.abort();
        }
        let pending: Vec<_> = self.recovered.lock().volumes().collect();
        let mut result = Ok(());
        for id in pending {
            match self.volume(id).await {
                Ok(_) => {}
                Err(Error::NoSuchVolume) => self.env.journal.release(id, u64::MAX),
                Err(error) => result = result.and(Err(error)),
            }
        }
        self.close_all_views().await;
        let slots = std::mem::take(&mut *self.slots.lock());
        for (id, slot) in slots {
            let _turn = slot.turn.lock().await;
            let volume = slot.volume.lock().take();
            if let Some(volume) = volume
                && let Err(error) = volume.close().await
            {
                tracing::error!(volume = %id, %error, "a volume did not close; its changes stay in the journal");
                result = result.and(Err(error));
            }
        }
        // Whatever was shipped is in the indexes now. An object that stays is deleted by the next run.
        if result.is_ok()
            && let Err(error) = self.env.shipping.run().await
        {
            tracing::warn!(%error, "shipped parts of the journal are left in the store");
        }
        if result.is_ok() {
            self.state.end()?;
        }
        result
    }

    /// How far the object store is behind the journal.
    pub fn unshipped(&self) -> Lag {
        self.env.shipping.lag()
    }

    /// Ships what the journal has synced, and deletes what nobody needs any more; for tests that run without the
    /// background.
    pub async fn ship(&self) -> Result<()> {
        self.env.shipping.run().await
    }

    /// Runs every checkpoint that is due; for tests that run without the background.
    pub async fn checkpoint_all(&self) -> Result<()> {
        for volume in self.open_volumes() {
            volume.checkpoint().await?;
        }
        Ok(())
    }

    /// Keeps count of the volumes that are locked, and says so once for each.
    fn note_locked(&self, id: VolumeId, error: Option<&Error>) {
        let mut locked = self.locked.lock();
        match error {
            Some(error @ Error::Locked(_)) => {
                if locked.insert(id) {
                    tracing::error!(volume = %id, %error, "a volume stays closed");
                }
            }
            _ => drop(locked.remove(&id)),
        }
        metrics::gauge!("holdfast_locked_volumes").set(locked.len() as f64);
    }

    /// The node's object store.
    pub(crate) fn store(&self) -> &Store {
        &self.env.store
    }

    fn slot(&self, id: VolumeId) -> Arc<Slot> {
        self.slots.lock().entry(id).or_default().clone()
    }

    fn next_opening(&self) -> u64 {
        self.openings.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn open_volumes(&self) -> Vec<Arc<Volume>> {
        let slots = self.slots.lock();
        slots.values().filter_map(|slot| slot.volume.lock().clone()).collect()
    }

    async fn read_records(&self, id: VolumeId) -> Result<VolumeRecords> {
        let reader = self.recovered.lock().reader(id);
        blocking(self.env.disk.as_ref(), move || reader.read()).await
    }

    /// Opens what has records in the journal, so that it can be cut.
    async fn open_recovered(self: Arc<Self>) {
        let pending: Vec<_> = self.recovered.lock().volumes().collect();
        for id in pending {
            match self.volume(id).await {
                Ok(_) => {}
                Err(Error::NoSuchVolume) => {
                    // Deleted, and the crash came before the journal knew.
                    self.recovered.lock().take(id);
                    self.env.journal.release(id, u64::MAX);
                }
                Err(error) => {
                    tracing::error!(volume = %id, %error, "a volume with records in the journal did not open");
                }
            }
        }
    }
}

/// Looks after a store that does not answer, so that it is found again without anybody's need.
async fn watch_store(store: Store) {
    const LOOK: Duration = Duration::from_secs(1);
    loop {
        tokio::time::sleep(LOOK).await;
        store.probe_if_down().await;
    }
}

/// What the node's journal holds. Without any journal, it is made again from what was shipped.
async fn recover_or_rebuild(
    config: &EngineConfig,
    store: &Store,
    disk: &Arc<dyn Disk>,
    shipped: &[object_store::path::Path],
) -> Result<Recovered> {
    let look = || {
        let (config, owned) = (config.clone(), disk.clone());
        blocking(disk.as_ref(), move || {
            owned.create_dir_all(&config.data_dir)?;
            recover(owned.as_ref(), &config.journal)
        })
    };
    let found = look().await?;
    if !found.is_empty() || shipped.is_empty() {
        return Ok(found);
    }
    tracing::info!(objects = shipped.len(), "there is no journal here; it is rebuilt from the object store");
    rebuild::rebuild(store, disk, &config.journal, config.data_dir.join("spool"), shipped).await?;
    look().await
}
