//! Record marking (RFC 5531 section 11): RPC messages on a byte stream.
//!
//! A record is one or more fragments; each begins with a word that holds its length and, in the top bit, whether it
//! is the record's last. The decoder takes complete records off the front of a receive buffer. It allocates nothing
//! for a record of one fragment and never acts on an announced length: memory follows the bytes that arrived.
//! Any error means that the stream has lost its framing or its sender is hostile: close the connection.

use bytes::{Buf, Bytes, BytesMut};
use holdfast_base::limits::{RPC_FRAGMENTS_MAX, RPC_RECORD_MAX_BYTES};

use crate::xdr::Rope;

const HEADER_BYTES: usize = 4;
const LAST_FRAGMENT: u32 = 1 << 31;

/// Why a stream cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The fragments of one record announce more bytes than a record may have.
    #[error("a record of at least {length_bytes} bytes is over the limit of {limit_bytes}")]
    TooLong {
        /// Announced bytes so far.
        length_bytes: usize,
        /// The most that is accepted.
        limit_bytes: usize,
    },
    /// A record in more fragments than are accepted; empty fragments count.
    #[error("a record has more than {limit} fragments")]
    TooManyFragments {
        /// The most that is accepted.
        limit: usize,
    },
}

/// Splits a byte stream into records.
#[derive(Debug)]
pub struct RecordDecoder {
    limit_bytes: usize,
    /// The earlier fragments of a record that has several.
    earlier: BytesMut,
    /// Fragments whose header has been accepted for the current record.
    fragments: usize,
    /// The fragment whose header has been taken off the buffer.
    current: Option<Fragment>,
    /// The longest record that has arrived whole: what this peer is known to send, and not only to announce.
    longest_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Fragment {
    length_bytes: usize,
    last: bool,
}

impl Default for RecordDecoder {
    fn default() -> Self {
        Self::new(RPC_RECORD_MAX_BYTES)
    }
}

impl RecordDecoder {
    /// A decoder at the start of a stream that accepts records of up to `limit_bytes`.
    pub fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, earlier: BytesMut::new(), fragments: 0, current: None, longest_bytes: 0 }
    }

    /// Takes the next complete record off `buffer`, or `None` if more bytes are needed.
    ///
    /// Call again until it answers `None`, then receive more bytes behind what is left in `buffer`.
    pub fn next_record(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, RecordError> {
        loop {
            let fragment = match self.current {
                Some(fragment) => fragment,
                None if buffer.len() < HEADER_BYTES => return Ok(None),
                None => self.accept_header(buffer.get_u32())?,
            };
            if buffer.len() < fragment.length_bytes {
                return Ok(None);
            }
            self.current = None;
            let body = buffer.split_to(fragment.length_bytes);
            if !fragment.last {
                self.earlier.extend_from_slice(&body);
                continue;
            }
            self.fragments = 0;
            let record = if self.earlier.is_empty() {
                body
            } else {
                self.earlier.extend_from_slice(&body);
                std::mem::take(&mut self.earlier)
            };
            self.longest_bytes = self.longest_bytes.max(record.len());
            return Ok(Some(record.freeze()));
        }
    }

    /// How many bytes to reserve behind what is in `buffer` before the next receive, at least `least_bytes`.
    ///
    /// An announced length alone reserves nothing: the room at most doubles what has arrived, up to the longest record
    /// that this peer has already sent. So a peer that writes in large records soon gets each in one buffer, and one
    /// that only announces them costs `least_bytes`.
    pub fn room_bytes(&self, buffer: &BytesMut, least_bytes: usize) -> usize {
        let wanted_bytes = self.current.map_or(HEADER_BYTES, |fragment| fragment.length_bytes);
        let missing_bytes = wanted_bytes.saturating_sub(buffer.len());
        let earned_bytes = buffer.len().max(self.longest_bytes);
        missing_bytes.min(earned_bytes).max(least_bytes)
    }

    /// Whether the stream may end here: between two records.
    pub fn is_between_records(&self, buffer: &BytesMut) -> bool {
        buffer.is_empty() && self.fragments == 0
    }

    fn accept_header(&mut self, word: u32) -> Result<Fragment, RecordError> {
        let fragment =
            Fragment { length_bytes: (word & !LAST_FRAGMENT) as usize, last: word & LAST_FRAGMENT != 0 };
        let length_bytes = self.earlier.len() + fragment.length_bytes;
        if length_bytes > self.limit_bytes {
            return Err(RecordError::TooLong { length_bytes, limit_bytes: self.limit_bytes });
        }
        if self.fragments == RPC_FRAGMENTS_MAX {
            return Err(RecordError::TooManyFragments { limit: RPC_FRAGMENTS_MAX });
        }
        self.fragments += 1;
        self.current = Some(fragment);
        Ok(fragment)
    }
}

/// The word in front of a record of one fragment with `length_bytes` bytes.
///
/// # Panics
/// If a record reaches 2^31 bytes; every message of this crate is bounded far below.
pub fn record_header(length_bytes: usize) -> [u8; 4] {
    let length = u32::try_from(length_bytes).ok().filter(|length| length & LAST_FRAGMENT == 0);
    (length.expect("a record is below 2 GiB") | LAST_FRAGMENT).to_be_bytes()
}

