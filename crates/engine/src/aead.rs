//! Authenticated encryption, in one place: AES-256-GCM-SIV of RFC 8452.
//!
//! The mode is the one whose security does not hang on nonces. Segments and journal records take theirs from where
//! they lie; after a crash, or when a bucket is set back to an older state, the same place may be written again with
//! other bytes. Then nothing is given away but whether two plaintexts are equal.
//!
//! Keys are wiped from memory when they are dropped. Knows nothing of volumes.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;
/// Bytes of a nonce.
pub(crate) const NONCE_BYTES: usize = 12;
/// Bytes by which sealed bytes are longer than what they hold.
pub(crate) const TAG_BYTES: usize = 16;

/// A key for one purpose.
pub(crate) struct Aead(LessSafeKey);

impl Aead {
    /// The key for `purpose` that follows from `secret`. Purposes never share a key, and so neither nonces.
    pub(crate) fn derive(purpose: &str, secret: &[u8; KEY_BYTES]) -> Self {
        let key = Zeroizing::new(blake3::derive_key(purpose, secret));
        let key = UnboundKey::new(&AES_256_GCM_SIV, key.as_slice());
        Self(LessSafeKey::new(key.expect("the key has the length that the mode takes")))
    }

    /// Seals `bytes[from..]` in place and appends the tag.
    pub(crate) fn seal(
        &self,
        nonce: [u8; NONCE_BYTES],
        context: &[u8],
        bytes: &mut Vec<u8>,
        from: usize,
    ) -> Result<()> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(context), &mut bytes[from..]);
        let tag = tag.map_err(|_| Error::Io("bytes could not be encrypted".into()))?;
        bytes.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// What `sealed` holds; `None` if it was not sealed just so, with this key.
    pub(crate) fn open(&self, nonce: [u8; NONCE_BYTES], context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (ciphertext, tag) = sealed.split_at_checked(sealed.len().checked_sub(TAG_BYTES)?)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let mut plain = vec![0; ciphertext.len()];
        self.0.open_separate_gather(nonce, Aad::from(context), ciphertext, tag, &mut plain).ok()?;
        Some(plain)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> Aead {
        Aead::derive("test", &[byte; KEY_BYTES])
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens_only_untouched_and_in_its_place(
            plain: Vec<u8>, head: Vec<u8>, nonce: [u8; NONCE_BYTES], context: Vec<u8>, at: usize, bit in 0u8..8
        ) {
            let mut bytes = head.clone();
            bytes.extend_from_slice(&plain);
            key(1).seal(nonce, &context, &mut bytes, head.len()).unwrap();
            prop_assert_eq!(&bytes[..head.len()], &head[..]);
            let sealed = &bytes[head.len()..];
            prop_assert_eq!(sealed.len(), plain.len() + TAG_BYTES);
            prop_assert_eq!(key(1).open(nonce, &context, sealed), Some(plain));
            prop_assert_eq!(key(2).open(nonce, &context, sealed), None);
            prop_assert_eq!(Aead::derive("other", &[1; KEY_BYTES]).open(nonce, &context, sealed), None);
            let mut elsewhere = nonce;
            elsewhere[at % NONCE_BYTES] ^= 1 << bit;
            prop_assert_eq!(key(1).open(elsewhere, &context, sealed), None);
            let mut other = context.clone();
            other.push(0);
            prop_assert_eq!(key(1).open(nonce, &other, sealed), None);
            let mut touched = sealed.to_vec();
            touched[at % sealed.len()] ^= 1 << bit;
            prop_assert_eq!(key(1).open(nonce, &context, &touched), None);
            prop_assert_eq!(key(1).open(nonce, &context, &sealed[..at % sealed.len()]), None);
        }
    }

    /// RFC 8452, appendix C.2: the first case with a plaintext. The mode is the one that the formats name.
    #[test]
    fn the_mode_is_that_of_the_rfc() {
        let mut secret = [0; KEY_BYTES];
        secret[0] = 1;
        let key = UnboundKey::new(&AES_256_GCM_SIV, &secret).unwrap();
        let mut nonce = [0; NONCE_BYTES];
        nonce[0] = 3;
        let mut bytes = vec![1, 0, 0, 0, 0, 0, 0, 0];
        Aead(LessSafeKey::new(key)).seal(nonce, b"", &mut bytes, 0).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28");
    }
}
