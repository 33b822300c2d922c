//! The body of a journal record of an encrypted volume: a version, the number of the key, the sealed plain body.
//!
//! A body is bound to its volume and to the record of that volume before it, whose number (LSN) is known before the
//! record has one of its own. So the records of a volume are a chain: none opens out of order, or with one missing.
//! A number that a crash takes back is used again with other changes; the mode of [`Aead`] bears that.

use bytes::Bytes;
use holdfast_base::VolumeId;

use super::keyring::KeyId;
use crate::aead::{Aead, NONCE_BYTES};
use crate::error::{Error, Result};

const VERSION: u8 = 2;
/// Bytes in front of the sealed ones.
const HEAD_BYTES: usize = 5;

/// Begins a body in `out`; the plain body is appended behind.
pub(crate) fn begin(out: &mut Vec<u8>, key: KeyId) {
    out.push(VERSION);
    out.extend_from_slice(&key.to_be_bytes());
}

/// Seals the body in `out`, which [`begin`] began. `previous` is the volume's last record.
pub(crate) fn seal(out: &mut Vec<u8>, key: &Aead, volume: VolumeId, previous: u64) -> Result<()> {
    let context = context(&out[..HEAD_BYTES], volume);
    key.seal(nonce(previous), &context, out, HEAD_BYTES)
}

/// The number of the key that sealed a body.
pub(crate) fn key_of(body: &[u8]) -> Result<KeyId> {
    match body {
        [VERSION, a, b, c, d, ..] => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => Err(Error::corrupt("a journal record of an encrypted volume is of an unknown version")),
    }
}

/// The plain body of the record that follows `previous`.
pub(crate) fn open(body: &[u8], key: &Aead, volume: VolumeId, previous: u64) -> Result<Bytes> {
    let wrong =
        || Error::corrupt(format!("{volume}: the journal record after {previous} cannot be decrypted"));
    let (head, sealed) = body.split_at_checked(HEAD_BYTES).ok_or_else(wrong)?;
    let plain = key.open(nonce(previous), &context(head, volume), sealed);
    Ok(plain.ok_or_else(wrong)?.into())
}

fn nonce(previous: u64) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    nonce[..8].copy_from_slice(&previous.to_be_bytes());
    nonce
}

fn context(head: &[u8], volume: VolumeId) -> [u8; HEAD_BYTES + 16] {
    let mut context = [0; HEAD_BYTES + 16];
    context[..HEAD_BYTES].copy_from_slice(head);
    context[HEAD_BYTES..].copy_from_slice(volume.0.as_bytes());
    context
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_opens_in_its_volume_behind_its_predecessor_only(
            plain: Vec<u8>, previous: u64, key: u32, at: usize, bit in 0u8..8
        ) {
            let random = SeededRandom::new(8);
            let (volume, other) = (VolumeId::generate(&random), VolumeId::generate(&random));
            let aead = Aead::derive("test", &[1; 32]);
            let mut body = Vec::new();
            begin(&mut body, key);
            body.extend_from_slice(&plain);
            seal(&mut body, &aead, volume, previous).unwrap();
            prop_assert_eq!(key_of(&body).unwrap(), key);
            prop_assert_eq!(open(&body, &aead, volume, previous).unwrap(), plain);
            prop_assert!(open(&body, &aead, other, previous).is_err());
            prop_assert!(open(&body, &aead, volume, previous ^ 1).is_err());
            let at = at % body.len();
            prop_assert!(open(&body[..at], &aead, volume, previous).is_err());
            body[at] ^= 1 << bit;
            prop_assert!(open(&body, &aead, volume, previous).is_err());
        }
    }
}
