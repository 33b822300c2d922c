//! API keys. The key itself exists in the answer of [`Catalogue::create_key`] and nowhere else: the catalogue keeps
//! its SHA-256, and revocation takes effect with the next lookup because nothing caches one.

use std::fmt;

use holdfast_base::{KeyId, TeamId, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::db::{id, timestamp};
use crate::{Catalogue, CatalogueError};

/// What new keys begin with; official E2B SDKs accept only this.
const PREFIX: &str = "e2b_";
/// Prefixes under which a key is looked up.
const ACCEPTED_PREFIXES: [&str; 2] = [PREFIX, "hf_"];
/// Random bytes in a key; their lower-case hex follows the prefix.
const SECRET_BYTES: usize = 20;
/// Age past which the time of last use is written again: one write a minute and key, not one a request.
const TOUCH_AGE_MICROS: i64 = 60_000_000;
/// Longest name of a key, characters.
const KEY_NAME_MAX_CHARS: usize = 250;

/// An API key in clear. Its `Debug` form hides it; `Display` is the key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// The key in clear.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything within one team.
    Team(TeamId),
    /// Teams and keys; no team's filesystems.
    Admin,
}

/// Who is behind a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The key that was shown.
    pub key_id: KeyId,
    /// What it may do.
    pub scope: Scope,
}

impl Principal {
    /// The team of a team's key.
    pub fn team(&self) -> Option<TeamId> {
        match self.scope {
            Scope::Team(team) => Some(team),
            Scope::Admin => None,
        }
    }

    /// Whether the key administers teams and keys.
    pub fn admin(&self) -> bool {
        self.scope == Scope::Admin
    }
}

/// A key that was just made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key's id.
    pub id: KeyId,
    /// The key in clear, for this once.
    pub key: ApiKey,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What is kept about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its id.
    pub id: KeyId,
    /// What it may do.
    pub scope: Scope,
    /// A name for people; need not be unique.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to about a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Catalogue {
    /// Makes a key.
    ///
    /// # Errors
    /// `Invalid` for `name`; `NotFound` for a team that does not exist; `Unavailable`.
    pub async fn create_key(&self, scope: Scope, name: &str) -> Result<NewKey, CatalogueError> {
        let length = name.chars().count();
        if length == 0 || length > KEY_NAME_MAX_CHARS || name.chars().any(char::is_control) {
            let rule = format!("must be 1 to {KEY_NAME_MAX_CHARS} characters without control characters");
            return Err(CatalogueError::invalid("name", rule));
        }
        let mut secret = [0; SECRET_BYTES];
        self.random.fill(&mut secret);
        let key = ApiKey(format!("{PREFIX}{}", hex(&secret)));
        let (id, now) = (KeyId::generate(&*self.random), self.now_micros());
        let (kind, team) = match scope {
            Scope::Team(team) => ("team", Some(team.to_string())),
            Scope::Admin => ("admin", None),
        };
        let mut tx = self.begin_for_all().await?;
        sqlx::query(
            "INSERT INTO api_keys (id, kind, team_id, name, sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id.to_string())
        .bind(kind.to_owned())
        .bind(team)
        .bind(name.to_owned())
        .bind(hash(key.reveal()))
        .bind(now)
        .execute(&mut *tx)
        .await
        .map_err(missing_team)?;
        tx.commit().await?;
        Ok(NewKey { id, key, created_at: timestamp(now) })
    }

    /// Who `plain` is the key of; `None` for a text that is no key, an unknown key, and a revoked one.
    ///
    /// The lookup is by hash, so its timing tells nothing about other keys, and the hashes are compared without
    /// stopping at the first difference.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find_key(&self, plain: &str) -> Result<Option<Principal>, CatalogueError> {
        if !has_key_form(plain) {
            return Ok(None);
        }
        let wanted = hash(plain);
        // Whose team it is comes out of this lookup, so it cannot be made as that team.
        let mut tx = self.begin_for_all().await?;
        let row = sqlx::query(
            "SELECT id, kind, team_id, name, sha256, created_at, last_used_at, revoked_at \
             FROM api_keys WHERE sha256 = $1 AND revoked_at IS NULL",
        )
        .bind(wanted.clone())
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(None) };
        if !equal(wanted.as_bytes(), row.try_get::<String, _>("sha256")?.as_bytes()) {
            return Ok(None);
        }
        let record = KeyRecord::from_row(&row)?;
        self.touch(record.id, row.try_get("last_used_at")?).await;
        Ok(Some(Principal { key_id: record.id, scope: record.scope }))
    }

    /// Whether the key exists and is not revoked.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn is_key_good(&self, key: KeyId) -> Result<bool, CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        let row = sqlx::query("SELECT id FROM api_keys WHERE id = $1 AND revoked_at IS NULL")
            .bind(key.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(row.is_some())
    }

    /// Ends a key. Revoking twice is not an error.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn revoke_key(&self, key: KeyId) -> Result<(), CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        let done = sqlx::query("UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1")
            .bind(key.to_string())
            .bind(self.now_micros())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        if done.rows_affected() == 0 { Err(CatalogueError::NotFound { noun: "key" }) } else { Ok(()) }
    }

    /// The keys of a scope, oldest first, revoked ones among them.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn list_keys(&self, scope: Scope) -> Result<Vec<KeyRecord>, CatalogueError> {
        let team = match scope {
            Scope::Team(team) => team.to_string(),
            Scope::Admin => String::new(),
        };
        let mut tx = self.begin_for_all().await?;
        let rows = sqlx::query(
            "SELECT id, kind, team_id, name, created_at, last_used_at, revoked_at FROM api_keys \
             WHERE COALESCE(team_id, '') = $1 ORDER BY created_at, id",
        )
        .bind(team)
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        rows.iter().map(KeyRecord::from_row).collect()
    }

    /// Notes the use of a key. A failure is logged and nothing more: it must not fail the request.
    async fn touch(&self, key: KeyId, last_used_at: Option<i64>) {
        let now = self.now_micros();
        if last_used_at.is_some_and(|then| now.saturating_sub(then) < TOUCH_AGE_MICROS) {
            return;
        }
        if let Err(error) = self.write_last_use(key, now).await {
            tracing::warn!(key_id = %key, cause = ?error, "the time of last use was not written");
        }
    }

    async fn write_last_use(&self, key: KeyId, now_micros: i64) -> Result<(), CatalogueError> {
        let mut tx = self.begin_for_all().await?;
        sqlx::query("UPDATE api_keys SET last_used_at = $2 WHERE id = $1")
            .bind(key.to_string())
            .bind(now_micros)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }
}

