//! The batch of a checkpoint: changed rows, and the exact count of every segment's live bytes.

use std::collections::{BTreeMap, BTreeSet};

use slatedb::WriteBatch;

use super::{Memory, pause};
use crate::error::{Error, Result};
use crate::format::codec::{Put, Take};
use crate::format::extent::Page;
use crate::format::keys;
use crate::format::meta::Meta;
use crate::index::Index;
use crate::planted::{Bug, is_planted};
use crate::types::Ino;
use crate::volume::Volume;
use crate::volume::load;
use crate::volume::overlay::Overlay;

/// Rows on their way into the index.
#[derive(Default)]
pub(super) struct Rows {
    pub batch: WriteBatch,
    /// How the live bytes of each segment change.
    deltas: BTreeMap<u64, i64>,
    /// Pages that the index had and that are gone.
    pub gone_pages: Vec<(Ino, u64)>,
    /// Bytes in segments that nothing points at any more.
    pub died_bytes: u64,
}

impl Rows {
    pub(super) fn put_meta(&mut self, meta: Meta) {
        self.batch.put(keys::META, meta.encode());
    }

    fn count(&mut self, page: &Page, sign: i64) {
        if is_planted(Bug::SegmentLeaks) && sign < 0 {
            return;
        }
        for (segment, bytes) in page.segment_use() {
            *self.deltas.entry(segment).or_default() += sign * bytes as i64;
        }
    }
}

/// How much of a segment is live, and how much was when it was first counted, or is known to be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fill {
    pub live: u64,
    pub full: u64,
}

impl Fill {
    /// A row of version 1 has the live bytes only.
    fn decode(mut take: Take) -> Result<Self> {
        let live = take.varint()?;
        let full = if take.is_empty() { live } else { take.varint()? };
        take.finish()?;
        Ok(Self { live, full })
    }
}

/// The segments that the index counts, with how full they are.
pub(crate) async fn segment_fills(index: &Index) -> Result<BTreeMap<u64, Fill>> {
    let rows = index.scan(keys::SEGMENTS, keys::SEGMENTS, usize::MAX).await?;
    rows.into_iter()
        .map(|(key, value)| Ok((keys::last_number(&key)?, Fill::decode(Take::new(value))?)))
        .collect()
}

/// The segments that the index counts, with their live bytes, in order of their numbers.
pub(crate) async fn segment_counts(index: &Index) -> Result<Vec<(u64, u64)>> {
    Ok(segment_fills(index).await?.into_iter().map(|(segment, fill)| (segment, fill.live)).collect())
}

/// The segments that the index counts as without live bytes.
pub(super) async fn dead_segments(index: &Index) -> Result<BTreeSet<u64>> {
    let counts = segment_counts(index).await?.into_iter();
    Ok(counts.filter(|(_, live)| *live == 0).map(|(segment, _)| segment).collect())
}

impl Volume {
    /// Encodes what changed, and counts what the new rows use of segments against what the old ones did.
    pub(super) async fn collect_rows(&self, settled: &Overlay, rows: &mut Rows) -> Result<()> {
        let mut value = Vec::new();
        for (index, (ino, inode)) in settled.inodes.iter().enumerate() {
            match inode {
                Some(inode) => {
                    value.clear();
                    inode.encode(&mut value);
                    rows.batch.put(keys::inode(*ino), &value);
                }
                None => rows.batch.delete(keys::inode(*ino)),
            }
            pause(index).await;
        }
        for (index, ((dir, hash), bucket)) in settled.entries.iter().enumerate() {
            match bucket {
                Some(bucket) => {
                    value.clear();
                    bucket.encode(&mut value);
                    rows.batch.put(keys::entry(*dir, *hash), &value);
                }
                None => rows.batch.delete(keys::entry(*dir, *hash)),
            }
            pause(index).await;
        }
        self.collect_cuts(settled, rows).await?;
        self.collect_pages(settled, rows).await
    }

    /// Rows of files that were cut or removed.
    async fn collect_cuts(&self, settled: &Overlay, rows: &mut Rows) -> Result<()> {
        for (ino, from) in &settled.cuts {
            for (number, page) in load::read_pages(&self.index, *ino, *from).await? {
                rows.count(&page, -1);
                rows.gone_pages.push((*ino, number));
                rows.batch.delete(keys::page(*ino, number));
            }
        }
        Ok(())
    }

    async fn collect_pages(&self, settled: &Overlay, rows: &mut Rows) -> Result<()> {
        let indexed_next_ino = self.state.lock().indexed_next_ino;
        let mut value = Vec::new();
        for (index, ((ino, number), page)) in settled.pages.iter().enumerate() {
            let was_cut = settled.cuts.get(ino).is_some_and(|from| number >= from);
            if *ino < indexed_next_ino
                && !was_cut
                && let Some(old) = load::read_page(&self.index, *ino, *number).await?
            {
                rows.count(&old, -1);
            }
            rows.count(page, 1);
            if page.is_empty() {
                rows.batch.delete(keys::page(*ino, *number));
            } else {
                value.clear();
                page.encode(&mut value)?;
                rows.batch.put(keys::page(*ino, *number), &value);
            }
            pause(index).await;
        }
        Ok(())
    }

    /// The new count of every segment that changed or is new, also put into the batch.
    pub(super) async fn count_segments(
        &self,
        rows: &mut Rows,
        memory: &Memory,
    ) -> Result<BTreeMap<u64, u64>> {
        for segment in memory.uncounted.keys() {
            rows.deltas.entry(*segment).or_default();
        }
        let mut counts = BTreeMap::new();
        for (segment, delta) in std::mem::take(&mut rows.deltas) {
            let old = self.index.get(&keys::segment(segment)).await?;
            let old = old.map(|value| Fill::decode(Take::new(value))).transpose()?;
            let was = old.map_or(0, |old| old.live);
            let live = was.checked_add_signed(delta).ok_or_else(|| {
                Error::corrupt(format!("segment {segment:016x} would have {was} {delta:+} live bytes"))
            })?;
            let known = memory.uncounted.get(&segment).copied().unwrap_or(0);
            let full = old.map_or(0, |old| old.full).max(known).max(live);
            rows.died_bytes += was.saturating_sub(live);
            let mut value = Vec::new();
            value.put_varint(live);
            value.put_varint(full);
            rows.batch.put(keys::segment(segment), &value);
            counts.insert(segment, live);
        }
        for segment in &memory.deleted {
            rows.batch.delete(keys::segment(*segment));
        }
        Ok(counts)
    }
}
