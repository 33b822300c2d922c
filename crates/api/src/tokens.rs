//! Tokens for one volume's content: JSON web tokens (RFC 7519) signed with Ed25519 (RFC 8037).
//!
//! A token says which team and filesystem it opens, which key asked for it, and until when. Whether the filesystem still
//! exists and the key is still good is asked at every use, so a deletion or a revocation ends its tokens as well. The key
//! that verifies is public (`/.well-known/jwks.json`); the one that signs is the composition root's secret.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey};
use holdfast_base::{FilesystemId, KeyId, Random, TeamId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Who issues the tokens and whom they are for: this server, whatever it is reached by.
const ISSUER: &str = "holdfast";
/// Tokens of a server whose clock is ahead of ours by so much are taken, seconds.
const CLOCK_SKEW_SECONDS: i64 = 60;
/// Longest token that is looked at, bytes; ours have about 700.
const TOKEN_MAX_BYTES: usize = 4096;

/// Signs and verifies.
pub struct Tokens {
    signing: SigningKey,
    key_id: String,
    lifetime: Duration,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// What a good token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opens {
    pub team: TeamId,
    pub filesystem: FilesystemId,
    pub key: KeyId,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    teamid: String,
    volid: String,
    voltype: String,
    keyid: String,
}

impl Tokens {
    /// Signs with the key of this seed; a token is good for `lifetime`.
    pub fn new(seed: &[u8; 32], lifetime: Duration) -> Self {
        let signing = SigningKey::from_bytes(seed);
        // Of the public key, so that it says nothing of the seed and changes with it.
        let key_id = URL_SAFE_NO_PAD.encode(&signing.verifying_key().as_bytes()[..9]);
        Self { signing, key_id, lifetime }
    }

    /// A new token.
    pub(crate) fn sign(&self, opens: Opens, now: Timestamp, random: &dyn Random) -> String {
        let mut id = [0; 16];
        random.fill(&mut id);
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: ISSUER.to_owned(),
            sub: opens.team.0.to_string(),
            jti: uuid::Builder::from_random_bytes(id).into_uuid().to_string(),
            iat: now.seconds,
            nbf: now.seconds,
            exp: now.seconds.saturating_add(lifetime),
            teamid: opens.team.0.to_string(),
            volid: opens.filesystem.0.to_string(),
            voltype: ISSUER.to_owned(),
            keyid: opens.key.0.to_string(),
        };
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.key_id, "tokid": self.key_id });
        let claims = json!(claims);
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.signing.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// What `token` opens at this time; `None` for anything that this server did not sign, and outside of its time.
    pub(crate) fn verify(&self, token: &str, now: Timestamp) -> Option<Opens> {
        if token.len() > TOKEN_MAX_BYTES {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = decode(header)?;
        // The algorithm is ours to choose, not the token's.
        if header.alg != "EdDSA" || header.kid != self.key_id {
            return None;
        }
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        self.signing.verifying_key().verify_strict(signed.as_bytes(), &signature).ok()?;
        let claims: Claims = decode(claims)?;
        let current =
            claims.nbf.saturating_sub(CLOCK_SKEW_SECONDS) <= now.seconds && now.seconds < claims.exp;
        if !current || claims.iss != ISSUER || claims.aud != ISSUER {
            return None;
        }
        Some(Opens {
            team: TeamId(claims.teamid.parse().ok()?),
            filesystem: FilesystemId(claims.volid.parse().ok()?),
            key: KeyId(claims.keyid.parse().ok()?),
        })
    }

    /// The public key, as a set (RFC 7517).
    pub(crate) fn public_keys(&self) -> Value {
        json!({ "keys": [{
            "kty": "OKP",
            "crv": "Ed25519",
            "alg": "EdDSA",
            "use": "sig",
            "kid": self.key_id,
            "x": URL_SAFE_NO_PAD.encode(self.signing.verifying_key().as_bytes()),
        }] })
    }
}

fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn decode<T: serde::de::DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;

    use super::*;

    const NOW: Timestamp = Timestamp { seconds: 1_700_000_000, nanos: 0 };

    fn opens() -> Opens {
        let random = SeededRandom::new(7);
        Opens {
            team: TeamId::generate(&random),
            filesystem: FilesystemId::generate(&random),
            key: KeyId::generate(&random),
        }
    }

    fn after(seconds: i64) -> Timestamp {
        Timestamp { seconds: NOW.seconds + seconds, nanos: 0 }
    }

    #[test]
    fn a_token_opens_what_it_was_made_for_in_its_time_and_with_its_key() {
        let tokens = Tokens::new(&[1; 32], Duration::from_secs(3600));
        let token = tokens.sign(opens(), NOW, &SeededRandom::new(1));
        assert!(token.len() < TOKEN_MAX_BYTES && token.is_ascii());
        for seconds in [-60, 0, 3599] {
            assert_eq!(tokens.verify(&token, after(seconds)), Some(opens()), "{seconds}");
        }
        for seconds in [-61, 3600, 1 << 40] {
            assert_eq!(tokens.verify(&token, after(seconds)), None, "{seconds}");
        }
        assert_eq!(Tokens::new(&[2; 32], Duration::from_secs(3600)).verify(&token, NOW), None);
        assert!(!format!("{tokens:?}").contains("[1"), "the seed is hidden from logs");
    }

    #[test]
    fn no_byte_of_a_token_can_be_changed_and_no_other_algorithm_chosen() {
        let tokens = Tokens::new(&[1; 32], Duration::from_secs(3600));
        let token = tokens.sign(opens(), NOW, &SeededRandom::new(1));
        // The last character holds bits that no signature has; the decoder refuses them as well.
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(tokens.verify(std::str::from_utf8(&bytes).unwrap(), NOW), None, "{at}");
        }
        let claims = token.split('.').nth(1).unwrap();
        let none = encode(&json!({ "alg": "none", "typ": "JWT", "kid": tokens.key_id }));
        for forged in
            ["", ".", "..", claims, &format!("{none}.{claims}."), &format!("{token}.x"), &"A".repeat(5000)]
        {
            assert_eq!(tokens.verify(forged, NOW), None, "{forged}");
        }
    }

    #[test]
    fn the_published_key_verifies() {
        let tokens = Tokens::new(&[1; 32], Duration::from_secs(3600));
        let token = tokens.sign(opens(), NOW, &SeededRandom::new(1));
        let published = tokens.public_keys();
        let key = URL_SAFE_NO_PAD.decode(published["keys"][0]["x"].as_str().unwrap()).unwrap();
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key.try_into().unwrap()).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        key.verify_strict(signed.as_bytes(), &signature).unwrap();
    }
}