impl KeyRecord {
    fn from_row(row: &AnyRow) -> Result<Self, CatalogueError> {
        let kind: String = row.try_get("kind")?;
        let time = |column| Ok::<_, CatalogueError>(row.try_get::<Option<i64>, _>(column)?.map(timestamp));
        Ok(Self {
            id: id(row, "id")?,
            scope: if kind == "admin" { Scope::Admin } else { Scope::Team(id(row, "team_id")?) },
            name: row.try_get("name")?,
            created_at: timestamp(row.try_get("created_at")?),
            last_used_at: time("last_used_at")?,
            revoked_at: time("revoked_at")?,
        })
    }
}

fn missing_team(error: sqlx::Error) -> CatalogueError {
    match error.as_database_error() {
        Some(database) if database.is_foreign_key_violation() => CatalogueError::NotFound { noun: "team" },
        _ => error.into(),
    }
}

fn has_key_form(text: &str) -> bool {
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    ACCEPTED_PREFIXES
        .iter()
        .filter_map(|prefix| text.strip_prefix(prefix))
        .any(|rest| rest.len() == 2 * SECRET_BYTES && rest.bytes().all(lower_hex))
}

pub(crate) fn hash(plain: &str) -> String {
    hex(&Sha256::digest(plain.as_bytes()))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Equality that looks at every byte whatever the first ones are.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |sum, (l, r)| sum | (l ^ r)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_of_the_form_of_a_key_are_looked_up() {
        let hex = "0123456789abcdef0123456789abcdef01234567";
        assert!(has_key_form(&format!("e2b_{hex}")) && has_key_form(&format!("hf_{hex}")));
        for wrong in [
            "",
            hex,
            "e2b_",
            &format!("e2b_{hex}0"),
            &format!("E2B_{hex}"),
            &format!("e2b_{}", hex.to_uppercase()),
        ] {
            assert!(!has_key_form(wrong), "{wrong}");
        }
    }

    #[test]
    fn equality_is_equality() {
        assert!(equal(b"ab", b"ab") && !equal(b"ab", b"ac") && !equal(b"ab", b"abc"));
    }
}
