//! A volume's index: its metadata as rows in an LSM tree on the object store.
//!
//! Owns: opening, reading, writing and closing the tree, and its compaction. The tree's own write-ahead log is
//! off: the node journal stands in front of it, and a checkpoint is one atomic batch that carries the journal
//! position it includes. Its timers are off too: nothing happens in an index unless somebody asks.
//!
//! What waits is handed out as a boxed future. So the tree's code is compiled here, once, and not again in
//! every binary that awaits an operation of a volume.
//!
//! In a crash: the index is what its last flushed batch made it. A flush that was cut short never happened.

mod branch;
mod clock;

use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::TryFutureExt;
use futures::future::BoxFuture;
use holdfast_base::{Clock, Random};
use object_store::path::Path;
use slatedb::config::{
    CompactionWorkerOptions, CompactorOptions, DbReaderOptions, FlushOptions, FlushType, ScanOptions,
    Settings, SizeTieredCompactionSchedulerOptions,
};
use slatedb::{BlockTransformer, CompactorBuilder, Db, DbReader, DbReaderMode, WriteBatch};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::store::Store;
use branch::collect_tables;
pub(crate) use branch::{Pin, clone_index, collect_closed, delete_index, ties, unpin};
use clock::IndexClock;

/// L0 tables that start a compaction after a checkpoint.
const COMPACT_AT_L0: usize = 6;
/// L0 tables past which a flush would wait: compaction must have come long before.
const L0_MAX: usize = 64;
/// How often a running compaction looks whether it is done: one runs for a fraction of a second.
const COMPACTION_POLL: Duration = Duration::from_millis(50);
/// Bound of every flush, close and compaction: a hung store must not hang a checkpoint for ever.
const STEP_TIMEOUT: Duration = Duration::from_secs(60);
/// Retries of one store call of a compaction, over those of the store layer; a later checkpoint tries again.
const COMPACTION_RETRIES_MAX: u32 = 5;
/// Retries of one store call of a view, over those of the store layer.
const VIEW_RETRIES_MAX: u32 = 2;

/// What stands for never where a period is asked for.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// An open index. One process at a time may hold it: opening fences whoever had it before.
pub(crate) struct Index {
    tree: Tree,
    path: Path,
    store: Store,
    random: Arc<dyn Random>,
    clock: Arc<IndexClock>,
    /// Whether a batch is in the tree's memory that the store does not have yet.
    unsettled: AtomicBool,
    /// Seals the tables' blocks, if they are to be sealed.
    blocks: Option<Arc<dyn BlockTransformer>>,
}

/// How an index is open.
enum Tree {
    /// For reading and writing.
    Head(Box<Db>),
    /// For reading, as it was at one moment.
    View(Box<DbReader>),
}

