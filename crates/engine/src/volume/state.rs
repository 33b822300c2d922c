//! A volume's state under its lock: what is true now, and how a record changes it.
//!
//! Invariants: every change enters through [`State::apply`], with a record that was appended to the journal (or
//! read from it) in the same order; `lsn` is the last such record; the counters are those of that record.

use std::sync::Arc;
use std::time::Duration;

use holdfast_base::VolumeSettings;

use crate::cache::{Caches, Opening};
use crate::format::entry::Bucket;
use crate::format::extent::{Page, Piece, Source, in_page, page_of};
use crate::format::inode::Inode;
use crate::format::meta::Counters;
use crate::format::record::{Change, Record};
use crate::journal::Lsn;
use crate::types::Ino;

use super::load::{Loaded, Need, Row};
use super::overlay::{Known, Overlay};
use super::ship::Unshipped;

/// A point in the order of a volume's records, with what holds for the volume as a whole at it.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    pub counters: Counters,
    pub settings: VolumeSettings,
    pub lsn: Lsn,
}

/// See the module.
pub(crate) struct State {
    pub active: Overlay,
    pub frozen: Option<Arc<Overlay>>,
    pub counters: Counters,
    pub settings: VolumeSettings,
    /// The last record of this volume.
    pub lsn: Lsn,
    /// The last record that the index includes.
    pub indexed_lsn: Lsn,
    /// What records point at in segment files and the store does not have.
    pub unshipped: Unshipped,
    /// What `frozen` includes; while nothing is frozen, what the index does.
    pub frozen_mark: Mark,
    /// Data bytes that changes in `active` brought into memory.
    pub active_bytes: usize,
    /// The same of `frozen`.
    pub frozen_bytes: usize,
    /// Journal bytes of the changes in `active`.
    pub active_logged: u64,
    /// The same of `frozen`.
    pub frozen_logged: u64,
    /// When the oldest change in `active` was made, on the monotonic clock.
    pub active_since: Option<Duration>,
    /// Inodes from this one on are not in the index.
    pub indexed_next_ino: Ino,
    /// Counts checkpoints: what was read from the index before one may not be cached after it.
    pub index_version: u64,
    pub opening: Opening,
    pub caches: Arc<Caches>,
    /// Reused for encoding records.
    pub scratch: Vec<u8>,
    /// Set when the volume closes or is deleted: no operation begins any more.
    pub closed: bool,
}

impl State {
    /// Whether an inode was made after the last freeze, so that nothing of it can be in a layer below.
    fn is_fresh(&self, ino: Ino) -> bool {
        ino >= self.frozen_mark.counters.next_ino
    }

    /// The record that an answer from now has to wait for; 0 if the index includes everything.
    pub(crate) fn awaited_lsn(&self) -> Lsn {
        if self.lsn > self.indexed_lsn { self.lsn } else { 0 }
    }

    /// Moves all changes so far into the frozen layer, for a checkpoint.
    pub(crate) fn freeze(&mut self) {
        debug_assert!(self.frozen.is_none(), "one checkpoint at a time");
        self.frozen = Some(Arc::new(std::mem::take(&mut self.active)));
        self.frozen_mark = Mark { counters: self.counters, settings: self.settings, lsn: self.lsn };
        self.frozen_bytes = std::mem::take(&mut self.active_bytes);
        self.frozen_logged = std::mem::take(&mut self.active_logged);
        self.active_since = None;
    }

    /// The index now includes what was frozen; the caller drops it without the lock.
    pub(crate) fn install(&mut self) -> Option<Arc<Overlay>> {
        self.index_version += 1;
        self.indexed_next_ino = self.frozen_mark.counters.next_ino;
        self.indexed_lsn = self.frozen_mark.lsn;
        self.frozen_bytes = 0;
        self.frozen_logged = 0;
        self.frozen.take()
    }

    pub(crate) fn inode(&self, ino: Ino, loaded: &Loaded) -> Result<Option<Arc<Inode>>, Need> {
        if let Known::Here(row) = self.active.inode(ino) {
            return Ok(row);
        }
        if let Some(Known::Here(row)) = self.frozen.as_ref().map(|frozen| frozen.inode(ino)) {
            return Ok(row);
        }
        if ino >= self.indexed_next_ino {
            return Ok(None);
        }
        let cached = self.caches.inodes.get(&(self.opening, ino));
        cached.or_else(|| loaded.inode(ino)).ok_or(Need::Inode(ino))
    }

    pub(crate) fn entry(&self, dir: Ino, hash: u64, loaded: &Loaded) -> Result<Option<Arc<Bucket>>, Need> {
        if let Known::Here(row) = self.active.entry(dir, hash) {
            return Ok(row);
        }
        if let Some(Known::Here(row)) = self.frozen.as_ref().map(|frozen| frozen.entry(dir, hash)) {
            return Ok(row);
        }
        if dir >= self.indexed_next_ino {
            return Ok(None);
        }
        if let Some(row) = self.caches.entries.get(&(self.opening, dir, hash)) {
            return Ok(row);
        }
        if let Some(rows) = self.caches.listings.get(&(self.opening, dir)) {
            let found = rows.binary_search_by_key(&hash, |(hash, _)| *hash);
            return Ok(found.ok().map(|index| rows[index].1.clone()));
        }
        loaded.entry(dir, hash).ok_or(Need::Entry(dir, hash))
    }