/// Appends one record in one fragment: what `body` writes, behind a header with its length.
///
/// `body` only appends; it must not consume from the rope.
pub fn write_record(out: &mut Rope, body: impl FnOnce(&mut Rope)) {
    let mark = out.mark();
    out.put_u32(0);
    let start = out.len();
    body(out);
    out.patch(mark, record_header(out.len() - start));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fragment(last: bool, body: &[u8]) -> Vec<u8> {
        let word = body.len() as u32 | if last { LAST_FRAGMENT } else { 0 };
        [&word.to_be_bytes(), body].concat()
    }

    #[test]
    fn a_record_of_one_fragment_shares_the_buffer() {
        let mut buffer = BytesMut::from(&*fragment(true, b"whole record"));
        let address = buffer[4..].as_ptr();
        let record = RecordDecoder::default().next_record(&mut buffer).unwrap().unwrap();
        assert_eq!(record, "whole record");
        assert_eq!(record.as_ptr(), address);
    }

    #[test]
    fn announced_lengths_are_refused_at_once_and_never_reserved() {
        let mut decoder = RecordDecoder::new(100);
        let mut buffer = BytesMut::from(&[0x80, 0, 0, 101][..]);
        let error = RecordError::TooLong { length_bytes: 101, limit_bytes: 100 };
        assert_eq!(decoder.next_record(&mut buffer), Err(error));

        let mut decoder = RecordDecoder::new(100);
        let mut buffer = BytesMut::from(&*[fragment(false, &[1; 60]), vec![0, 0, 0, 41]].concat());
        assert_eq!(decoder.next_record(&mut buffer), Err(error));
    }

    #[test]
    fn empty_fragments_count_against_the_limit() {
        let mut buffer = BytesMut::from(&*fragment(false, b"").repeat(RPC_FRAGMENTS_MAX + 1));
        let error = RecordError::TooManyFragments { limit: RPC_FRAGMENTS_MAX };
        assert_eq!(RecordDecoder::default().next_record(&mut buffer), Err(error));

        let mut stream = fragment(false, b"").repeat(RPC_FRAGMENTS_MAX - 1);
        stream.extend(fragment(true, b"x"));
        let mut decoder = RecordDecoder::default();
        // The count starts again with the next record.
        let mut buffer = BytesMut::from(&*stream.repeat(2));
        assert_eq!(decoder.next_record(&mut buffer).unwrap().unwrap(), "x");
        assert_eq!(decoder.next_record(&mut buffer).unwrap().unwrap(), "x");
        assert!(decoder.is_between_records(&buffer));
    }

    #[test]
    fn room_is_earned_by_sending() {
        let mut decoder = RecordDecoder::default();
        let announced = (1u32 << 20 | LAST_FRAGMENT).to_be_bytes();
        let mut buffer = BytesMut::from(&announced[..]);
        assert_eq!(decoder.next_record(&mut buffer), Ok(None));
        assert_eq!(decoder.room_bytes(&buffer, 100), 100);
        buffer.extend_from_slice(&[0; 1000]);
        assert_eq!(decoder.room_bytes(&buffer, 100), 1000);
        buffer.extend_from_slice(&vec![0; (1 << 20) - 1000]);
        assert_eq!(decoder.next_record(&mut buffer).unwrap().unwrap().len(), 1 << 20);
        buffer.extend_from_slice(&announced);
        assert_eq!(decoder.next_record(&mut buffer), Ok(None));
        assert_eq!(decoder.room_bytes(&buffer, 100), 1 << 20);
    }

    #[test]
    fn written_records_carry_their_length() {
        let mut out = Rope::new();
        write_record(&mut out, |out| out.put_u32(1));
        write_record(&mut out, |out| out.put_shared_opaque(&Bytes::from(vec![0; 5000])));
        let bytes = out.into_bytes();
        assert_eq!(bytes[..12], [0x80, 0, 0, 4, 0, 0, 0, 1, 0x80, 0, 0x13, 0x8c]);
        assert_eq!(bytes.len(), 8 + 4 + 5004);
    }

    proptest! {
        /// Records come out as they went in, however they are cut into fragments and arrivals.
        #[test]
        fn records_survive_any_cut(
            records in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 1..5), 1..6),
            arrivals in prop::collection::vec(1usize..40, 1..10),
        ) {
            let mut stream = Vec::new();
            for fragments in &records {
                for (index, body) in fragments.iter().enumerate() {
                    stream.extend(fragment(index + 1 == fragments.len(), body));
                }
            }
            let mut decoder = RecordDecoder::default();
            let mut buffer = BytesMut::new();
            let mut got = Vec::new();
            let mut arrivals = arrivals.into_iter().cycle();
            let mut rest = &stream[..];
            while !rest.is_empty() {
                let (arrived, later) = rest.split_at(arrivals.next().unwrap().min(rest.len()));
                buffer.extend_from_slice(arrived);
                rest = later;
                while let Some(record) = decoder.next_record(&mut buffer).unwrap() {
                    got.push(record.to_vec());
                }
            }
            prop_assert!(decoder.is_between_records(&buffer));
            prop_assert_eq!(got, records.iter().map(|fragments| fragments.concat()).collect::<Vec<_>>());
        }

        /// Any stream ends in records, a wait for more, or an error; what is held never exceeds what arrived.
        #[test]
        fn garbage_never_panics(stream in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut decoder = RecordDecoder::new(64);
            let mut buffer = BytesMut::from(&*stream);
            while let Ok(Some(record)) = decoder.next_record(&mut buffer) {
                prop_assert!(record.len() <= 64);
            }
            prop_assert!(decoder.earlier.len() <= stream.len());
        }
    }
}