impl Index {
    /// Opens the index at `path`, making an empty one if there is none. The names of its objects are drawn from
    /// `random`; `blocks` seals what its tables hold.
    pub(crate) fn open<'a>(
        store: &'a Store,
        path: Path,
        cache: &'a IndexCache,
        id: u64,
        random: Arc<dyn Random>,
        blocks: Option<Arc<dyn BlockTransformer>>,
    ) -> BoxFuture<'a, Result<Self>> {
        Box::pin(async move {
            let settings = Settings {
                flush_interval: None,
                wal_enabled: false,
                manifest_poll_interval: NEVER,
                l0_sst_size_bytes: 256 << 20,
                l0_max_ssts: L0_MAX,
                l0_max_ssts_per_key: L0_MAX,
                max_unflushed_bytes: 1 << 30,
                compactor_options: None,
                garbage_collector_options: None,
                // A tree whose flush gives up is dead until it is opened again. So flushes go on through an outage, at the
                // store's circuit, which answers at once; who waits for one is told when the store is down. Reads of
                // rows do not come here: the store layer has them fail at once.
                object_store_max_retries: None,
                ..Settings::default()
            };
            let clock = cache.system_clock();
            let mut builder = Db::builder(path.clone(), store.objects())
                .with_settings(settings)
                .with_db_cache(cache.blocks.clone(), id)
                .with_seed(random.next_u64())
                .with_system_clock(clock.clone());
            if let Some(blocks) = &blocks {
                builder = builder.with_block_transformer(blocks.clone());
            }
            let db = in_time(store, "open", builder.build().map_err(Error::from)).await?;
            clock.pass(db.manifest().last_l0_clock_tick());
            let (tree, unsettled) = (Tree::Head(Box::new(db)), AtomicBool::new(false));
            Ok(Self { tree, path, store: store.clone(), random, clock, unsettled, blocks })
        })
    }

    /// Opens the index for reading: as it was when `pin` was made, or as it is in the store now. Fences nobody.
    pub(crate) fn view<'a>(
        store: &'a Store,
        path: Path,
        cache: &'a IndexCache,
        id: u64,
        pin: Option<Uuid>,
        random: Arc<dyn Random>,
        blocks: Option<Arc<dyn BlockTransformer>>,
    ) -> BoxFuture<'a, Result<Self>> {
        Box::pin(async move {
            let options = DbReaderOptions {
                manifest_poll_interval: NEVER,
                skip_wal_replay: true,
                object_store_max_retries: Some(VIEW_RETRIES_MAX),
                ..DbReaderOptions::default()
            };
            let clock = cache.system_clock();
            let mut builder = DbReader::builder(path.clone(), store.objects())
                .with_reader_mode(pin.map_or(DbReaderMode::FollowLatest, DbReaderMode::Checkpoint))
                .with_options(options)
                .with_db_cache(cache.blocks.clone(), id)
                .with_seed(random.next_u64())
                .with_system_clock(clock.clone());
            if let Some(blocks) = &blocks {
                builder = builder.with_block_transformer(blocks.clone());
            }
            let reader = in_time(store, "open", builder.build().map_err(Error::from)).await?;
            let (tree, unsettled) = (Tree::View(Box::new(reader)), AtomicBool::new(false));
            Ok(Self { tree, path, store: store.clone(), random, clock, unsettled, blocks })
        })
    }

    /// The writable tree.
    fn db(&self) -> Result<&Db> {
        match &self.tree {
            Tree::Head(db) => Ok(db),
            Tree::View(_) => Err(Error::ReadOnly),
        }
    }

    /// Counts the openings of this index: segment numbers and inode generations are drawn from it.
    pub(crate) fn epoch(&self) -> u64 {
        match &self.tree {
            Tree::Head(db) => db.manifest().writer_epoch(),
            Tree::View(reader) => reader.manifest().writer_epoch(),
        }
    }

    pub(crate) fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Bytes>>> {
        Box::pin(async move {
            Ok(match &self.tree {
                Tree::Head(db) => db.get(key).await?,
                Tree::View(reader) => reader.get(key).await?,
            })
        })
    }

    /// Up to `limit` rows whose keys start with `prefix` and are at least `from`, in order of their keys.
    pub(crate) fn scan<'a>(
        &'a self,
        prefix: &'a [u8],
        from: &'a [u8],
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Bytes, Bytes)>>> {
        Box::pin(async move {
            let options =
                ScanOptions { read_ahead_bytes: 256 << 10, cache_blocks: true, ..Default::default() };
            let range = (Bound::Included(from.to_vec()), upper_bound(prefix));
            let mut rows = match &self.tree {
                Tree::Head(db) => db.scan_with_options(range, &options).await?,
                Tree::View(reader) => reader.scan_with_options(range, &options).await?,
            };
            let mut found = Vec::new();
            while found.len() < limit
                && let Some(row) = rows.next().await?
            {
                found.push((row.key, row.value));
            }
            Ok(found)
        })
    }

    /// Writes a batch and returns once it is in the object store: all of it or nothing.
    ///
    /// # Errors
    /// The batch may be in the tree's memory, and reach the store later, all of it or nothing.
    pub(crate) fn commit<'a>(&'a self, batch: WriteBatch) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            // What an earlier commit left comes first, or memory would grow with every try of an outage.
            self.settle().await?;
            self.unsettled.store(true, Ordering::Relaxed);
            self.db()?.write(batch).await?;
            self.settle().await
        })
    }

    /// Puts what an earlier commit left in memory, if it did, into the object store.
    pub(crate) fn settle<'a>(&'a self) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if !self.unsettled.load(Ordering::Relaxed) {
                return Ok(());
            }
            self.flush().await?;
            self.unsettled.store(false, Ordering::Relaxed);
            Ok(())
        })
    }

    async fn flush(&self) -> Result<()> {
        let flush = self.db()?.flush_with_options(FlushOptions { flush_type: FlushType::MemTable });
        in_time(&self.store, "flush", flush.map_err(Error::from)).await
    }

    /// Whether merging must not be put off any longer.
    pub(crate) fn is_crowded(&self) -> bool {
        matches!(&self.tree, Tree::Head(db) if db.manifest().l0().len() >= L0_MAX / 2)
    }

    /// Merges tables if there are many, so that reads stay cheap and flushes never wait.
    pub(crate) fn compact_if_due<'a>(&'a self) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let db = self.db()?;
            let tables = db.manifest().l0().len();
            if tables < COMPACT_AT_L0 {
                return Ok(());
            }
            let options = CompactorOptions {
                poll_interval: COMPACTION_POLL,
                commit_compacted_interval: COMPACTION_POLL,
                scheduler_options: SizeTieredCompactionSchedulerOptions::default().into(),
                object_store_max_retries: Some(COMPACTION_RETRIES_MAX),
                worker: Some(CompactionWorkerOptions {
                    max_concurrent_compactions: 1,
                    max_subcompactions: 1,
                    compactions_poll_interval: COMPACTION_POLL,
                    max_sst_size: 64 << 20,
                    object_store_max_retries: Some(COMPACTION_RETRIES_MAX),
                    ..CompactionWorkerOptions::default()
                }),
                ..CompactorOptions::default()
            };
            let mut builder = CompactorBuilder::new(self.path.clone(), self.store.objects());
            if let Some(blocks) = &self.blocks {
                builder = builder.with_block_transformer(blocks.clone());
            }
            let builder = builder.with_options(options).with_seed(self.random.next_u64());
            let compactor = Arc::new(builder.with_system_clock(self.clock.clone()).build());
            let runner = tokio::spawn({
                let compactor = compactor.clone();
                async move { compactor.run().await }
            });
            let merged = in_time(&self.store, "compaction", async {
                while db.manifest().l0().len() >= COMPACT_AT_L0 {
                    tokio::time::sleep(COMPACTION_POLL).await;
                    db.refresh_manifest().await?;
                    if runner.is_finished() {
                        return Err(Error::Unavailable("the compactor stopped early".into()));
                    }
                }
                Ok(())
            })
            .await;
            let stopped = compactor.stop().await;
            // Its tasks have ended with that. The runner may have missed it, and then waits for them for ever.
            runner.abort();
            match runner.await {
                Ok(ran) => ran?,
                Err(error) if error.is_cancelled() => {}
                Err(error) => return Err(Error::Io(format!("the compactor failed: {error}").into())),
            }
            stopped?;
            merged?;
            collect_tables(&self.store, &self.path, self.random.as_ref(), self.clock.clone()).await;
            Ok(())
        })
    }

    /// Closes the tree. What was not committed is gone, as after a crash.
    pub(crate) fn close<'a>(&'a self) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            match &self.tree {
                Tree::Head(db) => in_time(&self.store, "close", db.close().map_err(Error::from)).await,
                Tree::View(reader) => {
                    in_time(&self.store, "close", reader.close().map_err(Error::from)).await
                }
            }
        })
    }
}

