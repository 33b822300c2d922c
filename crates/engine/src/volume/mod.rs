//! One volume: its operations, each linearizable, under one lock.
//!
//! Owns: the volume's state, its index, its segments, and how operations run. An operation is a plain function
//! over the state ([`tx::Tx`]); it validates, appends one record to the journal, applies it, and is done. What it
//! finds missing is read from the index without the lock, and the operation starts over. Waiting for durability
//! comes after, outside.
//!
//! Lock order: the state's lock, then the journal's. Nothing else is locked under either.
//!
//! Knows nothing of protocols, tenants or names of filesystems.

mod admit;
mod checkpoint;
mod doomed;
mod load;
mod open;
mod ops;
mod overlay;
mod patience;
mod records;
mod rewrite;
mod ship;
mod snapshots;
mod state;
mod tx;
mod upload;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use holdfast_base::{Clock, Durability, VolumeId, VolumeSettings};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::durable::{Pending, Waits};
use crate::error::{Error, Result};
use crate::format::marker::Marker;
use crate::format::meta::Counters;
use crate::format::record::Change;
use crate::index::Index;
use crate::journal::Journal;
use crate::keys::KeyRing;
use crate::pressure::Held;
use crate::segments::Segments;
use crate::ship::Shipping;
use crate::store::Store;
use crate::types::{Ino, ROOT_INO, VolumeUsage};
pub(crate) use checkpoint::segment_counts;
use load::{Loaded, Need};
pub(crate) use open::{VolumeEnv, create, index_path, marker, open, open_snapshot, prefix, read_marker};
pub use snapshots::SnapshotInfo;
pub(crate) use snapshots::{
    BranchPoint, Registry, family_prefix, member_path, read_snapshots, snapshots_prefix,
};
use state::State;
use tx::{Stop, Tx};
pub use upload::{Precondition, PutOutcome, PutOwner, Upload};

/// A file of a volume, as handles hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    /// Inode number.
    pub ino: Ino,
    /// Generation of the inode.
    pub generation: u32,
}

/// An open volume.
pub struct Volume {
    id: VolumeId,
    state: Mutex<State>,
    index: Index,
    segments: Arc<Segments>,
    /// `None` if the volume is not encrypted.
    keys: Option<Arc<KeyRing>>,
    journal: Arc<Journal>,
    shipping: Arc<Shipping>,
    clock: Arc<dyn Clock>,
    store: Store,
    hash_key: [u8; 32],
    marker: Marker,
    /// Inode generations and segment numbers of this opening are drawn from it.
    epoch: u64,
    /// A snapshot.
    read_only: bool,
    /// What others need of this volume's segments.
    holds: tokio::sync::Mutex<snapshots::Holds>,
    root: FileId,
    /// Inline data in memory, as last told to the node.
    dirty: Held,
    /// Signalled when a checkpoint has made room.
    room: Notify,
    /// Wakes the checkpointer.
    due: Arc<Notify>,
    /// One checkpoint at a time, and what it must remember for the next.
    checkpoint: tokio::sync::Mutex<checkpoint::Memory>,
    /// Held while the index's tables are merged.
    compacting: tokio::sync::Mutex<()>,
    /// When the last operation began, milliseconds on the monotonic clock.
    used_at_ms: AtomicU64,
    failing: AtomicBool,
    /// A checkpoint in the background is waiting for its place, running, or has failed just now.
    checkpointing: AtomicBool,
    /// Set when a segment died whose end others have a say in.
    garbage: AtomicBool,
}

impl Volume {
    /// The volume's id.
    pub fn id(&self) -> VolumeId {
        self.id
    }

    /// The root directory.
    pub fn root(&self) -> FileId {
        self.root
    }

    /// Whether this is a snapshot, whose every change is refused.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Space and inodes in use, and their limits.
    pub fn usage(&self) -> VolumeUsage {
        let counters = self.state.lock().counters;
        VolumeUsage {
            used_bytes: counters.used_bytes,
            limit_bytes: counters.limit_bytes,
            used_inodes: counters.used_inodes,
            limit_inodes: counters.limit_inodes,
        }
    }

