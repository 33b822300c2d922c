//! The object that makes a snapshot: its name, its time, where its rows are, and which segments they need.
//!
//! It is immutable and lies beside the volume's indexes, so that a restore cannot lose it. The list of segments
//! lets the garbage collector know what a snapshot holds without opening it.

use bytes::Bytes;
use holdfast_base::{Timestamp, limits};
use uuid::Uuid;

use super::codec::{Put, Take};
use super::marker::{checked, take_uuid};
use super::meta::Counters;
use crate::error::{Error, Result};

const MAGIC: [u8; 8] = *b"HFsnap\0\x01";

/// One snapshot of one volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub name: String,
    pub created: Timestamp,
    /// The checkpoint of the index that holds its rows.
    pub checkpoint: Uuid,
    /// Which of the volume's indexes that is.
    pub index: u64,
    /// That index's own epoch at the time, and what the volume added to it.
    pub epoch: u64,
    pub epoch_base: u64,
    /// Use and limits of the volume at the time.
    pub counters: Counters,
    /// The segments with live bytes, in ascending order.
    pub segments: Vec<u64>,
}

impl Snapshot {
    /// Whether the snapshot needs a segment (of any owner).
    pub(crate) fn needs(&self, segment: u64) -> bool {
        self.segments.binary_search(&segment).is_ok()
    }

    pub(crate) fn encode(&self) -> Bytes {
        let mut out = MAGIC.to_vec();
        out.put_bytes(self.name.as_bytes());
        out.put_signed(self.created.seconds);
        out.put_varint(u64::from(self.created.nanos));
        out.extend_from_slice(self.checkpoint.as_bytes());
        for number in [self.index, self.epoch, self.epoch_base] {
            out.put_varint(number);
        }
        self.counters.encode(&mut out);
        out.put_varint(self.segments.len() as u64);
        let mut last = 0;
        for segment in &self.segments {
            out.put_varint(segment - last);
            last = *segment;
        }
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_be_bytes());
        out.into()
    }

    /// # Errors
    /// [`Error::Corrupt`] for anything that [`Snapshot::encode`] cannot have written.
    pub(crate) fn decode(bytes: Bytes) -> Result<Self> {
        let body = checked(&bytes).filter(|body| body.starts_with(&MAGIC));
        let body =
            body.ok_or_else(|| Error::corrupt("a snapshot's object is damaged or of a later version"))?;
        let mut take = Take::new(bytes.slice(MAGIC.len()..body.len()));
        let name =
            String::from_utf8(take.bytes()?.to_vec()).map_err(|_| Error::corrupt("a snapshot's name"))?;
        let created = Timestamp { seconds: take.signed()?, nanos: take.varint_u32()? };
        let checkpoint = take_uuid(&mut take)?;
        let (index, epoch, epoch_base) = (take.varint()?, take.varint()?, take.varint()?);
        let counters = Counters::decode(&mut take)?;
        let count = take.varint()?;
        let mut segments = Vec::new();
        let mut last = 0u64;
        for _ in 0..count {
            // Ends with the bytes: a count that lies finds none left.
            last = last.checked_add(take.varint()?).ok_or_else(|| Error::corrupt("a segment's number"))?;
            segments.push(last);
        }
        take.finish()?;
        Ok(Self { name, created, checkpoint, index, epoch, epoch_base, counters, segments })
    }
}

/// Refuses names that could not be a path's component everywhere.
///
/// # Errors
/// [`Error::Invalid`].
pub(crate) fn check_name(name: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.is_empty() || name.len() > limits::SNAPSHOT_NAME_MAX_BYTES || name.starts_with('.') {
        return Err(Error::Invalid(
            "a snapshot's name has 1 to 250 characters and does not begin with a dot",
        ));
    }
    if !name.bytes().all(allowed) {
        return Err(Error::Invalid(
            "a snapshot's name may hold letters, digits, dots, dashes and underscores",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn snapshots_round_trip_and_damage_is_seen() {
        let snapshot = Snapshot {
            name: "before-upgrade".into(),
            created: Timestamp { seconds: 1_700_000_000, nanos: 5 },
            checkpoint: Uuid::from_u128(7),
            index: 2,
            epoch: 4,
            epoch_base: 3,
            counters: Counters { used_bytes: 10, used_inodes: 2, next_ino: 9, ..Default::default() },
            segments: vec![1, 1 << 24, (1 << 24) + 1, u64::MAX],
        };
        let bytes = snapshot.encode();
        assert_eq!(Snapshot::decode(bytes.clone()).unwrap(), snapshot);
        assert!(snapshot.needs(1 << 24) && !snapshot.needs(2));
        for index in 0..bytes.len() {
            let mut bad = bytes.to_vec();
            bad[index] ^= 1;
            assert!(Snapshot::decode(bad.into()).is_err(), "byte {index}");
        }
    }

    #[test]
    fn names_are_components_of_paths() {
        for good in ["a", "2026-11-24", "v1.2_x"] {
            check_name(good).unwrap();
        }
        for bad in ["", ".", "..", ".hidden", "a/b", "a b", "\u{e9}"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
        assert!(check_name(&"x".repeat(251)).is_err());
    }

    proptest! {
        #[test]
        fn random_snapshots_never_panic(bytes: Vec<u8>) {
            let _ = Snapshot::decode(bytes.into());
        }
    }
}
