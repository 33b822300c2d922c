//! The output rope: encoded words in one growing buffer, large shared payloads spliced in by reference.
//!
//! A rope is a queue of bytes. Encoders append; a connection consumes from the front through [`bytes::Buf`],
//! whose `chunks_vectored` hands headers, payload and padding to one `write_vectored`. One rope can hold many
//! records, so a connection can write a batch of replies with one system call.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::Payload;

/// Shared data of at least this many bytes is spliced; less is copied, because one more segment costs more.
pub const SPLICE_MIN_BYTES: usize = 4096;

/// Zero bytes that follow `length` bytes of opaque data (RFC 4506 section 4.9).
pub(crate) const fn padding(length: usize) -> usize {
    length.wrapping_neg() & 3
}

/// Encoded bytes: appended at the end, consumed from the front.
#[derive(Debug, Default)]
pub struct Rope {
    inline: BytesMut,
    splices: VecDeque<Splice>,
    /// Inline bytes consumed since the rope was made or cleared: splice positions count from there.
    inline_consumed: usize,
    spliced_bytes: usize,
}

#[derive(Debug)]
struct Splice {
    /// Inline bytes in front of this splice, consumed ones included.
    at: usize,
    bytes: Bytes,
}

impl Rope {
    /// An empty rope; allocates when it is first written.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty rope with room for `capacity_bytes` of inline data.
    pub fn with_capacity(capacity_bytes: usize) -> Self {
        Self { inline: BytesMut::with_capacity(capacity_bytes), ..Self::default() }
    }

    /// Bytes not yet consumed.
    pub fn len(&self) -> usize {
        self.inline.len() + self.spliced_bytes
    }

    /// Whether nothing is left to consume.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops the content and keeps the inline buffer for reuse.
    pub fn clear(&mut self) {
        self.inline.clear();
        self.splices.clear();
        self.inline_consumed = 0;
        self.spliced_bytes = 0;
    }

    /// Appends a 32-bit integer.
    #[inline]
    pub fn put_u32(&mut self, value: u32) {
        self.inline.put_slice(&value.to_be_bytes());
    }

    /// Appends a 64-bit integer.
    #[inline]
    pub fn put_u64(&mut self, value: u64) {
        self.inline.put_slice(&value.to_be_bytes());
    }

    /// Appends a boolean.
    #[inline]
    pub fn put_bool(&mut self, value: bool) {
        self.put_u32(u32::from(value));
    }

    /// Appends bytes as they are: no length, no padding.
    #[inline]
    pub fn put_raw(&mut self, bytes: &[u8]) {
        self.inline.put_slice(bytes);
    }

    /// Appends a count.
    pub fn put_count(&mut self, count: usize) {
        self.put_u32(u32::try_from(count).expect("no counted XDR value here reaches 2^32"));
    }

    /// Appends variable-length opaque data by copying it: length, bytes, padding.
    pub fn put_opaque(&mut self, bytes: &[u8]) {
        self.put_count(bytes.len());
        self.put_raw(bytes);
        self.put_padding(bytes.len());
    }

    /// Appends variable-length opaque data that may be spliced: length, bytes, padding.
    pub fn put_shared_opaque(&mut self, bytes: &Bytes) {
        self.put_count(bytes.len());
        self.splice(bytes);
        self.put_padding(bytes.len());
    }

    /// Appends a payload as one variable-length opaque; each chunk of [`SPLICE_MIN_BYTES`] or more is spliced.
    pub fn put_payload(&mut self, payload: &Payload) {
        let length = payload.len();
        self.put_count(length);
        for chunk in payload.chunks() {
            self.splice(chunk);
        }
        self.put_padding(length);
    }

    /// Appends the elements as a linked list of optional data (RFC 4506 section 4.19).
    pub fn put_list<T: super::Encode>(&mut self, items: &[T]) {
        for item in items {
            self.put_bool(true);
            item.encode(self);
        }
        self.put_bool(false);
    }

    /// Appends another rope; its splices stay shared, its inline bytes are copied.
    pub fn append(&mut self, mut other: Rope) {
        let base = self.inline_end();
        for splice in other.splices.drain(..) {
            let at = base + (splice.at - other.inline_consumed);
            self.spliced_bytes += splice.bytes.len();
            self.splices.push_back(Splice { at, bytes: splice.bytes });
        }
        if self.inline.is_empty() && self.inline.capacity() < other.inline.len() {
            self.inline = other.inline;
        } else {
            self.inline.put_slice(&other.inline);
        }
    }

