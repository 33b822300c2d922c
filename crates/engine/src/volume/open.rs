//! Making a volume, and opening one: index, journal records since, segment files.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use bytes::Bytes;
use holdfast_base::{Clock, Durability, Random, VolumeId, limits};
use object_store::path::Path;
use parking_lot::Mutex;
use slatedb::{BlockTransformer, WriteBatch};
use tokio::sync::{Notify, Semaphore};
use uuid::Uuid;

use super::load::{self, Loaded};
use super::overlay::Overlay;
use super::state::{Mark, State};
use super::{FileId, Volume, checkpoint, records, snapshots};
use crate::cache::{Caches, Opening};
use crate::damaged::Damaged;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::format::codec::Take;
use crate::format::inode::Inode;
use crate::format::keys;
use crate::format::marker::Marker;
use crate::format::meta::{Counters, Meta};
use crate::format::record::{Change, Record};
use crate::format::snapshot::Snapshot;
use crate::index::{Index, IndexCache};
use crate::journal::{Journal, JournalRecord, Lsn, VolumeRecords};
use crate::keys::{self as key_rings, KeyRing, KeyWrapper, SealedBlocks};
use crate::planted::{Bug, is_planted};
use crate::pressure::{Held, Together};
use crate::segments::{KeptSegments, SegmentEnv, Segments};
use crate::ship::Shipping;
use crate::store::Store;
use crate::types::{Attr, FileKind, ROOT_INO, VolumeSpec};

/// What a volume needs of its node.
#[derive(Clone)]
pub(crate) struct VolumeEnv {
    pub store: Store,
    pub disk: Arc<dyn Disk>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub journal: Arc<Journal>,
    /// Volumes that lost records.
    pub damaged: Arc<Damaged>,
    pub shipping: Arc<Shipping>,
    pub caches: Arc<Caches>,
    pub index_cache: IndexCache,
    /// Wraps the data keys of new volumes; without it they are not encrypted.
    pub master_key: Option<Arc<dyn KeyWrapper>>,
    pub kept: Arc<KeptSegments>,
    pub bulk_room: Arc<Semaphore>,
    /// Inline data of all volumes in memory.
    pub dirty: Arc<Together>,
    /// Parent of all volumes' segment files.
    pub spool_dir: PathBuf,
    /// Wakes the node's checkpointer.
    pub due: Arc<Notify>,
}

/// The prefix of everything that belongs to a volume in the store.
pub(crate) fn prefix(id: VolumeId) -> Path {
    Path::from(format!("volumes/{}", id.0))
}

/// The object that says that a volume exists. Written last when it is made, deleted first when it goes.
pub(crate) fn marker(id: VolumeId) -> Path {
    prefix(id).join("volume")
}

/// Where a volume's index of some number lies.
pub(crate) fn index_path(id: VolumeId, index: u64) -> Path {
    match index {
        0 => prefix(id).join("index"),
        later => prefix(id).join(format!("index-{later}")),
    }
}

/// What the marker of a volume says; `None` if there is no such volume.
pub(crate) async fn read_marker(store: &Store, id: VolumeId) -> Result<Option<Marker>> {
    store.read_whole(&marker(id)).await?.map(Marker::decode).transpose()
}

impl VolumeEnv {
    /// Opens an index for reading and writing, and makes it if there is none.
    pub(crate) async fn open_index(
        &self,
        path: Path,
        opening: Opening,
        keys: Option<&Arc<KeyRing>>,
    ) -> Result<Index> {
        let (random, blocks) = (self.random.clone(), self.blocks(keys));
        Index::open(&self.store, path, &self.index_cache, opening, random, blocks).await
    }

    /// Opens an index for reading: as pinned, or as it is now.
    pub(crate) async fn view_index(
        &self,
        path: Path,
        opening: Opening,
        pin: Option<Uuid>,
        keys: Option<&Arc<KeyRing>>,
    ) -> Result<Index> {
        let (random, blocks) = (self.random.clone(), self.blocks(keys));
        Index::view(&self.store, path, &self.index_cache, opening, pin, random, blocks).await
    }

    fn blocks(&self, keys: Option<&Arc<KeyRing>>) -> Option<Arc<dyn BlockTransformer>> {
        let blocks = keys.map(|keys| SealedBlocks::new(keys.clone(), self.random.clone()));
        blocks.map(|blocks| Arc::new(blocks) as Arc<dyn BlockTransformer>)
    }

