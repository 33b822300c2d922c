//! Extents and the pages that hold them.
//!
//! A page covers [`EXTENT_PAGE_SPAN_BYTES`] of one file and lists, sorted and without overlap, the pieces that
//! hold data; what no piece covers is a hole. A piece is either still in memory (and in the journal) or part of
//! a frame in a segment.

use bytes::Bytes;
use holdfast_base::limits::{EXTENT_PAGE_SPAN_BYTES, FRAME_MAX_BYTES};

use super::codec::{Put, Take};
use crate::error::{Error, Result};

/// Where a frame lies: the segment's number and the frame's offset in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FrameRef {
    /// Segment number: unique in the volume, never reused.
    pub segment: u64,
    /// Offset of the frame's header in the segment, bytes.
    pub position: u32,
    /// Bytes the frame's payload takes in the segment.
    pub stored_len: u32,
}

/// What backs a piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Bytes in memory, also in the journal. `write` names the write that brought them, so that a checkpoint
    /// can find what later operations kept of it.
    Memory { write: u64, bytes: Bytes },
    /// `skip` bytes into the payload of a frame.
    Frame { at: FrameRef, skip: u32 },
}

/// `len` bytes of a file from `start` (relative to the page).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub start: u32,
    pub len: u32,
    pub source: Source,
}

impl Piece {
    pub(crate) fn end(&self) -> u32 {
        self.start + self.len
    }

    /// The part from `from` to `to` (page-relative, inside the piece).
    pub(crate) fn slice(&self, from: u32, to: u32) -> Self {
        debug_assert!(self.start <= from && from < to && to <= self.end());
        let skipped = from - self.start;
        let source = match &self.source {
            Source::Memory { write, bytes } => Source::Memory {
                write: *write,
                bytes: bytes.slice(skipped as usize..(to - self.start) as usize),
            },
            Source::Frame { at, skip } => Source::Frame { at: *at, skip: skip + skipped },
        };
        Self { start: from, len: to - from, source }
    }
}

/// One page's pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pieces: Vec<Piece>,
}

/// The page that holds a file offset.
pub(crate) fn page_of(offset: u64) -> u64 {
    offset / EXTENT_PAGE_SPAN_BYTES
}

/// A file offset relative to its page.
pub(crate) fn in_page(offset: u64) -> u32 {
    (offset % EXTENT_PAGE_SPAN_BYTES) as u32
}

impl Page {
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Index of the first piece that ends after `start`.
    fn first_after(&self, start: u32) -> usize {
        self.pieces.partition_point(|piece| piece.end() <= start)
    }

    /// Bytes of data in `[start, end)`: what an overwrite gives back.
    pub(crate) fn covered(&self, start: u32, end: u32) -> u64 {
        self.overlapping(start, end)
            .map(|piece| u64::from(piece.end().min(end) - piece.start.max(start)))
            .sum()
    }

    /// The pieces that touch `[start, end)`, in order.
    pub(crate) fn overlapping(&self, start: u32, end: u32) -> impl Iterator<Item = &Piece> {
        self.pieces[self.first_after(start)..].iter().take_while(move |piece| piece.start < end)
    }

    /// Removes the data in `[start, end)`, leaving a hole.
    pub(crate) fn punch(&mut self, start: u32, end: u32) {
        let first = self.first_after(start);
        let last = first + self.pieces[first..].iter().take_while(|piece| piece.start < end).count();
        if first == last {
            return;
        }
        let head = &self.pieces[first];
        let head = (head.start < start).then(|| head.slice(head.start, start));
        let tail = &self.pieces[last - 1];
        let tail = (tail.end() > end).then(|| tail.slice(end, tail.end()));
        self.pieces.splice(first..last, head.into_iter().chain(tail));
    }

    /// Puts a piece over whatever was there.
    pub(crate) fn insert(&mut self, piece: Piece) {
        match self.pieces.last() {
            Some(last) if last.end() > piece.start => {
                self.punch(piece.start, piece.end());
                let place = self.first_after(piece.start);
                self.pieces.insert(place, piece);
            }
            // The common case of a file written front to back.
            _ => self.pieces.push(piece),
        }
    }

    /// Replaces memory pieces of `[start, start + len)` that came with `write` by the frame that now holds them.
    pub(crate) fn settle(&mut self, start: u32, len: u32, write: u64, at: FrameRef, skip: u32) -> usize {
        let mut settled = 0;
        let from = self.first_after(start);
        for piece in self.pieces[from..].iter_mut().take_while(|piece| piece.start < start + len) {
            if matches!(&piece.source, Source::Memory { write: own, .. } if *own == write)
                && piece.start >= start
                && piece.end() <= start + len
            {
                settled += piece.len as usize;
                piece.source = Source::Frame { at, skip: skip + (piece.start - start) };
            }
        }
        settled
    }

