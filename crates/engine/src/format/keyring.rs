//! A volume's key ring: its own data key and those of its ancestors, each wrapped by the master key.
//!
//! The first key is the volume's own, which seals everything new. The others open what it inherited: a frame names
//! its key, and the ring says whose segments that key may be used for.

use bytes::Bytes;
use holdfast_base::VolumeId;
use holdfast_base::limits::{KEY_RING_MAX_KEYS, WRAPPED_KEY_MAX_BYTES};

use crate::error::{Error, Result};

/// The number of a data key: random, unique in every ring that it comes into, never 0.
pub(crate) type KeyId = u32;

const MAGIC: [u8; 8] = *b"HFkeys\0\x01";
/// Bytes in front of the first key: magic and version, volume, check value of the master key, number of keys.
const HEADER_BYTES: usize = 36;
/// Bytes in front of a wrapped key: its number, its owner, its length.
const ENTRY_BYTES: usize = 24;
const CRC_BYTES: usize = 4;

/// One key of a ring, wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrappedKey {
    pub id: KeyId,
    /// Whose segments, journal records and index blocks it opens.
    pub owner: VolumeId,
    pub wrapped: Vec<u8>,
}

/// The object `volumes/<uuid>/keys`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrappedRing {
    pub volume: VolumeId,
    /// Tells which master key wrapped it.
    pub master: [u8; 8],
    pub keys: Vec<WrappedKey>,
}

impl WrappedRing {
    /// What a key is bound to when it is wrapped: the ring it is in, its owner, its number.
    pub(crate) fn context(volume: VolumeId, owner: VolumeId, id: KeyId) -> [u8; 44] {
        let mut context = [0; 44];
        context[..8].copy_from_slice(&MAGIC);
        context[8..24].copy_from_slice(volume.0.as_bytes());
        context[24..40].copy_from_slice(owner.0.as_bytes());
        context[40..].copy_from_slice(&id.to_be_bytes());
        context
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        debug_assert!(self.keys.len() <= KEY_RING_MAX_KEYS);
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(self.volume.0.as_bytes());
        out.extend_from_slice(&self.master);
        out.extend_from_slice(&(self.keys.len() as u32).to_be_bytes());
        for key in &self.keys {
            debug_assert!(key.wrapped.len() <= WRAPPED_KEY_MAX_BYTES);
            out.extend_from_slice(&key.id.to_be_bytes());
            out.extend_from_slice(key.owner.0.as_bytes());
            out.extend_from_slice(&(key.wrapped.len() as u32).to_be_bytes());
            out.extend_from_slice(&key.wrapped);
        }
        out.extend_from_slice(&crc32c::crc32c(&out).to_be_bytes());
        out
    }

    /// Reads the ring of `volume`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for what [`WrappedRing::encode`] did not write for this volume.
    pub(crate) fn decode(volume: VolumeId, bytes: &Bytes) -> Result<Self> {
        let wrong = |what: &str| Error::corrupt(format!("the key ring of {volume}: {what}"));
        let body = bytes.len().checked_sub(CRC_BYTES).filter(|len| *len >= HEADER_BYTES);
        let (body, crc) = bytes.split_at(body.ok_or_else(|| wrong("it is too short"))?);
        if body[..8] != MAGIC {
            return Err(wrong("it is of an unknown version"));
        }
        if crc != crc32c::crc32c(body).to_be_bytes() {
            return Err(wrong("its checksum does not match"));
        }
        let mut master = [0; 8];
        master.copy_from_slice(&body[24..32]);
        let count = number(&body[32..]) as usize;
        if uuid(&body[8..]) != volume || count == 0 || count > KEY_RING_MAX_KEYS {
            return Err(wrong("it belongs elsewhere"));
        }
        let (mut keys, mut rest) = (Vec::with_capacity(count), &body[HEADER_BYTES..]);
        for _ in 0..count {
            let (head, tail) = rest.split_at_checked(ENTRY_BYTES).ok_or_else(|| wrong("a key is missing"))?;
            let len = number(&head[20..]) as usize;
            let (wrapped, tail) = tail
                .split_at_checked(len)
                .filter(|_| len <= WRAPPED_KEY_MAX_BYTES)
                .ok_or_else(|| wrong("a key is cut short"))?;
            keys.push(WrappedKey { id: number(head), owner: uuid(&head[4..]), wrapped: wrapped.to_vec() });
            rest = tail;
        }
        if !rest.is_empty() {
            return Err(wrong("bytes behind its keys"));
        }
        Ok(Self { volume, master, keys })
    }
}

/// The number in the first 4 bytes, which the caller has checked to be there.
fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The volume in the first 16 bytes, which the caller has checked to be there.
fn uuid(bytes: &[u8]) -> VolumeId {
    let mut uuid = [0; 16];
    uuid.copy_from_slice(&bytes[..16]);
    VolumeId(uuid::Uuid::from_bytes(uuid))
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;
    use proptest::prelude::*;

    use super::*;

    fn ring(keys: Vec<(KeyId, Vec<u8>)>) -> WrappedRing {
        let random = SeededRandom::new(5);
        let volume = VolumeId::generate(&random);
        let keys = keys
            .into_iter()
            .map(|(id, wrapped)| WrappedKey { id, owner: VolumeId::generate(&random), wrapped })
            .collect();
        WrappedRing { volume, master: *b"mastered", keys }
    }

    proptest! {
        #[test]
        fn a_ring_is_read_whole_or_not_at_all(
            keys in prop::collection::vec((any::<u32>(), prop::collection::vec(any::<u8>(), 0..100)), 1..5),
            at: usize, bit in 0u8..8
        ) {
            let ring = ring(keys);
            let mut bytes = ring.encode();
            prop_assert_eq!(&WrappedRing::decode(ring.volume, &bytes.clone().into()).unwrap(), &ring);
            let other = VolumeId(uuid::Uuid::from_u128(1));
            prop_assert!(WrappedRing::decode(other, &bytes.clone().into()).is_err());
            let at = at % bytes.len();
            prop_assert!(WrappedRing::decode(ring.volume, &Bytes::copy_from_slice(&bytes[..at])).is_err());
            bytes[at] ^= 1 << bit;
            prop_assert!(WrappedRing::decode(ring.volume, &bytes.into()).is_err());
        }

        #[test]
        fn random_bytes_never_panic(mut bytes: Vec<u8>) {
            let volume = VolumeId(uuid::Uuid::from_u128(1));
            let _ = WrappedRing::decode(volume, &bytes.clone().into());
            // With a good frame around it, the rest of the decoder is met too.
            let mut framed = MAGIC.to_vec();
            framed.extend_from_slice(volume.0.as_bytes());
            framed.append(&mut bytes);
            framed.extend_from_slice(&crc32c::crc32c(&framed).to_be_bytes());
            let _ = WrappedRing::decode(volume, &framed.into());
        }
    }
}