/// What all indexes of the node share: a bounded cache of their blocks, and the node's clock.
#[derive(Clone)]
pub(crate) struct IndexCache {
    blocks: Arc<dyn slatedb::db_cache::DbCache>,
    clock: Arc<dyn Clock>,
}

impl IndexCache {
    pub(crate) fn new(capacity_bytes: u64, clock: Arc<dyn Clock>) -> Self {
        use slatedb::db_cache::moka::{MokaCache, MokaCacheOptions};
        let options = MokaCacheOptions { max_capacity: capacity_bytes, ..MokaCacheOptions::default() };
        Self { blocks: Arc::new(MokaCache::new_with_opts(options)), clock }
    }

    /// The node's clock, as a tree takes it.
    fn system_clock(&self) -> Arc<IndexClock> {
        Arc::new(IndexClock::new(self.clock.clone()))
    }
}

/// Runs a step of the tree in bounded time; a store that is found down ends the wait early.
async fn in_time<T>(store: &Store, step: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let given_up = |why: &str| Err(Error::Unavailable(format!("{step} of an index: {why}").into()));
    tokio::select! {
        biased;
        done = tokio::time::timeout(STEP_TIMEOUT, work) => match done {
            Ok(done) => done,
            Err(_) => given_up("it took too long"),
        },
        why = store.until_down() => given_up(&why),
    }
}

