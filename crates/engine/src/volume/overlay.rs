//! Changes that the index does not hold yet.
//!
//! Two layers: the active one takes every change; the frozen one is what a running checkpoint is putting into
//! the index. A row is looked up in the active layer, then in the frozen one, then in the index.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::format::entry::Bucket;
use crate::format::extent::Page;
use crate::format::inode::Inode;
use crate::planted::{Bug, is_planted};
use crate::types::Ino;

/// Rows changed since some point; `None` is a row that is gone.
#[derive(Default, Debug)]
pub(crate) struct Overlay {
    pub inodes: HashMap<Ino, Option<Arc<Inode>>>,
    pub entries: BTreeMap<(Ino, u64), Option<Arc<Bucket>>>,
    pub pages: BTreeMap<(Ino, u64), Arc<Page>>,
    /// From this page on, the file has only the pages in `pages`: it was cut or removed.
    pub cuts: BTreeMap<Ino, u64>,
}

/// What a layer knows of a row.
pub(crate) enum Known<T> {
    /// The row is this, or is gone.
    Here(Option<Arc<T>>),
    /// Ask the layer below.
    Below,
}

impl Overlay {
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of changed rows.
    pub(crate) fn len(&self) -> usize {
        self.inodes.len() + self.entries.len() + self.pages.len() + self.cuts.len()
    }

    pub(crate) fn inode(&self, ino: Ino) -> Known<Inode> {
        self.inodes.get(&ino).map_or(Known::Below, |row| Known::Here(row.clone()))
    }

    pub(crate) fn entry(&self, dir: Ino, hash: u64) -> Known<Bucket> {
        self.entries.get(&(dir, hash)).map_or(Known::Below, |row| Known::Here(row.clone()))
    }

    pub(crate) fn page(&self, ino: Ino, page: u64) -> Known<Page> {
        if let Some(row) = self.pages.get(&(ino, page)) {
            return Known::Here(Some(row.clone()));
        }
        match self.cuts.get(&ino) {
            Some(from) if page >= *from => Known::Here(None),
            _ => Known::Below,
        }
    }

    /// Whether any row of a directory changed.
    pub(crate) fn touches_dir(&self, dir: Ino) -> bool {
        self.entries.range((dir, 0)..=(dir, u64::MAX)).next().is_some()
    }

    /// Forgets the pages of a file from `from` on, here and below.
    pub(crate) fn cut_pages(&mut self, ino: Ino, from: u64, below: bool) {
        let gone: Vec<_> = self.pages.range((ino, from)..=(ino, u64::MAX)).map(|(key, _)| *key).collect();
        for key in gone {
            self.pages.remove(&key);
        }
        if below && !is_planted(Bug::CutForgotten) {
            let cut = self.cuts.entry(ino).or_insert(from);
            *cut = (*cut).min(from);
        }
    }
}
