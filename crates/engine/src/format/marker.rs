//! The marker: the object that says that a volume exists, which index is its, and whom its past belongs to.
//!
//! It is read at every open and replaced in one step by a restore. Versions 1 and 2 were a line of text only: such a
//! volume has its first index and no past.

use bytes::Bytes;
use holdfast_base::VolumeId;
use uuid::Uuid;

use super::codec::{Put, Take};
use crate::error::{Error, Result};

/// What a version 1 marker holds, all of it.
const VERSION_1: &[u8] = b"holdfast volume, format 1\n";
/// What a version 2 marker holds, all of it.
const VERSION_2: &[u8] = b"holdfast volume, format 2, encrypted\n";
/// What a version 3 marker begins with, for people who look into a bucket.
const VERSION_3: &[u8] = b"holdfast volume, format 3\n";
/// Ancestors that a lineage may name: a fork of a fork of a fork, this deep.
pub(crate) const LINEAGE_MAX: u64 = 1024;

/// What is known of a volume beside its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marker {
    /// Which of the volume's indexes is its head. A restore makes a new one.
    pub index: u64,
    /// Added to the index's own epoch: a fork or a restore begins above all numbers of its past.
    pub epoch_base: u64,
    /// Whether everything is sealed: its key ring cannot be missing.
    pub encrypted: bool,
    /// Whose the segments of the past are.
    pub lineage: Lineage,
}

/// The owners of segments that a fork inherited: segments below a number belong to an ancestor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lineage(Vec<(u64, VolumeId)>);

impl Lineage {
    /// Whose the segment is, seen from the volume `own`.
    pub(crate) fn owner(&self, segment: u64, own: VolumeId) -> VolumeId {
        self.0.iter().find(|(below, _)| segment < *below).map_or(own, |(_, owner)| *owner)
    }

    /// The volume that the whole family comes from.
    pub(crate) fn root(&self, own: VolumeId) -> VolumeId {
        self.0.first().map_or(own, |(_, owner)| *owner)
    }

    /// Whether the volume is no fork.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lineage of a fork of `own`, whose segments so far all lie below `below`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a fork that is too many generations deep.
    pub(crate) fn fork(&self, own: VolumeId, below: u64) -> Result<Self> {
        if self.0.len() as u64 >= LINEAGE_MAX {
            return Err(Error::Invalid("too many forks of forks; copy the files to a new filesystem"));
        }
        let mut owners = self.0.clone();
        owners.push((below, own));
        Ok(Self(owners))
    }
}

impl Marker {
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = VERSION_3.to_vec();
        out.put_varint(u64::from(self.encrypted));
        out.put_varint(self.index);
        out.put_varint(self.epoch_base);
        out.put_varint(self.lineage.0.len() as u64);
        for (below, owner) in &self.lineage.0 {
            out.put_varint(*below);
            out.extend_from_slice(owner.0.as_bytes());
        }
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_be_bytes());
        out.into()
    }

    /// # Errors
    /// [`Error::Corrupt`] for anything that [`Marker::encode`] or version 1 cannot have written.
    pub(crate) fn decode(bytes: Bytes) -> Result<Self> {
        if bytes == VERSION_1 || bytes == VERSION_2 {
            return Ok(Self { encrypted: bytes == VERSION_2, ..Self::default() });
        }
        let body = checked(&bytes).filter(|body| body.starts_with(VERSION_3));
        let body =
            body.ok_or_else(|| Error::corrupt("the marker of a volume is damaged or of a later version"))?;
        let mut take = Take::new(bytes.slice(VERSION_3.len()..body.len()));
        let encrypted = match take.varint()? {
            0 => false,
            1 => true,
            _ => return Err(Error::corrupt("a marker's flag")),
        };
        let (index, epoch_base, count) = (take.varint()?, take.varint()?, take.varint()?);
        if count > LINEAGE_MAX {
            return Err(Error::corrupt("a lineage with too many owners"));
        }
        let mut owners: Vec<(u64, VolumeId)> = Vec::new();
        for _ in 0..count {
            let (below, owner) = (take.varint()?, VolumeId(take_uuid(&mut take)?));
            if owners.last().is_some_and(|(last, _)| *last > below) {
                return Err(Error::corrupt("a lineage out of order"));
            }
            owners.push((below, owner));
        }
        take.finish()?;
        Ok(Self { index, epoch_base, encrypted, lineage: Lineage(owners) })
    }
}

/// The bytes in front of a CRC-32C that fits them.
pub(super) fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    (u32::from_be_bytes(*crc) == crc32c::crc32c(body)).then_some(body)
}

pub(super) fn take_uuid(take: &mut Take) -> Result<Uuid> {
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = take.u8()?;
    }
    Ok(Uuid::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markers_round_trip_and_damage_is_seen() {
        let random = SeededRandom::new(1);
        let (a, b, own) =
            (VolumeId::generate(&random), VolumeId::generate(&random), VolumeId::generate(&random));
        let lineage = Lineage::default().fork(a, 1 << 24).unwrap().fork(b, 5 << 24).unwrap();
        assert_eq!((lineage.owner(7, own), lineage.owner(1 << 24, own)), (a, b));
        assert_eq!((lineage.owner(5 << 24, own), lineage.root(own)), (own, a));
        let marker = Marker { index: 3, epoch_base: 9, encrypted: true, lineage };
        let bytes = marker.encode();
        assert_eq!(Marker::decode(bytes.clone()).unwrap(), marker);
        for index in 0..bytes.len() {
            let mut bad = bytes.to_vec();
            bad[index] ^= 1;
            assert!(Marker::decode(bad.into()).is_err(), "byte {index}");
        }
    }

    #[test]
    fn a_marker_of_version_1_is_a_volume_without_past() {
        assert_eq!(Marker::decode(Bytes::from_static(VERSION_1)).unwrap(), Marker::default());
        assert!(Marker::decode(Bytes::from_static(VERSION_2)).unwrap().encrypted);
    }

    proptest! {
        #[test]
        fn random_markers_never_panic(bytes: Vec<u8>) {
            let _ = Marker::decode(bytes.into());
        }
    }
}