/// The first key behind all that start with `prefix`.
fn upper_bound(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

#[cfg(test)]
mod tests {
    use holdfast_base::{ManualClock, SeededRandom};

    use super::*;

    async fn open_at(store: &Store, id: u64, time_ns: u64) -> Index {
        let random = Arc::new(SeededRandom::new(id));
        let cache = IndexCache::new(1 << 20, Arc::new(ManualClock::at(time_ns)));
        Index::open(store, Path::from("v/index"), &cache, id, random, None).await.unwrap()
    }

    async fn open(store: &Store, id: u64) -> Index {
        open_at(store, id, 1_700_000_000_000_000_000 + id).await
    }

    #[tokio::test]
    async fn a_clock_that_went_back_stops_nothing() {
        let store = Store::memory();
        let put = async |index: &Index, value: &[u8]| {
            let mut batch = WriteBatch::new();
            batch.put(b"key", value);
            index.commit(batch).await
        };
        let ahead = open_at(&store, 1, 1_800_000_000_000_000_000).await;
        put(&ahead, b"one").await.unwrap();
        ahead.close().await.unwrap();
        let behind = open_at(&store, 2, 1_700_000_000_000_000_000).await;
        put(&behind, b"two").await.unwrap();
        assert_eq!(behind.get(b"key").await.unwrap().unwrap(), "two");
    }

    #[tokio::test]
    async fn committed_rows_survive_and_uncommitted_ones_do_not() {
        let store = Store::memory();
        let index = open(&store, 1).await;
        let first = index.epoch();
        let mut batch = WriteBatch::new();
        batch.put(b"a1", b"one");
        batch.put(b"a2", b"two");
        batch.put(b"b1", b"three");
        index.commit(batch).await.unwrap();
        index.db().unwrap().put(b"a3", b"lost").await.unwrap();
        drop(index);
        let index = open(&store, 2).await;
        assert!(index.epoch() > first);
        assert_eq!(index.get(b"a1").await.unwrap().unwrap(), "one");
        assert_eq!(index.get(b"a3").await.unwrap(), None);
        let rows = index.scan(b"a", b"a2", 10).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].0, "a2");
    }

    #[tokio::test]
    async fn many_checkpoints_are_compacted_and_never_block() {
        let store = Store::memory();
        let index = open(&store, 1).await;
        for round in 0..3 * COMPACT_AT_L0 as u32 {
            let mut batch = WriteBatch::new();
            batch.put(b"same", round.to_be_bytes());
            batch.put(round.to_be_bytes(), b"x");
            index.commit(batch).await.unwrap();
            index.compact_if_due().await.unwrap();
            assert!(index.db().unwrap().manifest().l0().len() <= COMPACT_AT_L0);
        }
        index.close().await.unwrap();
        let index = open(&store, 2).await;
        let last = 3 * COMPACT_AT_L0 as u32 - 1;
        assert_eq!(index.get(b"same").await.unwrap().unwrap(), &last.to_be_bytes()[..]);
    }
}
