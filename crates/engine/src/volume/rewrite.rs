//! Rewriting segments that are mostly dead, or too small.
//!
//! Segments are immutable: an overwrite leaves dead bytes in them. Where a segment is under half live, or all of
//! them together hold much more than is live, the live pieces are copied into new segments and the files are
//! pointed there. The old segments are then dead and go like any other.
//!
//! A piece is moved by a journaled change under the volume's lock, and only what still points at the old place: a
//! write that came meanwhile wins. In a crash before the change the copy is an object that nobody needs; after it
//! the journal points at the copy, which is in the store.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use holdfast_base::limits::{
    EXTENT_PAGE_SPAN_BYTES, REWRITE_MAX_BYTES, REWRITE_MAX_PIECES, REWRITE_SMALL_BYTES,
    REWRITE_SMALL_SEGMENTS,
};

use super::Volume;
use super::checkpoint::{Fill, Memory, segment_fills};
use super::tx::{Step, Tx};
use crate::error::Result;
use crate::format::codec::Take;
use crate::format::extent::{FrameRef, Page, Source};
use crate::format::frame::end_of;
use crate::format::keys;
use crate::format::record::Change;
use crate::segments::Packer;
use crate::types::Ino;

/// Rows read from the index at once.
const ROWS_AT_ONCE: usize = 1024;
/// Pieces moved by one record.
const MOVES_AT_ONCE: usize = 256;
/// Bytes of frames read with one request.
const READ_MAX_BYTES: u64 = 8 << 20;
/// The store may hold this many hundredths of what is live before segments over half live are rewritten too.
const SPACE_PERCENT: u64 = 115;

/// A piece of a file in a segment that is to go.
#[derive(Clone, Copy, Debug)]
struct Piece {
    ino: Ino,
    page: u64,
    start: u32,
    len: u32,
    at: FrameRef,
    skip: u32,
}

/// A piece and where its copy lies.
struct Move {
    piece: Piece,
    to: FrameRef,
}

impl Volume {
    /// Rewrites segments of this volume that are worth it and that nobody in `held` needs; the bytes moved. What it
    /// leaves for another time it leaves because of its own bounds.
    pub(crate) async fn rewrite(&self, held: &BTreeSet<u64>) -> Result<u64> {
        let fills = segment_fills(&self.index).await?;
        let own = fills.into_iter().filter(|(segment, fill)| {
            fill.live > 0 && !held.contains(segment) && self.segments.owner(*segment) == self.id
        });
        let chosen = choose(&own.collect());
        if chosen.is_empty() {
            return Ok(0);
        }
        let mut pieces = self.pieces_in(&chosen).await?;
        pieces.sort_unstable_by_key(|piece| (piece.at, piece.skip));
        let compression = self.settings().compression;
        let mut copy =
            Copying { volume: self, packer: self.segments.packer(compression)?, moves: Vec::new(), moved: 0 };
        let mut rest = &pieces[..];
        while !rest.is_empty() {
            let taken = copy.take_run(rest).await?;
            rest = &rest[taken..];
        }
        copy.put().await?;
        Ok(copy.moved)
    }

