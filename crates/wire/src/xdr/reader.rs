//! The bounded reader. A cursor over one record; opaque values are slices that share the record's memory.
//!
//! A slice keeps its whole record alive: copy what outlives the request. Pad bytes (RFC 4506 section 4.9) must be
//! there but may hold anything, because senders exist that do not clear them.

use bytes::Bytes;

use super::{XdrError, padding};

/// A cursor over the bytes of one message.
#[derive(Clone, Debug)]
pub struct Reader {
    bytes: Bytes,
    at: usize,
}

impl Reader {
    /// Reads `bytes` from their start.
    pub fn new(bytes: Bytes) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bytes not yet read.
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.at
    }

    /// What is not yet read, sharing memory; the reader stays where it is.
    pub fn rest(&self) -> Bytes {
        self.bytes.slice(self.at..)
    }

    /// Ends a message: anything left is [`XdrError::Trailing`].
    pub fn finish(&self) -> Result<(), XdrError> {
        match self.remaining() {
            0 => Ok(()),
            count_bytes => Err(XdrError::Trailing { count_bytes }),
        }
    }

    fn advance(&mut self, count: usize) -> Result<usize, XdrError> {
        let remaining = self.remaining();
        if count > remaining {
            return Err(XdrError::Truncated { missing_bytes: count - remaining });
        }
        let start = self.at;
        self.at += count;
        Ok(start)
    }

    /// An unsigned 32-bit integer (RFC 4506 section 4.2).
    #[inline]
    pub fn u32(&mut self) -> Result<u32, XdrError> {
        self.word().map(u32::from_be_bytes)
    }

    /// An unsigned 64-bit integer (RFC 4506 section 4.5).
    #[inline]
    pub fn u64(&mut self) -> Result<u64, XdrError> {
        self.word().map(u64::from_be_bytes)
    }

    /// A boolean; only 0 and 1 are booleans (RFC 4506 section 4.4).
    #[inline]
    pub fn bool(&mut self) -> Result<bool, XdrError> {
        match self.u32()? {
            0 => Ok(false),
            1 => Ok(true),
            value => Err(XdrError::Boolean { value }),
        }
    }

    /// `N` bytes without length or padding: `N` must be a multiple of four.
    #[inline]
    pub fn word<const N: usize>(&mut self) -> Result<[u8; N], XdrError> {
        const { assert!(N.is_multiple_of(4)) };
        match self.bytes[self.at..].first_chunk::<N>() {
            Some(chunk) => {
                self.at += N;
                Ok(*chunk)
            }
            None => Err(XdrError::Truncated { missing_bytes: N - self.remaining() }),
        }
    }

    /// The count in front of an array or opaque (RFC 4506 sections 4.10 and 4.13), at most `limit`.
    pub fn count(&mut self, limit: usize) -> Result<usize, XdrError> {
        let length = self.u32()? as usize;
        if length > limit {
            return Err(XdrError::TooLong { length, limit });
        }
        Ok(length)
    }

    /// Variable-length opaque data or a string of at most `limit` bytes, sharing the record's memory.
    pub fn opaque(&mut self, limit: usize) -> Result<Bytes, XdrError> {
        let length = self.count(limit)?;
        let start = self.advance(length + padding(length))?;
        if length == 0 {
            // An empty slice would keep the record alive for nothing.
            return Ok(Bytes::new());
        }
        Ok(self.bytes.slice(start..start + length))
    }

    /// Variable-length opaque data copied into `into`, whose size is the limit; returns the length.
    pub fn opaque_into(&mut self, into: &mut [u8]) -> Result<usize, XdrError> {
        let length = self.count(into.len())?;
        let start = self.advance(length + padding(length))?;
        into[..length].copy_from_slice(&self.bytes[start..start + length]);
        Ok(length)
    }

    /// A linked list of optional data (RFC 4506 section 4.19) with at most `limit` elements.
    ///
    /// Grows as elements arrive, so memory follows the input and not an announced count.
    pub fn list<T: super::Decode>(&mut self, limit: usize) -> Result<Vec<T>, XdrError> {
        let mut items = Vec::new();
        while self.bool()? {
            if items.len() == limit {
                return Err(XdrError::TooLong { length: limit + 1, limit });
            }
            items.push(T::decode(self)?);
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(bytes: &'static [u8]) -> Reader {
        Reader::new(Bytes::from_static(bytes))
    }

    #[test]
    fn opaque_shares_memory_and_skips_its_padding() {
        let mut input = reader(b"\0\0\0\x05hello\0\0\0\0\0\0\x07");
        let text = input.opaque(5).unwrap();
        assert_eq!(text, "hello");
        assert_eq!(text.as_ptr(), input.bytes[4..].as_ptr());
        assert_eq!(input.u32(), Ok(7));
        assert_eq!(input.finish(), Ok(()));
    }

    #[test]
    fn lengths_are_checked_against_limit_and_input() {
        assert_eq!(
            reader(b"\0\0\0\x05hello\0\0\0").opaque(4),
            Err(XdrError::TooLong { length: 5, limit: 4 })
        );
        assert_eq!(
            reader(b"\xff\xff\xff\xff").opaque(usize::MAX >> 1),
            Err(XdrError::Truncated { missing_bytes: 0x1_0000_0000 })
        );
        // The padding is part of the value.
        assert_eq!(reader(b"\0\0\0\x05hello\0\0").opaque(5), Err(XdrError::Truncated { missing_bytes: 1 }));
    }

    #[test]
    fn booleans_are_strict_and_pad_bytes_are_not() {
        assert_eq!(reader(b"\0\0\0\x02").bool(), Err(XdrError::Boolean { value: 2 }));
        assert_eq!(reader(b"\0\0\0\x01x\x01\x02\x03").opaque(1), Ok(Bytes::from_static(b"x")));
    }
}