    /// Sets the limits.
    ///
    /// # Errors
    /// [`Error::QuotaExceeded`] if more is in use: nothing changes then.
    pub async fn set_limits(&self, limit_bytes: u64, limit_inodes: u64) -> Result<Pending<()>> {
        self.write_op(|tx| {
            let counters = tx.counters();
            for (used, limit, unit) in
                [(counters.used_bytes, limit_bytes, "bytes"), (counters.used_inodes, limit_inodes, "inodes")]
            {
                if used > limit {
                    return Err(Error::QuotaExceeded { used, limit, unit }.into());
                }
            }
            // A record that changes no row would never be checkpointed.
            let root = tx.inode(ROOT_INO)?;
            tx.commit(vec![Change::Inode(root)], Counters { limit_bytes, limit_inodes, ..counters })?;
            Ok(())
        })
        .await
    }

    /// Durability class and compression.
    pub fn settings(&self) -> VolumeSettings {
        self.state.lock().settings
    }

    /// Changes durability class and compression: for every operation that begins after this one took effect.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Io`].
    pub async fn set_settings(&self, settings: VolumeSettings) -> Result<Pending<()>> {
        let before = self.settings();
        let changed = self.write_op(|tx| {
            // A record that changes no row would never be checkpointed.
            let root = tx.inode(ROOT_INO)?;
            tx.commit(vec![Change::Settings(settings), Change::Inode(root)], tx.counters())?;
            Ok(())
        });
        let changed = changed.await?;
        if settings.durability == Durability::Object && before.durability != Durability::Object {
            // What came before was not shipped: the index must have it before the class is promised.
            self.checkpoint().await?;
        }
        Ok(changed)
    }

    /// Runs an operation that only reads.
    async fn read_op<T>(&self, mut op: impl FnMut(&mut Tx<'_>) -> std::result::Result<T, Stop>) -> Result<T> {
        self.touch();
        let mut loaded = Loaded::default();
        loop {
            let need = {
                let mut state = self.state.lock();
                if state.closed {
                    return Err(Error::Unavailable("the volume is closing".into()));
                }
                loaded.keep_if(state.index_version);
                match op(&mut Tx::new(self, &mut state, &loaded)) {
                    Ok(done) => return Ok(done),
                    Err(Stop::Failed(error)) => return Err(error),
                    Err(Stop::Missing(need)) => need,
                }
            };
            self.load(need, &mut loaded).await?;
        }
    }

    /// Runs an operation that may change something; its result is durable when the last record so far is.
    async fn write_op<T>(
        &self,
        op: impl FnMut(&mut Tx<'_>) -> std::result::Result<T, Stop>,
    ) -> Result<Pending<T>> {
        self.patiently(self.admit()).await?;
        let mut op = op;
        let (value, (lsn, class)) = self
            .read_op(|tx| {
                let value = op(tx)?;
                Ok((value, tx.awaited()))
            })
            .await?;
        Ok(Pending::new(value, lsn, class, self.waits()))
    }

    fn waits(&self) -> Waits {
        Waits { journal: self.journal.clone(), shipping: self.shipping.clone() }
    }

    /// Reads a missing row, keeps it for the operation and, if it is still true, in the cache.
    async fn load(&self, need: Need, loaded: &mut Loaded) -> Result<()> {
        let row = load::read(&self.index, &need).await?;
        {
            let state = self.state.lock();
            if state.index_version != loaded.index_version {
                return Ok(());
            }
            state.cache(row.clone());
        }
        loaded.put(row);
        Ok(())
    }

    fn touch(&self) {
        self.used_at_ms.store(self.clock.monotonic().as_millis() as u64, Ordering::Relaxed);
    }

    /// Milliseconds since an operation began.
    pub(crate) fn idle_ms(&self) -> u64 {
        let now = self.clock.monotonic().as_millis() as u64;
        now.saturating_sub(self.used_at_ms.load(Ordering::Relaxed))
    }

    /// Whether the last checkpoint failed: the store does not take what the journal holds.
    pub fn is_degraded(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// The root's inode number.
    pub const ROOT: Ino = ROOT_INO;
}
