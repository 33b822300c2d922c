//! The engine: volumes on an object store, with a journal on the local disk in front.
//!
//! Enter at [`Engine`], which gives [`Volume`]s, whose methods are the operations. Every change is in the node's
//! journal before anybody may call it durable ([`Durable`]); checkpoints move it into segments and an index in the
//! object store. `docs/FORMAT.md` draws what is written where.
//!
//! The engine knows volumes, inodes and bytes. It knows nothing of NFS, HTTP, SQL, teams or names of filesystems.

mod aead;
mod cache;
mod check;
mod checkpointer;
mod damaged;
mod disk;
mod durable;
mod engine;
mod error;
mod format;
mod index;
mod journal;
mod keys;
mod node_state;
mod planted;
mod pressure;
mod segments;
mod ship;
mod store;
mod store_id;
mod types;
mod volume;

pub use cache::CacheConfig;
pub use check::{Problem, Report};
pub use disk::{Disk, DiskFile, MemoryDisk, RealDisk};
pub use durable::{Durable, Pending, Promised};
pub use engine::{Collected, Engine, EngineConfig, Environment};
pub use error::{Error, Result};
pub use holdfast_base::{Compression, Durability, VolumeSettings};
pub use journal::{JournalConfig, Lag as ShippingLag};
pub use keys::{DataKey, KeyWrapper, MasterKey, MasterKeyError};
pub use object_store::path::Path as StorePath;
#[cfg(feature = "planted-bugs")]
pub use planted::{Bug, plant};
pub use store::{CircuitState, OpenError, Store, StoreOptions, StorePolicy};
pub use types::*;
/// Tells the recorder what the engine's metrics mean.
pub fn describe_metrics() {
    store::describe_metrics();
}

pub use volume::{FileId, Precondition, PutOutcome, PutOwner, SnapshotInfo, Upload, Volume};