    /// Payload bytes that this page uses of each segment, as (segment, bytes).
    pub(crate) fn segment_use(&self) -> impl Iterator<Item = (u64, u64)> {
        self.pieces.iter().filter_map(|piece| match &piece.source {
            Source::Frame { at, .. } => Some((at.segment, u64::from(piece.len))),
            Source::Memory { .. } => None,
        })
    }

    /// The index form. A page with bytes in memory cannot be written: that is a defect of the checkpoint.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) -> Result<()> {
        out.put_varint(self.pieces.len() as u64);
        let mut at = 0;
        for piece in &self.pieces {
            let Source::Frame { at: frame, skip } = &piece.source else {
                return Err(Error::corrupt("a page with unsettled data"));
            };
            out.put_varint(u64::from(piece.start - at));
            out.put_varint(u64::from(piece.len));
            out.put_varint(frame.segment);
            out.put_varint(u64::from(frame.position));
            out.put_varint(u64::from(frame.stored_len));
            out.put_varint(u64::from(*skip));
            at = piece.end();
        }
        Ok(())
    }

    pub(crate) fn decode(take: &mut Take) -> Result<Self> {
        let count = take.varint()?;
        if count > EXTENT_PAGE_SPAN_BYTES {
            return Err(Error::corrupt("a page with too many pieces"));
        }
        let mut pieces = Vec::with_capacity((count as usize).min(4096));
        let mut at = 0u64;
        for _ in 0..count {
            let start = at + take.varint()?;
            let len = take.varint()?;
            let frame = FrameRef {
                segment: take.varint()?,
                position: take.varint_u32()?,
                stored_len: take.varint_u32()?,
            };
            let skip = take.varint_u32()?;
            at = start.saturating_add(len);
            if len == 0 || at > EXTENT_PAGE_SPAN_BYTES || len + u64::from(skip) > FRAME_MAX_BYTES as u64 {
                return Err(Error::corrupt("a piece outside its page"));
            }
            pieces.push(Piece {
                start: start as u32,
                len: len as u32,
                source: Source::Frame { at: frame, skip },
            });
        }
        Ok(Self { pieces })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn memory(start: u32, data: &[u8], write: u64) -> Piece {
        Piece {
            start,
            len: data.len() as u32,
            source: Source::Memory { write, bytes: Bytes::copy_from_slice(data) },
        }
    }

    fn flatten(page: &Page, len: usize) -> Vec<Option<u8>> {
        let mut out = vec![None; len];
        let mut at = 0;
        for piece in page.pieces() {
            assert!(piece.start >= at && piece.len > 0, "sorted, without overlap");
            at = piece.end();
            let Source::Memory { bytes, .. } = &piece.source else { panic!("memory only") };
            for (index, byte) in bytes.iter().enumerate() {
                out[piece.start as usize + index] = Some(*byte);
            }
        }
        out
    }

    proptest! {
        #[test]
        fn pages_behave_like_an_array(
            steps in prop::collection::vec((0u32..200, 1u32..60, any::<u8>(), any::<bool>()), 1..60)
        ) {
            let (mut page, mut model) = (Page::default(), vec![None; 300]);
            for (index, (start, len, byte, write)) in steps.into_iter().enumerate() {
                let range = start as usize..(start + len) as usize;
                let before = model[range.clone()].iter().flatten().count() as u64;
                prop_assert_eq!(page.covered(start, start + len), before);
                if write {
                    page.insert(memory(start, &vec![byte; len as usize], index as u64));
                    model[range].fill(Some(byte));
                } else {
                    page.punch(start, start + len);
                    model[range].fill(None);
                }
                prop_assert_eq!(flatten(&page, 300), model.clone());
            }
        }
    }

    #[test]
    fn settled_pages_round_trip_and_unsettled_ones_are_refused() {
        let mut page = Page::default();
        page.insert(memory(10, b"0123456789", 7));
        page.punch(13, 15);
        let mut out = Vec::new();
        assert!(page.encode(&mut out).is_err());
        let at = FrameRef { segment: 5, position: 64, stored_len: 10 };
        assert_eq!(page.settle(10, 10, 7, at, 0), 8);
        out.clear();
        page.encode(&mut out).unwrap();
        assert_eq!(Page::decode(&mut Take::new(out.into())).unwrap(), page);
        assert_eq!(page.segment_use().map(|(_, len)| len).sum::<u64>(), 8);
        let Source::Frame { skip, .. } = page.pieces()[1].source else { panic!("settled") };
        assert_eq!(skip, 5);
    }
}