    pub(crate) fn page(&self, ino: Ino, page: u64, loaded: &Loaded) -> Result<Option<Arc<Page>>, Need> {
        if let Known::Here(row) = self.active.page(ino, page) {
            return Ok(row);
        }
        if let Some(Known::Here(row)) = self.frozen.as_ref().map(|frozen| frozen.page(ino, page)) {
            return Ok(row);
        }
        if ino >= self.indexed_next_ino {
            return Ok(None);
        }
        let cached = self.caches.pages.get(&(self.opening, ino, page));
        cached.or_else(|| loaded.page(ino, page)).ok_or(Need::Page(ino, page))
    }

    /// Caches a row read from the index, unless a layer above knows better: what is frozen now will be in the
    /// index when this row is looked up again.
    pub(crate) fn cache(&self, row: Row) {
        let layers = || std::iter::once(&self.active).chain(self.frozen.as_deref());
        let opening = self.opening;
        match row {
            Row::Inodes(inodes) => {
                for (ino, inode) in inodes {
                    if !layers().any(|layer| matches!(layer.inode(ino), Known::Here(_))) {
                        self.caches.inodes.insert((opening, ino), inode);
                    }
                }
            }
            Row::Entry(dir, hash, bucket) => {
                if !layers().any(|layer| matches!(layer.entry(dir, hash), Known::Here(_))) {
                    self.caches.entries.insert((opening, dir, hash), bucket);
                }
            }
            Row::Page(ino, number, page) => {
                if !layers().any(|layer| matches!(layer.page(ino, number), Known::Here(_))) {
                    self.caches.pages.insert((opening, ino, number), page);
                }
            }
            // A directory read whole is kept whole. A checkpoint that changes it drops the listing.
            Row::Entries(dir, 0, run) if run.complete && !layers().any(|layer| layer.touches_dir(dir)) => {
                self.caches.listings.insert((opening, dir), run.rows);
            }
            Row::Entries(..) | Row::Pages(..) => {}
        }
    }

    /// The rows that applying `record` reads and that must be in memory first: pages that it changes in part.
    pub(crate) fn missing_for(&self, record: &Record, loaded: &Loaded) -> Result<(), Need> {
        for change in &record.changes {
            match change {
                Change::Data { ino, offset, .. } | Change::Frame { ino, offset, .. } => {
                    self.page(*ino, page_of(*offset), loaded)?;
                }
                Change::Cut { ino, from } if in_page(*from) > 0 => {
                    self.page(*ino, page_of(*from), loaded)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes a record true. [`State::missing_for`] must have found nothing missing.
    pub(crate) fn apply(&mut self, lsn: Lsn, record: Record, loaded: &Loaded, now: Duration) {
        debug_assert!(lsn > self.lsn, "records come in order");
        debug_assert!(record.counters.next_ino >= self.counters.next_ino, "inode numbers only grow");
        for change in record.changes {
            self.apply_change(lsn, change, loaded);
        }
        self.counters = record.counters;
        self.lsn = lsn;
        self.active_since.get_or_insert(now);
    }

    fn apply_change(&mut self, lsn: Lsn, change: Change, loaded: &Loaded) {
        match change {
            Change::Inode(inode) => {
                self.active.inodes.insert(inode.attr.ino, Some(inode));
            }
            Change::InodeGone(ino) => {
                let below = !self.is_fresh(ino);
                self.active.cut_pages(ino, 0, below);
                if below {
                    self.active.inodes.insert(ino, None);
                } else {
                    self.active.inodes.remove(&ino);
                }
            }
            Change::Entry { dir, hash, bucket } => {
                if bucket.is_none() && self.is_fresh(dir) {
                    self.active.entries.remove(&(dir, hash));
                } else {
                    self.active.entries.insert((dir, hash), bucket);
                }
            }
            Change::Data { ino, offset, bytes } => {
                self.active_bytes += bytes.len();
                let (start, len) = (in_page(offset), bytes.len() as u32);
                let source = Source::Memory { write: lsn, bytes };
                self.edit_page(ino, page_of(offset), loaded, |page| {
                    page.insert(Piece { start, len, source });
                });
            }
            Change::Frame { ino, offset, len, at, skip } => {
                let start = in_page(offset);
                self.edit_page(ino, page_of(offset), loaded, |page| {
                    page.insert(Piece { start, len, source: Source::Frame { at, skip } });
                });
            }
            Change::Cut { ino, from } => self.cut(ino, from, loaded),
            Change::Settings(settings) => self.settings = settings,
        }
    }

    /// Changes a page in the active layer, copying it up from below first.
    fn edit_page(&mut self, ino: Ino, page: u64, loaded: &Loaded, edit: impl FnOnce(&mut Page)) {
        if let Some(row) = self.active.pages.get_mut(&(ino, page)) {
            edit(Arc::make_mut(row));
            return;
        }
        // Missing rows were ruled out before: what cannot be found now does not exist.
        let below = self.page(ino, page, loaded).ok().flatten();
        let mut row = below.unwrap_or_default();
        edit(Arc::make_mut(&mut row));
        self.active.pages.insert((ino, page), row);
    }

    fn cut(&mut self, ino: Ino, from: u64, loaded: &Loaded) {
        let (page, within) = (page_of(from), in_page(from));
        let below = !self.is_fresh(ino);
        if within == 0 {
            self.active.cut_pages(ino, page, below);
            return;
        }
        self.active.cut_pages(ino, page + 1, below);
        if matches!(self.page(ino, page, loaded), Ok(Some(_))) {
            self.edit_page(ino, page, loaded, |row| row.punch(within, u32::MAX));
        }
    }
}
