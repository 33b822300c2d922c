//! The node's memory caches: rows of indexes and decoded frames, shared by all volumes, each with its own bound.
//!
//! Everything here is clean: it can be dropped at any time and read again. Keys carry the number of the volume's
//! opening, so that nothing of an earlier opening is ever taken for current.

use std::sync::Arc;

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::format::entry::Bucket;
use crate::format::extent::Page;
use crate::format::inode::Inode;
use crate::segments::ReadBuffers;
use crate::types::Ino;

/// The number of one opening of one volume on this node.
pub(crate) type Opening = u64;

/// How much memory the caches may take.
#[derive(Clone, Copy, Debug)]
pub struct CacheConfig {
    /// Inodes, directory rows, extent pages and listings, bytes (estimated).
    pub metadata_bytes: u64,
    /// Decoded frames, bytes.
    pub data_bytes: u64,
    /// Blocks of indexes, bytes.
    pub index_bytes: u64,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { metadata_bytes: 128 << 20, data_bytes: 256 << 20, index_bytes: 64 << 20 }
    }
}

/// Rows of one directory, complete and in order of their hashes.
pub(crate) type Rows = Vec<(u64, Arc<Bucket>)>;

/// See the module.
pub(crate) struct Caches {
    pub inodes: Cache<(Opening, Ino), Option<Arc<Inode>>>,
    pub entries: Cache<(Opening, Ino, u64), Option<Arc<Bucket>>>,
    pub pages: Cache<(Opening, Ino, u64), Option<Arc<Page>>, PageWeight>,
    pub listings: Cache<(Opening, Ino), Arc<Rows>, ListingWeight>,
    pub frames: Cache<(Opening, u64, u32), Bytes, FrameWeight>,
    pub read_buffers: ReadBuffers,
}

/// Estimated bytes of a cached inode with its key and the cache's own bookkeeping.
const INODE_BYTES: u64 = 320;
/// The same of a directory row.
const ENTRY_BYTES: u64 = 240;
/// The same of one piece of an extent page.
const PIECE_BYTES: u64 = 64;

impl Caches {
    pub(crate) fn new(config: CacheConfig) -> Self {
        let share = config.metadata_bytes / 4;
        let weighted = |bytes: u64, item: u64| ((bytes / item).max(16) as usize, bytes);
        let (pages, page_bytes) = weighted(share, 1024);
        let (listings, listing_bytes) = weighted(share, 8192);
        let (frames, frame_bytes) = weighted(config.data_bytes, 32 << 10);
        Self {
            inodes: Cache::new((share / INODE_BYTES).max(16) as usize),
            entries: Cache::new((share / ENTRY_BYTES).max(16) as usize),
            pages: Cache::with_weighter(pages, page_bytes, PageWeight),
            listings: Cache::with_weighter(listings, listing_bytes, ListingWeight),
            frames: Cache::with_weighter(frames, frame_bytes, FrameWeight),
            read_buffers: ReadBuffers::default(),
        }
    }
}

/// Weighs a page by its pieces.
#[derive(Clone)]
pub(crate) struct PageWeight;

impl Weighter<(Opening, Ino, u64), Option<Arc<Page>>> for PageWeight {
    fn weight(&self, _key: &(Opening, Ino, u64), page: &Option<Arc<Page>>) -> u64 {
        128 + page.as_ref().map_or(0, |page| page.pieces().len() as u64 * PIECE_BYTES)
    }
}

/// Weighs a listing by its rows.
#[derive(Clone)]
pub(crate) struct ListingWeight;

impl Weighter<(Opening, Ino), Arc<Rows>> for ListingWeight {
    fn weight(&self, _key: &(Opening, Ino), rows: &Arc<Rows>) -> u64 {
        128 + rows.len() as u64 * ENTRY_BYTES
    }
}

/// Weighs a frame by its bytes.
#[derive(Clone)]
pub(crate) struct FrameWeight;

impl Weighter<(Opening, u64, u32), Bytes> for FrameWeight {
    fn weight(&self, _key: &(Opening, u64, u32), frame: &Bytes) -> u64 {
        128 + frame.len() as u64
    }
}
