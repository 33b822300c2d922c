//! A shipping object: a part of the journal in the object store, with what it points at in segment files.
//!
//! Header, records as they are in the journal, then pieces of segment files that are in no segment object. Every part
//! has a checksum of its own, so that damage costs what it hits.

use bytes::Bytes;
use holdfast_base::VolumeId;
use object_store::path::Path;

use crate::error::{Error, Result};
use crate::journal::{Lsn, Records};

/// Bytes in front of the records.
const HEADER_BYTES: usize = 64;
/// Bytes in front of a piece's data.
const PIECE_HEADER_BYTES: usize = 48;
const MAGIC: [u8; 8] = *b"HFship\0\x01";
const PIECE_MAGIC: [u8; 4] = *b"HFsp";

/// The prefix of all shipping objects.
pub(crate) fn prefix() -> Path {
    Path::from("node/journal")
}

/// Where the records from `first` to `last` go.
pub(crate) fn path(first: Lsn, last: Lsn) -> Path {
    prefix().join(format!("{first:016x}-{last:016x}"))
}

/// First and last record of the object at `path`; `None` if it is no shipping object.
pub(crate) fn numbers(path: &Path) -> Option<(Lsn, Lsn)> {
    let (first, last) = path.filename()?.split_once('-')?;
    Some((u64::from_str_radix(first, 16).ok()?, u64::from_str_radix(last, 16).ok()?))
}

/// Bytes of a segment file that the store has nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub volume: VolumeId,
    pub segment: u64,
    pub position: u64,
    pub data: Bytes,
}

/// An object in the making, or one that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shipment {
    pub first: Lsn,
    pub last: Lsn,
    /// Whole records, in order.
    pub records: Vec<Bytes>,
    pub pieces: Vec<Piece>,
}

impl Shipment {
    /// The object's bytes, in as many slices as they come in.
    pub(crate) fn encode(&self) -> Vec<Bytes> {
        let records_len: usize = self.records.iter().map(Bytes::len).sum();
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(&MAGIC);
        header[8..16].copy_from_slice(&self.first.to_be_bytes());
        header[16..24].copy_from_slice(&self.last.to_be_bytes());
        header[24..32].copy_from_slice(&(records_len as u64).to_be_bytes());
        header[32..36].copy_from_slice(&(self.pieces.len() as u32).to_be_bytes());
        let crc = crc32c::crc32c(&header[..60]);
        header[60..].copy_from_slice(&crc.to_be_bytes());
        let mut out = vec![Bytes::copy_from_slice(&header)];
        out.extend(self.records.iter().cloned());
        for piece in &self.pieces {
            out.push(Bytes::copy_from_slice(&piece.header()));
            out.push(piece.data.clone());
        }
        out
    }

    /// Reads an object. What does not check is left out, and said.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the header does not check: nothing can be read then.
    pub(crate) fn decode(bytes: &Bytes) -> Result<(Self, Option<&'static str>)> {
        let header = bytes.get(..HEADER_BYTES).filter(|header| {
            header[..8] == MAGIC && header[60..] == crc32c::crc32c(&header[..60]).to_be_bytes()
        });
        let header = header.ok_or_else(|| Error::corrupt("a shipping object's header does not check"))?;
        let records_len = number(header, 24);
        let end = records_len.saturating_add(HEADER_BYTES as u64).min(bytes.len() as u64) as usize;
        let mut shipment = Self { first: number(header, 8), last: number(header, 16), ..Self::default() };
        let mut records = Records::new(bytes.slice(HEADER_BYTES..end));
        shipment.records.extend(records.by_ref().map(|(_, record)| record));
        let mut damage = (!records.rest().is_empty()).then_some("records that do not check");
        let mut rest = bytes.slice(end..);
        let pieces = u32::from_be_bytes([header[32], header[33], header[34], header[35]]);
        for _ in 0..pieces {
            let Some(piece) = Piece::take(&mut rest) else {
                damage = Some("segment data that does not check");
                break;
            };
            shipment.pieces.push(piece);
        }
        Ok((shipment, damage))
    }
}

impl Piece {
    fn header(&self) -> [u8; PIECE_HEADER_BYTES] {
        let mut header = [0; PIECE_HEADER_BYTES];
        header[..4].copy_from_slice(&PIECE_MAGIC);
        header[4..8].copy_from_slice(&(self.data.len() as u32).to_be_bytes());
        header[8..24].copy_from_slice(self.volume.0.as_bytes());
        header[24..32].copy_from_slice(&self.segment.to_be_bytes());
        header[32..40].copy_from_slice(&self.position.to_be_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&header[..44]), &self.data);
        header[44..].copy_from_slice(&crc.to_be_bytes());
        header
    }

    fn take(rest: &mut Bytes) -> Option<Self> {
        let header = rest.get(..PIECE_HEADER_BYTES)?;
        let len = u32::from_be_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let end = PIECE_HEADER_BYTES.checked_add(len).filter(|end| *end <= rest.len())?;
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&header[8..24]);
        let piece = Self {
            volume: VolumeId(uuid::Uuid::from_bytes(uuid)),
            segment: number(header, 24),
            position: number(header, 32),
            data: rest.slice(PIECE_HEADER_BYTES..end),
        };
        let good = piece.header() == header;
        *rest = rest.slice(end..);
        good.then_some(piece)
    }
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_be_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::encode_record;

    fn shipment() -> Shipment {
        let volume = VolumeId(uuid::Uuid::from_u128(3));
        let record = |lsn: Lsn| {
            let mut record = Vec::new();
            encode_record(&mut record, lsn, volume, lsn - 1, 0, b"body", crc32c::crc32c(b"body"));
            Bytes::from(record)
        };
        let piece = |position| Piece { volume, segment: 9, position, data: Bytes::from_static(b"frame") };
        Shipment {
            first: 4,
            last: 6,
            records: vec![record(4), record(5), record(6)],
            pieces: vec![piece(32), piece(4096)],
        }
    }

    #[test]
    fn an_object_is_read_back() {
        let shipment = shipment();
        let bytes = Bytes::from(shipment.encode().concat());
        assert_eq!(Shipment::decode(&bytes).unwrap(), (shipment, None));
        assert_eq!(numbers(&path(4, 0x1f)), Some((4, 0x1f)));
        assert_eq!(numbers(&Path::from("node/journal/other")), None);
    }

    #[test]
    fn damage_is_noticed_wherever_it_is() {
        let shipment = shipment();
        let bytes = shipment.encode().concat();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x40;
            match Shipment::decode(&damaged.into()) {
                Err(_) => assert!(at < HEADER_BYTES),
                Ok((read, damage)) => {
                    assert!(damage.is_some(), "byte {at}");
                    assert!(read.records.iter().all(|record| shipment.records.contains(record)));
                    assert!(read.pieces.iter().all(|piece| shipment.pieces.contains(piece)));
                }
            }
        }
        for len in 0..bytes.len() {
            let cut = Shipment::decode(&Bytes::copy_from_slice(&bytes[..len]));
            assert!(cut.is_err() || cut.is_ok_and(|(_, damage)| damage.is_some()), "{len} bytes");
        }
    }
}