    /// The unconsumed bytes, piece by piece, without consuming them.
    pub fn chunks(&self) -> Chunks<'_> {
        Chunks { rope: self, inline_at: 0, next_splice: 0 }
    }

    /// The bytes as separate shared segments; small ropes are one segment.
    pub fn into_segments(mut self) -> Vec<Bytes> {
        let mut segments = Vec::with_capacity(2 * self.splices.len() + 1);
        while let Some(splice) = self.splices.pop_front() {
            let ahead = splice.at - self.inline_consumed;
            if ahead > 0 {
                segments.push(self.inline.split_to(ahead).freeze());
                self.inline_consumed += ahead;
            }
            segments.push(splice.bytes);
        }
        if !self.inline.is_empty() {
            segments.push(self.inline.freeze());
        }
        segments
    }

    /// The bytes in one contiguous buffer; copies only when something was spliced.
    pub fn into_bytes(mut self) -> Bytes {
        if self.splices.is_empty() {
            return self.inline.freeze();
        }
        let length = self.len();
        self.copy_to_bytes(length)
    }

    fn put_padding(&mut self, length: usize) {
        const ZEROS: [u8; 3] = [0; 3];
        self.put_raw(&ZEROS[..padding(length)]);
    }

    fn splice(&mut self, bytes: &Bytes) {
        if bytes.len() < SPLICE_MIN_BYTES {
            return self.put_raw(bytes);
        }
        self.spliced_bytes += bytes.len();
        self.splices.push_back(Splice { at: self.inline_end(), bytes: bytes.clone() });
    }

    fn inline_end(&self) -> usize {
        self.inline_consumed + self.inline.len()
    }

    /// Where the next inline word will be, for [`Rope::patch`].
    pub(crate) fn mark(&self) -> usize {
        self.inline_end()
    }

    /// Overwrites the inline word at `mark`. Nothing may have been consumed since the mark was taken.
    /// Overwrites the inline word at `mark`. Nothing may have been consumed since the mark was taken.
    pub(crate) fn patch(&mut self, mark: usize, word: [u8; 4]) {
        let at = mark - self.inline_consumed;
        self.inline[at..at + 4].copy_from_slice(&word);
    }
}

impl Buf for Rope {
    fn remaining(&self) -> usize {
        self.len()
    }

    fn chunk(&self) -> &[u8] {
        self.chunks().next().unwrap_or_default()
    }

    fn chunks_vectored<'a>(&'a self, into: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slot, chunk) in into.iter_mut().zip(self.chunks()) {
            *slot = IoSlice::new(chunk);
            filled += 1;
        }
        filled
    }

    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.len(), "a rope cannot be consumed past its end");
        while let Some(splice) = self.splices.front_mut() {
            let ahead = (splice.at - self.inline_consumed).min(count);
            self.inline.advance(ahead);
            self.inline_consumed += ahead;
            count -= ahead;
            if self.inline_consumed < splice.at {
                return;
            }
            let taken = splice.bytes.len().min(count);
            splice.bytes.advance(taken);
            self.spliced_bytes -= taken;
            count -= taken;
            if !splice.bytes.is_empty() {
                return;
            }
            self.splices.pop_front();
        }
        self.inline.advance(count);
        self.inline_consumed += count;
    }
}

/// Iterator over the non-empty pieces of a [`Rope`].
#[derive(Debug)]
pub struct Chunks<'a> {
    rope: &'a Rope,
    inline_at: usize,
    next_splice: usize,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.inline_at;
        let end = match self.rope.splices.get(self.next_splice) {
            Some(splice) => splice.at - self.rope.inline_consumed,
            None => self.rope.inline.len(),
        };
        if start < end {
            self.inline_at = end;
            return Some(&self.rope.inline[start..end]);
        }
        let splice = self.rope.splices.get(self.next_splice)?;
        self.next_splice += 1;
        Some(&splice.bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn big(fill: u8) -> Bytes {
        Bytes::from(vec![fill; SPLICE_MIN_BYTES + 1])
    }

    #[test]
    fn large_payloads_are_shared_and_small_ones_copied() {
        let payload = big(7);
        let mut rope = Rope::new();
        rope.put_u32(1);
        rope.put_shared_opaque(&payload);
        rope.put_shared_opaque(&Bytes::from_static(b"small"));
        let segments = rope.into_segments();
        assert_eq!(segments.iter().map(Bytes::len).collect::<Vec<_>>(), [8, SPLICE_MIN_BYTES + 1, 3 + 12]);
        assert_eq!(segments[1].as_ptr(), payload.as_ptr());
    }

    #[test]
    fn chunks_vectored_covers_header_payload_and_padding() {
        let mut rope = Rope::new();
        rope.put_shared_opaque(&big(1));
        let mut slices = [IoSlice::new(&[]); 8];
        assert_eq!(rope.chunks_vectored(&mut slices), 3);
        assert_eq!(slices[..3].iter().map(|s| s.len()).sum::<usize>(), rope.len());
    }

    proptest! {
        /// However a rope is built and consumed, it yields the bytes that were put in, in order.
        #[test]
        fn a_rope_is_a_queue_of_bytes(
            parts in prop::collection::vec((0u8..4, 0usize..6000), 1..12),
            steps in prop::collection::vec(1usize..5000, 1..20),
        ) {
            let mut rope = Rope::new();
            let mut wanted = Vec::new();
            let mut got = Vec::new();
            let mut steps = steps.into_iter().cycle();
            for (index, (kind, size)) in parts.into_iter().enumerate() {
                let bytes = Bytes::from(vec![index as u8 + 1; size]);
                wanted.extend_from_slice(&bytes);
                match kind {
                    0 => rope.put_raw(&bytes),
                    1 => rope.splice(&bytes),
                    2 => {
                        let mut other = Rope::new();
                        other.put_raw(b"x");
                        other.splice(&bytes);
                        other.advance(1);
                        rope.append(other);
                    }
                    _ => {
                        rope.splice(&bytes);
                        let step = steps.next().unwrap().min(rope.len());
                        got.extend_from_slice(&rope.copy_to_bytes(step));
                    }
                }
                prop_assert_eq!(rope.len() + got.len(), wanted.len());
                prop_assert!(rope.chunks().all(|chunk| !chunk.is_empty()));
                prop_assert_eq!(rope.chunks().map(<[u8]>::len).sum::<usize>(), rope.len());
            }
            while rope.has_remaining() {
                let step = steps.next().unwrap().min(rope.chunk().len());
                got.extend_from_slice(&rope.chunk()[..step]);
                rope.advance(step);
            }
            prop_assert_eq!(got, wanted);
        }
    }
}
