//! Reading rows from the index for operations that found them missing.
//!
//! Operations are plain functions over [`State`]; they never wait. One that needs a row which is not in memory
//! stops with a [`Need`]; the row is read without the lock, and the operation starts over. Rows read for an
//! operation are pinned for it in [`Loaded`], so that a small cache cannot make it start over for ever.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};

use crate::cache::Rows;
use crate::error::Result;
use crate::format::codec::Take;
use crate::format::entry::Bucket;
use crate::format::extent::Page;
use crate::format::inode::Inode;
use crate::format::keys;
use crate::index::Index;
use crate::types::Ino;

/// A row, or a run of rows, that an operation needs from the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Inode(Ino),
    /// The inodes of a part of a listing, read at once.
    Inodes(Vec<Ino>),
    Entry(Ino, u64),
    Page(Ino, u64),
    /// Rows of a directory from a hash on: up to `limit`.
    Entries {
        dir: Ino,
        from: u64,
        limit: usize,
    },
    /// All pages of a file from one on.
    Pages {
        ino: Ino,
        from: u64,
    },
}

/// Rows of a directory from some hash on, and whether they are all.
#[derive(Clone, Debug)]
pub(crate) struct EntryRun {
    pub rows: Arc<Rows>,
    pub complete: bool,
}

/// All pages of a file from some number on, each with its number.
pub(crate) type PageRun = Arc<Vec<(u64, Arc<Page>)>>;

/// What was read for one operation, as of one version of the index.
#[derive(Default)]
pub(crate) struct Loaded {
    pub index_version: u64,
    inodes: HashMap<Ino, Option<Arc<Inode>>>,
    entries: HashMap<(Ino, u64), Option<Arc<Bucket>>>,
    pages: HashMap<(Ino, u64), Option<Arc<Page>>>,
    pub entry_run: Option<(Ino, u64, EntryRun)>,
    pub page_run: Option<(Ino, u64, PageRun)>,
}

impl Loaded {
    pub(crate) fn inode(&self, ino: Ino) -> Option<Option<Arc<Inode>>> {
        self.inodes.get(&ino).cloned()
    }

    pub(crate) fn entry(&self, dir: Ino, hash: u64) -> Option<Option<Arc<Bucket>>> {
        self.entries.get(&(dir, hash)).cloned()
    }

    pub(crate) fn page(&self, ino: Ino, page: u64) -> Option<Option<Arc<Page>>> {
        self.pages.get(&(ino, page)).cloned()
    }

    /// Forgets everything if the index has moved on.
    pub(crate) fn keep_if(&mut self, index_version: u64) {
        if self.index_version != index_version {
            *self = Self { index_version, ..Self::default() };
        }
    }

    pub(crate) fn put(&mut self, row: Row) {
        match row {
            Row::Inodes(inodes) => self.inodes.extend(inodes),
            Row::Entry(dir, hash, bucket) => drop(self.entries.insert((dir, hash), bucket)),
            Row::Page(ino, number, page) => drop(self.pages.insert((ino, number), page)),
            Row::Entries(dir, from, run) => self.entry_run = Some((dir, from, run)),
            Row::Pages(ino, from, pages) => self.page_run = Some((ino, from, pages)),
        }
    }
}

/// A row as read.
#[derive(Clone)]
pub(crate) enum Row {
    Inodes(Vec<(Ino, Option<Arc<Inode>>)>),
    Entry(Ino, u64, Option<Arc<Bucket>>),
    Page(Ino, u64, Option<Arc<Page>>),
    Entries(Ino, u64, EntryRun),
    Pages(Ino, u64, PageRun),
}

/// Reads what is needed.
pub(crate) async fn read(index: &Index, need: &Need) -> Result<Row> {
    /// Reads of one listing that run at once.
    const AT_ONCE: usize = 32;
    Ok(match *need {
        Need::Inode(ino) => Row::Inodes(vec![(ino, read_inode(index, ino).await?)]),
        Need::Inodes(ref inos) => {
            // Boxed: the compiler cannot prove the bare future Send for every lifetime.
            let reads = inos.iter().map(|ino| read_numbered(index, *ino).boxed()).collect::<Vec<_>>();
            Row::Inodes(stream::iter(reads).buffered(AT_ONCE).try_collect().await?)
        }
        Need::Entry(dir, hash) => {
            let value = index.get(&keys::entry(dir, hash)).await?;
            Row::Entry(dir, hash, value.map(decode_bucket).transpose()?)
        }
        Need::Page(ino, page) => Row::Page(ino, page, read_page(index, ino, page).await?),
        Need::Entries { dir, from, limit } => {
            let found = index.scan(&keys::entries(dir), &keys::entry(dir, from), limit).await?;
            let complete = found.len() < limit;
            let mut rows = Vec::with_capacity(found.len());
            for (key, value) in found {
                rows.push((keys::last_number(&key)?, decode_bucket(value)?));
            }
            Row::Entries(dir, from, EntryRun { rows: Arc::new(rows), complete })
        }
        Need::Pages { ino, from } => Row::Pages(ino, from, Arc::new(read_pages(index, ino, from).await?)),
    })
}

async fn read_numbered(index: &Index, ino: Ino) -> Result<(Ino, Option<Arc<Inode>>)> {
    Ok((ino, read_inode(index, ino).await?))
}

pub(crate) async fn read_inode(index: &Index, ino: Ino) -> Result<Option<Arc<Inode>>> {
    let Some(value) = index.get(&keys::inode(ino)).await? else { return Ok(None) };
    let mut take = Take::new(value);
    let inode = Inode::decode(ino, &mut take)?;
    take.finish()?;
    Ok(Some(Arc::new(inode)))
}

pub(crate) async fn read_page(index: &Index, ino: Ino, page: u64) -> Result<Option<Arc<Page>>> {
    index.get(&keys::page(ino, page)).await?.map(decode_page).transpose()
}

/// All pages of a file from `from` on, with their numbers.
pub(crate) async fn read_pages(index: &Index, ino: Ino, from: u64) -> Result<Vec<(u64, Arc<Page>)>> {
    let rows = index.scan(&keys::pages(ino), &keys::page(ino, from), usize::MAX).await?;
    rows.into_iter().map(|(key, value)| Ok((keys::last_number(&key)?, decode_page(value)?))).collect()
}

fn decode_bucket(value: Bytes) -> Result<Arc<Bucket>> {
    let mut take = Take::new(value);
    let bucket = Bucket::decode(&mut take)?;
    take.finish()?;
    Ok(Arc::new(bucket))
}

fn decode_page(value: Bytes) -> Result<Arc<Page>> {
    let mut take = Take::new(value);
    let page = Page::decode(&mut take)?;
    take.finish()?;
    Ok(Arc::new(page))
}