    /// The opened keys of a volume, if its marker says that it is encrypted.
    pub(crate) async fn keys_of(&self, id: VolumeId, marker: &Marker) -> Result<Option<Arc<KeyRing>>> {
        if marker.encrypted { self.load_keys(id).await.map(Some) } else { Ok(None) }
    }

    /// Gives a fork a key of its own and its ancestors' keys, wrapped for it, if its source is encrypted.
    pub(crate) async fn fork_keys(&self, id: VolumeId, source: VolumeId, marker: &Marker) -> Result<()> {
        if !marker.encrypted {
            return Ok(());
        }
        let master_key = self.master_key.as_ref();
        let master_key = master_key.ok_or_else(|| Error::Locked("this server has no master key".into()))?;
        key_rings::create(&self.store, master_key.as_ref(), self.random.as_ref(), id, Some(source)).await
    }

    /// The opened keys of a volume that has some.
    async fn load_keys(&self, id: VolumeId) -> Result<Arc<KeyRing>> {
        let keys = key_rings::load(&self.store, self.master_key.as_deref(), id).await?;
        // A deletion that was cut short, or a loss: either way nothing of it can be read.
        keys.ok_or_else(|| Error::corrupt(format!("{id} is encrypted and its key ring is gone")))
    }
}

/// Makes an empty volume. One that exists is left as it is.
pub(crate) async fn create(
    env: &VolumeEnv,
    id: VolumeId,
    opening: Opening,
    spec: VolumeSpec,
    lsn: Lsn,
) -> Result<()> {
    if env.store.read_whole(&marker(id)).await?.is_some() {
        return Ok(());
    }
    // What a creation that was cut short, or a deletion, left behind.
    env.store.delete_all(&prefix(id)).await?;
    // The ring comes before anything that is sealed with it.
    let keys = match &env.master_key {
        Some(master_key) => {
            key_rings::create(&env.store, master_key.as_ref(), env.random.as_ref(), id, None).await?;
            Some(env.load_keys(id).await?)
        }
        None => None,
    };
    let index = env.open_index(index_path(id, 0), opening, keys.as_ref()).await?;
    let mut hash_key = [0; 32];
    env.random.fill(&mut hash_key);
    let counters = Counters {
        used_bytes: 0,
        used_inodes: 1,
        next_ino: ROOT_INO + 1,
        limit_bytes: spec.limit_bytes,
        limit_inodes: spec.limit_inodes,
    };
    let mut batch = WriteBatch::new();
    let settings = spec.settings;
    batch.put(keys::META, Meta { applied_lsn: lsn, counters, settings, hash_key }.encode());
    let mut root = Vec::new();
    root_inode(env.clock.as_ref(), index.epoch() as u32).encode(&mut root);
    batch.put(keys::inode(ROOT_INO), root);
    index.commit(batch).await?;
    index.close().await?;
    let marker_now = Marker { encrypted: keys.is_some(), ..Marker::default() };
    env.store.put(&marker(id), vec![marker_now.encode()]).await
}

/// A directory that any user may write to, as `/tmp` is.
fn root_inode(clock: &dyn Clock, generation: u32) -> Inode {
    let now = clock.now();
    let attr = Attr {
        ino: ROOT_INO,
        generation,
        kind: FileKind::Directory,
        mode: 0o1777,
        nlink: 2,
        uid: 0,
        gid: 0,
        size: 4096,
        used: 0,
        rdev: (0, 0),
        atime: now,
        mtime: now,
        ctime: now,
    };
    Inode { attr, parent: ROOT_INO, entries: 0, target: Bytes::new(), verifier: None }
}

