//! Data keys, and the master key that wraps them.

use std::fmt;

use async_trait::async_trait;
use holdfast_base::Random;
use zeroize::Zeroizing;

use crate::aead::{Aead, KEY_BYTES, NONCE_BYTES};
use crate::error::{Error, Result};

/// What the key that wraps is derived for.
const WRAPPING: &str = "holdfast 2026-11 wrapping of data keys";
/// What the check value is derived for.
const CHECKING: &str = "holdfast 2026-11 check value of a master key";
/// What the nonce of a wrapping is derived for.
const NONCE: &str = "holdfast 2026-11 nonce of a wrapped data key";

/// A volume's secret of 256 bits. Wiped from memory when it is dropped, never printed.
pub struct DataKey(Zeroizing<[u8; KEY_BYTES]>);

impl DataKey {
    /// A new random one.
    pub fn generate(random: &dyn Random) -> Self {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        random.fill(key.as_mut_slice());
        Self(key)
    }

    /// One that was wrapped; `None` if the length is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The secret.
    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(secret)")
    }
}

/// Wraps data keys and unwraps them: a master key in memory, or a service that keeps one.
#[async_trait]
pub trait KeyWrapper: Send + Sync + 'static {
    /// Tells one master key from another without giving either away. It is kept beside what was wrapped.
    fn check_value(&self) -> [u8; 8];

    /// Wraps a key so that it is unwrapped only with the same `context`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if a service does not answer.
    async fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<Vec<u8>>;

    /// Unwraps a key.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for what [`KeyWrapper::wrap`] did not make with this context, [`Error::Unavailable`] if a
    /// service does not answer.
    async fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<DataKey>;
}

/// A text that is no master key. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a master key is 32 bytes as 64 hexadecimal digits or as base64, such as `openssl rand -hex 32` prints"
)]
pub struct MasterKeyError;

/// A master key in the memory of this process.
pub struct MasterKey {
    wrapping: Aead,
    check_value: [u8; 8],
}

impl MasterKey {
    /// The master key with these bytes.
    pub fn new(secret: &[u8; KEY_BYTES]) -> Self {
        let mut check_value = [0; 8];
        check_value.copy_from_slice(&blake3::derive_key(CHECKING, secret)[..8]);
        Self { wrapping: Aead::derive(WRAPPING, secret), check_value }
    }

    /// Reads 64 hexadecimal digits or base64 of 32 bytes; white space around them does not count.
    ///
    /// # Errors
    /// [`MasterKeyError`] for any other text.
    pub fn parse(text: &str) -> std::result::Result<Self, MasterKeyError> {
        let text = text.trim().as_bytes();
        let secret = if text.len() == 2 * KEY_BYTES { from_hex(text) } else { from_base64(text) };
        Ok(Self::new(&*secret.ok_or(MasterKeyError)?))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(secret)")
    }
}

#[async_trait]
impl KeyWrapper for MasterKey {
    fn check_value(&self) -> [u8; 8] {
        self.check_value
    }

    async fn wrap(&self, key: &DataKey, context: &[u8]) -> Result<Vec<u8>> {
        let mut wrapped = key.bytes().to_vec();
        self.wrapping.seal(nonce(context), context, &mut wrapped, 0)?;
        Ok(wrapped)
    }

    async fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<DataKey> {
        let key = self.wrapping.open(nonce(context), context, wrapped).map(Zeroizing::new);
        let key = key.and_then(|key| DataKey::from_bytes(&key));
        key.ok_or_else(|| Error::corrupt("a wrapped key is damaged or belongs elsewhere"))
    }
}

/// One context is one key, so the context is what the nonce is made of.
fn nonce(context: &[u8]) -> [u8; NONCE_BYTES] {
    let mut nonce = [0; NONCE_BYTES];
    nonce.copy_from_slice(&blake3::derive_key(NONCE, context)[..NONCE_BYTES]);
    nonce
}

type Secret = Zeroizing<[u8; KEY_BYTES]>;

fn from_hex(text: &[u8]) -> Option<Secret> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut secret = Zeroizing::new([0; KEY_BYTES]);
    for (byte, pair) in secret.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(secret)
}

/// RFC 4648 section 4; the padding may be left out.
fn from_base64(text: &[u8]) -> Option<Secret> {
    /// Digits of 32 bytes: the last one holds 2 bits of nothing.
    const DIGITS: usize = 43;
    let digits = text.strip_suffix(b"=").unwrap_or(text);
    if digits.len() != DIGITS {
        return None;
    }
    let mut secret = Zeroizing::new([0; KEY_BYTES]);
    let (mut bits, mut held, mut at) = (0u32, 0, 0);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            secret[at] = (bits >> held) as u8;
            at += 1;
            bits &= (1 << held) - 1;
        }
    }
    (bits == 0).then_some(secret)
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;

    use super::*;

    #[test]
    fn both_spellings_are_one_key_and_no_other_text_is_one() {
        let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
        let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let key = MasterKey::parse(&format!(" {hex}\n")).unwrap();
        assert_eq!(MasterKey::parse(base64).unwrap().check_value, key.check_value);
        assert_eq!(MasterKey::parse(&base64[..43]).unwrap().check_value, key.check_value);
        for wrong in
            ["", "00", &hex[1..], &hex.replace('A', "g"), &base64[..42], &base64.replace('8', "9"), "é"]
        {
            assert!(MasterKey::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_key_is_unwrapped_by_its_master_key_in_its_context_only() {
        let random = SeededRandom::new(4);
        let (master, other) = (MasterKey::new(&[1; 32]), MasterKey::new(&[2; 32]));
        assert_ne!(master.check_value(), other.check_value());
        let key = DataKey::generate(&random);
        let wrapped = master.wrap(&key, b"here").await.unwrap();
        assert_eq!(master.unwrap(&wrapped, b"here").await.unwrap().bytes(), key.bytes());
        assert!(master.unwrap(&wrapped, b"there").await.is_err());
        assert!(other.unwrap(&wrapped, b"here").await.is_err());
        assert!(!wrapped.windows(8).any(|part| part == &key.bytes()[..8]));
        assert_eq!(format!("{key:?} {master:?}"), "DataKey(secret) MasterKey(secret)");
    }
}