    /// The pieces of files that lie in these segments, as the index says.
    async fn pieces_in(&self, chosen: &BTreeSet<u64>) -> Result<Vec<Piece>> {
        const PAGES: &[u8] = b"x";
        let (mut from, mut pieces) = (PAGES.to_vec(), Vec::new());
        loop {
            let rows = self.index.scan(PAGES, &from, ROWS_AT_ONCE).await?;
            let Some((last, _)) = rows.last() else { return Ok(pieces) };
            from = [last, &[0][..]].concat();
            let is_end = rows.len() < ROWS_AT_ONCE;
            for (key, value) in rows {
                let (ino, page) = keys::pair_of(&key)?;
                let row = Page::decode(&mut Take::new(value))?;
                pieces.extend(row.pieces().iter().filter_map(|piece| match piece.source {
                    Source::Frame { at, skip } if chosen.contains(&at.segment) => {
                        Some(Piece { ino, page, start: piece.start, len: piece.len, at, skip })
                    }
                    _ => None,
                }));
            }
            if is_end || pieces.len() >= REWRITE_MAX_PIECES {
                return Ok(pieces);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Points files at copies, where they still point at the old places. No checkpoint runs meanwhile: it would
    /// count the copies as dead.
    async fn make_moves(&self, moves: &[Move], memory: &mut Memory, number: u64) -> Result<()> {
        memory.note_put(number, 0);
        for part in moves.chunks(MOVES_AT_ONCE) {
            // Not admitted like a write: who waits for room waits for a checkpoint, which waits for this.
            self.read_op(|tx| move_pieces(tx, part)).await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// Copying on its way.
struct Copying<'a> {
    volume: &'a Volume,
    packer: Packer,
    moves: Vec<Move>,
    moved: u64,
}

impl Copying<'_> {
    /// Reads frames that lie one behind the other with one request and copies their pieces; how many pieces.
    async fn take_run(&mut self, pieces: &[Piece]) -> Result<usize> {
        let (mut frames, mut taken) = (Vec::<FrameRef>::new(), 0);
        for piece in pieces {
            match (frames.first(), frames.last()) {
                (Some(_), Some(last)) if *last == piece.at => {}
                (Some(first), Some(last))
                    if last.segment != piece.at.segment
                        || end_of(*last) != u64::from(piece.at.position)
                        || end_of(piece.at) - u64::from(first.position) > READ_MAX_BYTES =>
                {
                    break;
                }
                _ => frames.push(piece.at),
            }
            taken += 1;
        }
        let data = self.volume.segments.read_run(pieces[0].at.segment, &frames).await?;
        let data: BTreeMap<u32, Bytes> = frames.iter().map(|at| at.position).zip(data).collect();
        for piece in &pieces[..taken] {
            let Some(frame) = data.get(&piece.at.position) else { continue };
            let (from, to) = (piece.skip as usize, (piece.skip + piece.len) as usize);
            if to > frame.len() {
                return Err(crate::Error::corrupt("a piece behind the end of its frame"));
            }
            self.add(*piece, frame.slice(from..to)).await?;
        }
        Ok(taken)
    }

    async fn add(&mut self, piece: Piece, data: Bytes) -> Result<()> {
        if self.packer.is_full_for(data.len()) {
            self.put().await?;
        }
        let to = self.packer.add(piece.ino, data)?;
        self.moves.push(Move { piece, to });
        self.moved += u64::from(piece.len);
        Ok(())
    }

    /// Puts the copies so far into the store and points the files there.
    async fn put(&mut self) -> Result<()> {
        let fresh = self.volume.segments.packer(self.volume.settings().compression)?;
        let packer = std::mem::replace(&mut self.packer, fresh);
        let moves = std::mem::take(&mut self.moves);
        if moves.is_empty() {
            return Ok(());
        }
        let number = packer.number;
        self.volume.segments.put_packed(packer).await?;
        let mut memory = self.volume.checkpoint.lock().await;
        self.volume.make_moves(&moves, &mut memory, number).await
    }
}

fn move_pieces(tx: &mut Tx<'_>, moves: &[Move]) -> Step<()> {
    let mut changes = Vec::new();
    for Move { piece, to } in moves {
        let Some(page) = tx.page(piece.ino, piece.page)? else { continue };
        for now in page.overlapping(piece.start, piece.start + piece.len) {
            let Source::Frame { at, skip } = now.source else { continue };
            let within = now.start.checked_sub(piece.start);
            let Some(within) = within.filter(|within| at == piece.at && skip == piece.skip + within) else {
                continue;
            };
            if now.end() <= piece.start + piece.len {
                let offset = piece.page * EXTENT_PAGE_SPAN_BYTES + u64::from(now.start);
                changes.push(Change::Frame { ino: piece.ino, offset, len: now.len, at: *to, skip: within });
            }
        }
    }
    if !changes.is_empty() {
        let counters = tx.counters();
        tx.commit(changes, counters)?;
    }
    Ok(())
}

/// The segments that are worth rewriting: those under half live, the emptiest of the rest until the whole is small
/// enough, and the small ones if there are many.
fn choose(fills: &BTreeMap<u64, Fill>) -> BTreeSet<u64> {
    let full: u64 = fills.values().map(|fill| fill.full).sum();
    let live: u64 = fills.values().map(|fill| fill.live).sum();
    let small = fills.iter().filter(|(_, fill)| fill.full < REWRITE_SMALL_BYTES);
    let merge = small.clone().count() >= REWRITE_SMALL_SEGMENTS;
    let mut emptiest: Vec<_> = fills.iter().filter(|(_, fill)| fill.live < fill.full).collect();
    emptiest.sort_by_key(|(_, fill)| fill.live.saturating_mul(1000) / fill.full.max(1));
    let (mut left, mut bytes, mut chosen) = (full, 0, BTreeSet::new());
    for (segment, fill) in emptiest {
        let half_dead = fill.live.saturating_mul(2) < fill.full;
        let too_much = left.saturating_mul(100) > live.saturating_mul(SPACE_PERCENT);
        if !(half_dead || too_much) || bytes >= REWRITE_MAX_BYTES {
            break;
        }
        left -= fill.full - fill.live;
        bytes += fill.live;
        chosen.insert(*segment);
    }
    if merge {
        for (segment, fill) in small {
            if bytes >= REWRITE_MAX_BYTES {
                break;
            }
            if chosen.insert(*segment) {
                bytes += fill.live;
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fills(of: &[(u64, u64)]) -> BTreeMap<u64, Fill> {
        of.iter().enumerate().map(|(n, (live, full))| (n as u64, Fill { live: *live, full: *full })).collect()
    }

    #[test]
    fn what_is_half_dead_is_chosen_and_what_is_full_is_not() {
        const M: u64 = 1 << 20;
        assert_eq!(choose(&fills(&[(10 * M, 64 * M), (64 * M, 64 * M)])), BTreeSet::from([0]));
        assert_eq!(choose(&fills(&[(64 * M, 64 * M), (60 * M, 64 * M)])), BTreeSet::new());
        // Each is over half live, but together they hold too much.
        let chosen = choose(&fills(&[(40 * M, 64 * M), (36 * M, 64 * M), (63 * M, 64 * M)]));
        assert_eq!(chosen, BTreeSet::from([0, 1]));
    }

    #[test]
    fn many_small_segments_are_merged_and_few_are_not() {
        let small = vec![(1000, 1000); REWRITE_SMALL_SEGMENTS];
        assert_eq!(choose(&fills(&small)).len(), REWRITE_SMALL_SEGMENTS);
        assert!(choose(&fills(&small[1..])).is_empty());
    }
}