/// Opens a volume and brings it up to date with what was found in the journal.
///
/// # Errors
/// [`Error::NoSuchVolume`]; [`Error::Locked`] if its keys cannot be opened; [`Error::Corrupt`] if the index or a
/// record makes no sense, or if records are missing; [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn open(
    env: &VolumeEnv,
    id: VolumeId,
    opening: Opening,
    found: VolumeRecords,
) -> Result<Arc<Volume>> {
    let marker = read_marker(&env.store, id).await?.ok_or(Error::NoSuchVolume)?;
    env.damaged.check(id).await?;
    let keys = env.keys_of(id, &marker).await?;
    let index = env.open_index(index_path(id, marker.index), opening, keys.as_ref()).await?;
    let (meta, root) = read_own(&index, id).await?;
    env.journal.pass(meta.applied_lsn);
    let mut state = fresh_state(env, opening, &meta);
    if !is_complete(&state, &found) {
        let refusal = env.damaged.set_aside(id, state.lsn, &found.records).await;
        index.close().await?;
        return Err(refusal);
    }
    let replayed = Replay { id, keys: keys.as_deref(), index: &index, clock: env.clock.as_ref() };
    let wanted = replayed.run(&mut state, found.records).await?;
    let epoch = index.epoch() + marker.epoch_base;
    if !is_planted(Bug::ReusedInodes) {
        // Numbers of inodes that a crash took back may be known to clients: each opening has its own.
        state.counters.next_ino = state.counters.next_ino.max(epoch * limits::INODES_PER_OPENING_MAX);
    }
    let segments = Segments::new(segment_env(env, id, opening, &marker, keys.clone()), epoch)?;
    segments.adopt(&wanted)?;
    if state.active.is_empty() {
        env.journal.release(id, meta.applied_lsn);
    }
    let parts = Parts { id, marker, keys, index, meta, root, state, segments, read_only: false };
    let volume = assemble(env, parts);
    env.shipping.join(&volume);
    settle(&volume).await?;
    Ok(volume)
}

/// Opens a snapshot of a volume for reading. Nothing of the volume itself is touched.
///
/// # Errors
/// [`Error::Corrupt`] if the index makes no sense; [`Error::Unavailable`] if the store does not answer.
pub(crate) async fn open_snapshot(
    env: &VolumeEnv,
    id: VolumeId,
    marker: Marker,
    opening: Opening,
    snapshot: &Snapshot,
) -> Result<Arc<Volume>> {
    let path = index_path(id, snapshot.index);
    let keys = env.keys_of(id, &marker).await?;
    let index = env.view_index(path, opening, Some(snapshot.checkpoint), keys.as_ref()).await?;
    let (meta, root) = read_own(&index, id).await?;
    let state = fresh_state(env, opening, &meta);
    let segments = Segments::view(segment_env(env, id, opening, &marker, keys.clone()));
    Ok(assemble(env, Parts { id, marker, keys, index, meta, root, state, segments, read_only: true }))
}

/// The volume's own row and its root directory.
async fn read_own(index: &Index, id: VolumeId) -> Result<(Meta, Arc<Inode>)> {
    let meta = index.get(keys::META).await?.ok_or_else(|| Error::corrupt(format!("{id} has no own row")))?;
    let root = load::read_inode(index, ROOT_INO).await?;
    let root = root.ok_or_else(|| Error::corrupt(format!("{id} has no root directory")))?;
    Ok((Meta::decode(Take::new(meta))?, root))
}

fn segment_env(
    env: &VolumeEnv,
    id: VolumeId,
    opening: Opening,
    marker: &Marker,
    keys: Option<Arc<KeyRing>>,
) -> SegmentEnv {
    SegmentEnv {
        volume: id,
        keys,
        lineage: marker.lineage.clone(),
        opening: if is_planted(Bug::CacheKeyShared) { 0 } else { opening },
        disk: env.disk.clone(),
        store: env.store.clone(),
        caches: env.caches.clone(),
        kept: env.kept.clone(),
        bulk_room: env.bulk_room.clone(),
        dir: env.spool_dir.join(id.0.to_string()),
    }
}

/// What makes a volume.
struct Parts {
    id: VolumeId,
    marker: Marker,
    keys: Option<Arc<KeyRing>>,
    index: Index,
    meta: Meta,
    root: Arc<Inode>,
    state: State,
    segments: Segments,
    read_only: bool,
}

