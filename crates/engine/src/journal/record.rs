//! The frame of a record: who wrote it, where it stands, and whether it is whole.
//!
//! Version 2 has two checksums. An intact header names the volume of a record even where the body is damaged, and
//! the number of the volume's record before it tells every volume whether it lost one. A header also says up to
//! which record everything was on stable storage when this one was appended: what is unreadable below that mark was
//! damaged, what is unreadable above it may never have been written.
//!
//! Version 1, written by early servers, has one checksum over both and is still read.

use bytes::Bytes;
use holdfast_base::VolumeId;

use super::Lsn;

/// Bytes in front of a body.
pub(crate) const RECORD_HEADER_BYTES: usize = 48;
/// The same in version 1.
const OLD_HEADER_BYTES: usize = 32;

/// How the records of a file are framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Version 1.
    Old,
    /// Version 2.
    Current,
}

/// What stands in front of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub lsn: Lsn,
    pub volume: VolumeId,
    /// The volume's record before this one, or what its index included when it had none; unknown in version 1.
    pub previous: Option<Lsn>,
    /// Everything up to this record was on stable storage when this one was appended. 0 in version 1.
    pub synced: Lsn,
    /// Length of the body, bytes.
    pub len: u32,
    body_crc: u32,
}

/// Appends a record. `body_crc` is the CRC-32C of the body.
pub(crate) fn encode(
    out: &mut Vec<u8>,
    lsn: Lsn,
    volume: VolumeId,
    previous: Lsn,
    synced: Lsn,
    body: &[u8],
    body_crc: u32,
) {
    let behind = u32::try_from(lsn.saturating_sub(synced)).unwrap_or(u32::MAX);
    let mut header = [0; RECORD_HEADER_BYTES];
    header[4..8].copy_from_slice(&(body.len() as u32).to_be_bytes());
    header[8..16].copy_from_slice(&lsn.to_be_bytes());
    header[16..32].copy_from_slice(volume.0.as_bytes());
    header[32..40].copy_from_slice(&previous.to_be_bytes());
    header[40..44].copy_from_slice(&behind.to_be_bytes());
    header[44..].copy_from_slice(&body_crc.to_be_bytes());
    let crc = crc32c::crc32c(&header[4..]);
    header[..4].copy_from_slice(&crc.to_be_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(body);
}

impl Framing {
    /// Bytes in front of a body.
    pub(crate) const fn header_bytes(self) -> usize {
        match self {
            Self::Old => OLD_HEADER_BYTES,
            Self::Current => RECORD_HEADER_BYTES,
        }
    }

    /// Reads a header from the first [`Framing::header_bytes`] of `bytes`; `None` if it does not check. A version 1
    /// header checks only together with its body, so that any bytes are one here.
    pub(crate) fn decode(self, bytes: &[u8]) -> Option<RecordHeader> {
        let bytes = bytes.get(..self.header_bytes())?;
        let word = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let long = |at: usize| u64::from(word(at)) << 32 | u64::from(word(at + 4));
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&bytes[16..32]);
        let (lsn, volume) = (long(8), VolumeId(uuid::Uuid::from_bytes(uuid)));
        match self {
            Self::Old => {
                Some(RecordHeader { lsn, volume, previous: None, synced: 0, len: word(4), body_crc: word(0) })
            }
            Self::Current => {
                let synced = lsn.saturating_sub(u64::from(word(40)));
                let header = RecordHeader {
                    lsn,
                    volume,
                    previous: Some(long(32)),
                    synced,
                    len: word(4),
                    body_crc: word(44),
                };
                (crc32c::crc32c(&bytes[4..]) == word(0)).then_some(header)
            }
        }
    }

    /// Whether `body` is the body of `header`, whose bytes are `header_bytes`.
    pub(crate) fn body_checks(self, header: &RecordHeader, header_bytes: &[u8], body: &[u8]) -> bool {
        let crc = crc32c::crc32c(body);
        match self {
            Self::Old => crc32c::crc32c_append(crc, &header_bytes[4..OLD_HEADER_BYTES]) == header.body_crc,
            Self::Current => crc == header.body_crc,
        }
    }
}

/// The records of version 2 that stand one behind the other in `bytes`, each with all its bytes; ends at the first
/// that does not check.
pub(crate) struct Records {
    rest: Bytes,
}

impl Records {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { rest: bytes }
    }

    /// What was not read: empty if every record checked.
    pub(crate) fn rest(&self) -> &Bytes {
        &self.rest
    }
}

impl Iterator for Records {
    type Item = (RecordHeader, Bytes);

    fn next(&mut self) -> Option<Self::Item> {
        let header = Framing::Current.decode(&self.rest)?;
        let end = RECORD_HEADER_BYTES.checked_add(header.len as usize)?;
        let body = self.rest.get(RECORD_HEADER_BYTES..end)?;
        if !Framing::Current.body_checks(&header, &self.rest, body) {
            return None;
        }
        Some((header, self.rest.split_to(end)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume() -> VolumeId {
        VolumeId(uuid::Uuid::from_u128(7))
    }

    #[test]
    fn a_record_is_read_back_and_any_flipped_bit_is_noticed() {
        let mut bytes = Vec::new();
        encode(&mut bytes, 9, volume(), 4, 6, b"body", crc32c::crc32c(b"body"));
        encode(&mut bytes, 10, volume(), 9, 6, b"", 0);
        let mut records = Records::new(bytes.clone().into());
        let (first, all) = records.next().unwrap();
        assert_eq!((first.lsn, first.previous, first.synced, first.len), (9, Some(4), 6, 4));
        assert_eq!(all.len(), RECORD_HEADER_BYTES + 4);
        assert_eq!(records.next().unwrap().0.previous, Some(9));
        assert!(records.next().is_none() && records.rest().is_empty());
        for at in 0..8 * (RECORD_HEADER_BYTES + 4) {
            let mut flipped = bytes.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            assert!(Records::new(flipped.into()).next().is_none(), "bit {at}");
        }
    }

    #[test]
    fn an_intact_header_names_the_volume_of_a_damaged_body() {
        let mut bytes = Vec::new();
        encode(&mut bytes, 9, volume(), 4, 6, b"body", crc32c::crc32c(b"body"));
        bytes[RECORD_HEADER_BYTES] ^= 1;
        let header = Framing::Current.decode(&bytes).unwrap();
        assert_eq!(header.volume, volume());
        assert!(!Framing::Current.body_checks(&header, &bytes, &bytes[RECORD_HEADER_BYTES..]));
    }

    proptest::proptest! {
        #[test]
        fn random_bytes_never_panic(bytes: Vec<u8>) {
            let _ = Records::new(bytes.clone().into()).count();
            let _ = Framing::Old.decode(&bytes);
        }
    }
}
