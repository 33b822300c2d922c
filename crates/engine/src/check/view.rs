//! One view, head or snapshot: its rows are read in runs, so that memory is bounded by the number of inodes.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::tree::Tree;
use crate::error::{Error, Result};
use crate::format::codec::Take;
use crate::format::entry::Bucket;
use crate::format::extent::{FrameRef, Page, Source};
use crate::format::inode::Inode;
use crate::format::keys;
use crate::format::meta::Meta;
use crate::volume::Volume;

/// What was counted.
pub(super) struct Facts {
    pub inodes: u64,
    pub frames: u64,
    /// Each used segment, and where its last used frame ends.
    pub segment_ends: Vec<(u64, u64)>,
    pub problems: Vec<String>,
}

/// Rows read at once.
const ROWS_AT_ONCE: usize = 4096;
/// What the keys of each kind of row begin with.
const PREFIX_INODES: &[u8] = b"i";
const PREFIX_ENTRIES: &[u8] = b"d";
const PREFIX_PAGES: &[u8] = b"x";

impl Volume {
    /// Counts everything in the index again.
    pub(super) async fn count_again(&self, deep: bool) -> Result<Facts> {
        let _quiet = self.settle().await?;
        let meta = self.index().get(keys::META).await?.ok_or_else(|| Error::corrupt("no own row"))?;
        let meta = Meta::decode(Take::new(meta))?;
        let mut tree = Tree::default();
        self.each_row(PREFIX_INODES, |key, value| {
            let ino = keys::last_number(&key)?;
            tree.inode(&Inode::decode(ino, &mut Take::new(value))?);
            Ok(())
        })
        .await?;
        self.each_row(PREFIX_ENTRIES, |key, value| {
            let (dir, hash) = keys::pair_of(&key)?;
            tree.row(&meta.hash_key, dir, hash, &Bucket::decode(&mut Take::new(value))?);
            Ok(())
        })
        .await?;
        let mut frames: Vec<FrameRef> = Vec::new();
        self.each_row(PREFIX_PAGES, |key, value| {
            let (ino, number) = keys::pair_of(&key)?;
            let page = Page::decode(&mut Take::new(value))?;
            tree.page(ino, number, &page);
            if deep {
                frames.extend(page.pieces().iter().filter_map(|piece| match &piece.source {
                    Source::Frame { at, .. } => Some(*at),
                    Source::Memory { .. } => None,
                }));
            }
            Ok(())
        })
        .await?;
        tree.finish(&meta.counters);
        let mut problems = std::mem::take(&mut tree.problems);
        compare_counts(&tree.segments, &self.segment_counts().await?, &mut problems);
        frames.sort_unstable();
        frames.dedup();
        self.open_frames(&frames, &mut problems).await?;
        Ok(Facts {
            inodes: tree.len(),
            frames: frames.len() as u64,
            segment_ends: tree.segments.iter().map(|(segment, (_, end))| (*segment, *end)).collect(),
            problems,
        })
    }

    async fn each_row(&self, prefix: &[u8], mut row: impl FnMut(Bytes, Bytes) -> Result<()>) -> Result<()> {
        let mut from = prefix.to_vec();
        loop {
            let rows = self.index().scan(prefix, &from, ROWS_AT_ONCE).await?;
            let Some((last, _)) = rows.last() else { return Ok(()) };
            from = [last, &[0][..]].concat();
            let is_end = rows.len() < ROWS_AT_ONCE;
            rows.into_iter().try_for_each(|(key, value)| row(key, value))?;
            if is_end {
                return Ok(());
            }
        }
    }

    async fn open_frames(&self, frames: &[FrameRef], problems: &mut Vec<String>) -> Result<()> {
        for at in frames {
            match self.open_stored(*at).await {
                Ok(()) => {}
                Err(error @ (Error::Unavailable(_) | Error::Io(_))) => return Err(error),
                Err(error) => problems.push(error.to_string()),
            }
        }
        Ok(())
    }
}

/// Compares the live bytes that were counted with those that are written.
fn compare_counts(counted: &BTreeMap<u64, (u64, u64)>, written: &[(u64, u64)], problems: &mut Vec<String>) {
    let written: BTreeMap<u64, u64> = written.iter().copied().collect();
    for (segment, (live, _)) in counted {
        let says = written.get(segment).copied().unwrap_or(0);
        if says != *live {
            problems.push(format!("segment {segment:016x} counts {says} live bytes and has {live}"));
        }
    }
    for (segment, says) in
        written.iter().filter(|(segment, says)| **says > 0 && !counted.contains_key(segment))
    {
        problems.push(format!("segment {segment:016x} counts {says} live bytes and has none"));
    }
}
