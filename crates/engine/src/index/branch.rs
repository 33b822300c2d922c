//! Indexes that share their past: pins, clones, and what may be deleted.
//!
//! A *pin* keeps the tables of one moment of an index. A snapshot is a pin with a name of ours; a clone pins its
//! source itself, without a name, for as long as it reads tables of it. So an index whose head nobody uses is
//! needed exactly while it has pins, whoever made them.
//!
//! In a crash: a clone that was cut short has its pin or not, and deleting it releases the pin first. A deletion
//! that was cut short leaves a mark by which the next one goes on.

use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryFutureExt;
use futures::future::BoxFuture;
use holdfast_base::Random;
use object_store::path::Path;
use slatedb::admin::{Admin, AdminBuilder};
use slatedb::config::{
    CheckpointOptions, CheckpointScope, GarbageCollectorDirectoryOptions, GarbageCollectorOptions,
};
use slatedb::{CloneSourceSpec, GarbageCollectorBuilder};
use uuid::Uuid;

use super::clock::IndexClock;
use super::{Index, IndexCache, in_time};
use crate::error::{Error, Result};
use crate::store::Store;

/// What keeps a moment of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin {
    pub id: Uuid,
    /// Given by us to pins that we made; a clone's own pin has none.
    pub name: Option<String>,
}

impl Index {
    /// Keeps what is committed now until [`unpin`].
    pub(crate) fn pin<'a>(&'a self, name: String) -> BoxFuture<'a, Result<Uuid>> {
        Box::pin(async move {
            let options = CheckpointOptions { name: Some(name), ..CheckpointOptions::default() };
            let pinned = self.db()?.create_checkpoint(CheckpointScope::Durable, &options);
            Ok(in_time(&self.store, "pin", pinned.map_err(Error::from)).await?.id)
        })
    }

    /// Lets go of a pin in this index, or in another one of the same volume.
    pub(crate) fn unpin<'a>(&'a self, path: &'a Path, pin: Uuid) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let admin =
                AdminBuilder::new(path.clone(), self.store.objects()).with_system_clock(self.clock.clone());
            in_time(&self.store, "unpin", admin.build().delete_checkpoint(pin).map_err(Error::from)).await
        })
    }
}

fn admin(store: &Store, cache: &IndexCache, path: &Path) -> Admin {
    AdminBuilder::new(path.clone(), store.objects()).with_system_clock(cache.system_clock()).build()
}

/// Lets go of a pin; none there is no error.
pub(crate) fn unpin<'a>(
    store: &'a Store,
    cache: &'a IndexCache,
    path: &'a Path,
    pin: Uuid,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        in_time(store, "unpin", admin(store, cache, path).delete_checkpoint(pin).map_err(Error::from)).await
    })
}

/// What an index is tied to: who keeps it, and what it keeps of others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ties {
    pub pins: Vec<Pin>,
    /// Its own pins in the indexes whose tables it reads.
    pub borrows: Vec<Uuid>,
}

/// The ties of an index; none if there is no index there, or one whose deletion has begun.
pub(crate) fn ties<'a>(
    store: &'a Store,
    cache: &'a IndexCache,
    path: &'a Path,
) -> BoxFuture<'a, Result<Ties>> {
    Box::pin(async move {
        if store.read_whole(&path.clone().join(".deleting")).await?.is_some() {
            return Ok(Ties::default());
        }
        let read = admin(store, cache, path);
        let manifest = in_time(store, "manifest", read.read_manifest(None).map_err(Error::from)).await?;
        let Some(manifest) = manifest else { return Ok(Ties::default()) };
        let pins = manifest.checkpoints().iter();
        Ok(Ties {
            pins: pins.map(|pin| Pin { id: pin.id, name: pin.name.clone() }).collect(),
            borrows: manifest.external_dbs().iter().filter_map(|from| from.final_checkpoint_id).collect(),
        })
    })
}

/// Makes an index at `to` that begins as `from` was at `pin`. Copies no table: it reads those of `from`, which it
/// pins for itself.
pub(crate) fn clone_index<'a>(
    store: &'a Store,
    cache: &'a IndexCache,
    from: &'a Path,
    pin: Uuid,
    to: &'a Path,
    random: &'a dyn Random,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let source: CloneSourceSpec<(Bound<Bytes>, Bound<Bytes>)> =
            CloneSourceSpec::with_checkpoint(from.clone(), pin);
        let clone = admin(store, cache, to).create_clone_builder_from_source(source);
        let clone = clone.with_seed(random.next_u64()).with_system_clock(cache.system_clock()).build();
        in_time(store, "clone", clone.map_err(Error::from)).await
    })
}

/// Deletes an index that nothing pins, after letting go of what it pinned itself.
pub(crate) fn delete_index<'a>(
    store: &'a Store,
    cache: &'a IndexCache,
    path: &'a Path,
) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let exists = admin(store, cache, path).read_manifest(None).await?.is_some()
            || store.read_whole(&path.clone().join(".deleting")).await?.is_some();
        if exists {
            admin(store, cache, path).delete_db(true).await?;
        }
        // What a creation left that did not come as far as its manifest.
        store.delete_all(path).await?;
        Ok(())
    })
}

/// Deletes tables and manifests that no pin and no head needs any more, and lets go of what is pinned elsewhere
/// and no longer read.
pub(crate) fn collect_tables<'a>(
    store: &'a Store,
    path: &'a Path,
    random: &'a dyn Random,
    clock: Arc<IndexClock>,
) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        let old = || Some(GarbageCollectorDirectoryOptions { interval: None, ..Default::default() });
        let options = GarbageCollectorOptions {
            manifest_options: old(),
            compacted_options: old(),
            compactions_options: old(),
            wal_options: None,
            wal_fence_options: None,
            ..GarbageCollectorOptions::default()
        };
        let collector = GarbageCollectorBuilder::new(path.clone(), store.objects());
        collector
            .with_options(options)
            .with_seed(random.next_u64())
            .with_system_clock(clock)
            .build()
            .run_gc_once()
            .await;
    })
}

/// The same for an index that is not open.
pub(crate) fn collect_closed<'a>(
    store: &'a Store,
    cache: &'a IndexCache,
    path: &'a Path,
    random: &'a dyn Random,
) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        collect_tables(store, path, random, cache.system_clock()).await;
    })
}
