//! READDIR and READDIRPLUS.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_base::limits;

use crate::error::Result;
use crate::format::entry::{Bucket, cookie, resume};
use crate::types::{Caller, Ino, ListEntry, Listing};
use crate::volume::load::{EntryRun, Need};
use crate::volume::tx::{Step, Tx, may, require};
use crate::volume::{FileId, Volume};

/// Directories up to this many entries are read from the index whole, and kept whole.
const WHOLE_MAX_ENTRIES: u64 = 8192;
/// Rows read at once: more than a whole directory may have, as some may be removed above the index.
const RUN_ROWS: usize = 2 * WHOLE_MAX_ENTRIES as usize;

impl Volume {
    /// Entries of a directory behind `after` (0 for the start), at most `max_entries`, in cookie order, without
    /// `.` and `..`. An entry that is there throughout is listed exactly once, whatever else comes and goes.
    ///
    /// # Errors
    /// [`crate::Error::NotDirectory`], [`crate::Error::AccessDenied`] without read permission,
    /// [`crate::Error::Stale`].
    pub async fn list(
        &self,
        caller: &Caller,
        dir: FileId,
        after: u64,
        max_entries: usize,
        with_attributes: bool,
    ) -> Result<Listing> {
        let max_entries = max_entries.clamp(1, limits::LIST_PAGE_MAX_ENTRIES);
        let (start, slot) = resume(after);
        // Moves on when a whole run of rows turns out to be removed above the index.
        let mut scan_from = start;
        self.read_op(|tx| {
            let inode = tx.dir(dir)?;
            require(&inode, caller, may::READ)?;
            let (rows, end) = loop {
                let run = rows_below(tx, dir.ino, inode.entries, scan_from)?;
                let (rows, end, last_row) = merge(tx, dir.ino, scan_from, &run, max_entries);
                if rows.is_empty() && !end {
                    scan_from = last_row + 1;
                    continue;
                }
                break (rows, end);
            };
            let mut listing = Listing { entries: Vec::new(), end, dir: inode.attr, parent: inode.parent };
            fill(&mut listing, &rows, (start, slot), max_entries);
            if with_attributes {
                add_attributes(tx, &mut listing.entries)?;
            }
            Ok(listing)
        })
        .await
    }
}

type Rows = Vec<(u64, Arc<Bucket>)>;

/// The rows of a directory in the index, from a hash on.
fn rows_below(tx: &Tx<'_>, dir: Ino, entries: u64, from: u64) -> Step<EntryRun> {
    let state = tx.state();
    if dir >= state.indexed_next_ino {
        return Ok(EntryRun { rows: Arc::default(), complete: true });
    }
    if let Some(rows) = state.caches.listings.get(&(state.opening, dir)) {
        return Ok(EntryRun { rows, complete: true });
    }
    let from = if entries <= WHOLE_MAX_ENTRIES { 0 } else { from };
    match &tx.loaded().entry_run {
        Some((of, start, run)) if *of == dir && *start == from => Ok(run.clone()),
        _ => Err(Need::Entries { dir, from, limit: RUN_ROWS }.into()),
    }
}

/// Rows from `from` on as they are now, whether they are the last, and the last row looked at.
fn merge(tx: &Tx<'_>, dir: Ino, from: u64, run: &EntryRun, max_rows: usize) -> (Rows, bool, u64) {
    let state = tx.state();
    let known_until = match run.rows.last() {
        Some((hash, _)) if !run.complete => *hash,
        _ => u64::MAX,
    };
    let first = run.rows.partition_point(|(hash, _)| *hash < from);
    let mut below = run.rows[first..].iter().map(|(hash, row)| (*hash, Some(row.clone()))).peekable();
    let keys = (dir, from)..=(dir, known_until);
    let empty = BTreeMap::new();
    let frozen = state.frozen.as_ref().map_or(&empty, |frozen| &frozen.entries);
    let mut middle = frozen.range(keys.clone()).map(|((_, hash), row)| (*hash, row.clone())).peekable();
    let mut above = state.active.entries.range(keys).map(|((_, hash), row)| (*hash, row.clone())).peekable();
    let mut rows = Vec::new();
    let mut last = from;
    loop {
        let heads = [above.peek(), middle.peek(), below.peek()];
        let Some(hash) = heads.into_iter().flatten().map(|(hash, _)| *hash).min() else { break };
        if rows.len() > max_rows {
            return (rows, false, last);
        }
        let is_next = |head: &(u64, Option<Arc<Bucket>>)| head.0 == hash;
        let (a, m, b) = (above.next_if(is_next), middle.next_if(is_next), below.next_if(is_next));
        if let Some((_, Some(row))) = a.or(m).or(b) {
            rows.push((hash, row));
        }
        last = hash;
    }
    (rows, known_until == u64::MAX, last.max(if known_until == u64::MAX { last } else { known_until }))
}

/// Turns rows into entries, leaving out those before `start`.
fn fill(listing: &mut Listing, rows: &Rows, start: (u64, u8), max_entries: usize) {
    for (hash, row) in rows {
        for entry in &row.entries {
            if (*hash, entry.slot) < start {
                continue;
            }
            if listing.entries.len() == max_entries {
                listing.end = false;
                return;
            }
            listing.entries.push(ListEntry {
                ino: entry.ino,
                kind: entry.kind,
                name: entry.name.clone(),
                cookie: cookie(*hash, entry.slot),
                attr: None,
            });
        }
    }
}

/// Adds the attributes of all entries, or asks for all that are missing at once.
fn add_attributes(tx: &Tx<'_>, entries: &mut [ListEntry]) -> Step<()> {
    let mut missing = Vec::new();
    for entry in entries {
        match tx.state().inode(entry.ino, tx.loaded()) {
            Ok(inode) => entry.attr = inode.map(|inode| inode.attr),
            Err(_) => missing.push(entry.ino),
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(Need::Inodes(missing).into()) }
}