fn assemble(env: &VolumeEnv, parts: Parts) -> Arc<Volume> {
    let Parts { id, marker, keys, index, meta, root, state, segments, read_only } = parts;
    Arc::new(Volume {
        id,
        state: Mutex::new(state),
        epoch: index.epoch() + marker.epoch_base,
        marker,
        read_only,
        index,
        holds: tokio::sync::Mutex::new(snapshots::Holds::new(segments.first())),
        segments: Arc::new(segments),
        keys,
        journal: env.journal.clone(),
        shipping: env.shipping.clone(),
        clock: env.clock.clone(),
        store: env.store.clone(),
        hash_key: meta.hash_key,
        root: FileId { ino: ROOT_INO, generation: root.attr.generation },
        room: Notify::new(),
        dirty: Held::new(env.dirty.clone()),
        due: env.due.clone(),
        checkpoint: tokio::sync::Mutex::new(checkpoint::Memory::default()),
        compacting: tokio::sync::Mutex::default(),
        used_at_ms: AtomicU64::new(env.clock.monotonic().as_millis() as u64),
        failing: AtomicBool::new(false),
        checkpointing: AtomicBool::new(false),
        garbage: AtomicBool::new(false),
    })
}

/// What was replayed was not shipped: before anything is promised on top of it, the index must have it.
async fn settle(volume: &Arc<Volume>) -> Result<()> {
    let replayed = !volume.state.lock().active.is_empty();
    if !replayed || !volume.ships() {
        return Ok(());
    }
    match volume.checkpoint().await {
        Err(error) if volume.settings().durability != Durability::Object => {
            tracing::warn!(volume = %volume.id, %error, "what was replayed is in the journal only");
            Ok(())
        }
        done => done,
    }
}

fn fresh_state(env: &VolumeEnv, opening: Opening, meta: &Meta) -> State {
    State {
        active: Overlay::default(),
        frozen: None,
        counters: meta.counters,
        settings: meta.settings,
        lsn: meta.applied_lsn,
        indexed_lsn: meta.applied_lsn,
        unshipped: Default::default(),
        frozen_mark: Mark { counters: meta.counters, settings: meta.settings, lsn: meta.applied_lsn },
        active_bytes: 0,
        frozen_bytes: 0,
        active_logged: 0,
        frozen_logged: 0,
        active_since: None,
        indexed_next_ino: meta.counters.next_ino,
        index_version: 1,
        opening,
        caches: env.caches.clone(),
        scratch: Vec::new(),
        closed: false,
    }
}

/// Whether no record is missing that the volume needs. What was never shipped may be, where the class allows it.
fn is_complete(state: &State, found: &VolumeRecords) -> bool {
    if found.lost.is_some_and(|lost| lost > state.lsn) {
        return false;
    }
    let may_miss = state.settings.durability != Durability::Object;
    let mut last = state.lsn;
    for record in found.records.iter().filter(|record| record.lsn > state.lsn) {
        let follows = record.previous.is_none_or(|previous| previous == last);
        if follows {
            last = record.lsn;
        } else if !(record.is_rebuilt && may_miss) {
            return false;
        }
    }
    true
}

fn with_planted_bugs(mut record: Record) -> Record {
    if is_planted(Bug::LastChangeLost) {
        record.changes.pop();
    }
    if is_planted(Bug::ReplacedInodeStays) && record.changes.len() > 4 {
        record.changes.retain(|change| !matches!(change, Change::InodeGone(_)));
    }
    record
}

/// What records are replayed with.
struct Replay<'a> {
    id: VolumeId,
    keys: Option<&'a KeyRing>,
    index: &'a Index,
    clock: &'a dyn Clock,
}

impl Replay<'_> {
    /// Applies the records that the index does not include; the segments that they point into.
    async fn run(&self, state: &mut State, records: Vec<JournalRecord>) -> Result<HashSet<u64>> {
        let mut wanted = HashSet::new();
        let indexed = state.lsn;
        for JournalRecord { lsn, previous, body, .. } in records {
            if lsn <= indexed {
                continue;
            }
            if previous.is_some_and(|previous| previous != state.lsn) {
                tracing::warn!(volume = %self.id, lsn, "a change is lost: one before it was never shipped");
                continue;
            }
            state.active_logged += body.len() as u64;
            let record = with_planted_bugs(records::decode(body, self.keys, self.id, state.lsn)?);
            wanted.extend(record.changes.iter().filter_map(|change| match change {
                Change::Frame { at, .. } => Some(at.segment),
                _ => None,
            }));
            let mut loaded = Loaded::default();
            loaded.keep_if(state.index_version);
            while let Err(need) = state.missing_for(&record, &loaded) {
                let row = load::read(self.index, &need).await?;
                state.cache(row.clone());
                loaded.put(row);
            }
            state.apply(lsn, record, &loaded, self.clock.monotonic());
        }
        Ok(wanted)
    }
}
