//! Little-endian base-128 numbers and length-prefixed bytes, the alphabet of records and index values.

use bytes::Bytes;

use crate::error::{Error, Result};

/// Appends numbers and byte strings to a buffer.
pub(crate) trait Put {
    fn put_u8(&mut self, value: u8);
    fn put_varint(&mut self, value: u64);
    fn put_signed(&mut self, value: i64) {
        // Zigzag: small magnitudes stay short whatever their sign.
        self.put_varint(((value << 1) ^ (value >> 63)) as u64);
    }
    fn put_bytes(&mut self, value: &[u8]);
}

impl Put for Vec<u8> {
    fn put_u8(&mut self, value: u8) {
        self.push(value);
    }

    fn put_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.push(value as u8);
    }

    fn put_bytes(&mut self, value: &[u8]) {
        self.put_varint(value.len() as u64);
        self.extend_from_slice(value);
    }
}

/// Takes values off the front of a shared buffer; byte strings are slices of it, not copies.
#[derive(Debug)]
pub(crate) struct Take {
    rest: Bytes,
}

impl Take {
    pub(crate) fn new(rest: Bytes) -> Self {
        Self { rest }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        let value = *self.rest.first().ok_or_else(short)?;
        self.rest = self.rest.slice(1..);
        Ok(value)
    }

    pub(crate) fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for (index, byte) in self.rest.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && bits > 1 {
                return Err(Error::corrupt("a number over 64 bits"));
            }
            value |= bits << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = self.rest.slice(index + 1..);
                return Ok(value);
            }
        }
        Err(short())
    }

    pub(crate) fn varint_u32(&mut self) -> Result<u32> {
        u32::try_from(self.varint()?).map_err(|_| Error::corrupt("a number over 32 bits"))
    }

    pub(crate) fn signed(&mut self) -> Result<i64> {
        let raw = self.varint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes> {
        let len = self.varint()?;
        if len > self.rest.len() as u64 {
            return Err(short());
        }
        Ok(self.rest.split_to(len as usize))
    }

    /// Refuses bytes behind the value: a decoder that ignores them would hide corruption.
    pub(crate) fn finish(self) -> Result<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::corrupt("bytes behind the value")) }
    }
}

fn short() -> Error {
    Error::corrupt("the value ends too early")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_strings_round_trip(a: u64, b: i64, c: Vec<u8>) {
            let mut out = Vec::new();
            out.put_varint(a);
            out.put_signed(b);
            out.put_bytes(&c);
            let mut take = Take::new(out.into());
            prop_assert_eq!(take.varint().unwrap(), a);
            prop_assert_eq!(take.signed().unwrap(), b);
            prop_assert_eq!(take.bytes().unwrap(), c);
            take.finish().unwrap();
        }

        #[test]
        fn random_bytes_never_panic(bytes: Vec<u8>) {
            let mut take = Take::new(bytes.into());
            while !take.is_empty() {
                if take.bytes().is_err() && take.u8().is_err() {
                    break;
                }
            }
        }
    }
}
