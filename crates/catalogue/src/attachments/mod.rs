//! Attachments: grants to mount one filesystem, or one directory of it, that can be taken back.
//!
//! What mounts is a secret that exists in the answer of [`Catalogue::create_attachment`] and nowhere else; the catalogue
//! keeps its SHA-256. An attachment is live until it is revoked, expires, or its filesystem is deleted. One that has
//! ended stays for a while as a row, so that every server hears of it, and is then purged.

mod create;
mod end;
mod read;

use std::fmt;

use holdfast_base::{AttachmentId, FilesystemId, Network, TeamId, Timestamp, UidPolicy};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::CatalogueError;
use crate::db::{id, timestamp, unsigned};

pub use create::NewAttachment;
pub use end::{Ended, Holder};
pub(crate) use end::{holders, revoke_all};

/// Random bytes in a secret; their lower-case hex is the secret.
const SECRET_BYTES: usize = 32;

/// The columns of [`Attachment::from_row`], as a literal for `concat!`.
macro_rules! columns {
    () => {
        "id, team_id, filesystem_id, read_only, subpath, root_ino, root_generation, uid_policy, map_uid, map_gid, \
         networks, owner, created_at, expires_at, last_active_at"
    };
}
pub(crate) use columns;

pub(crate) const NOT_FOUND: CatalogueError = CatalogueError::NotFound { noun: "attachment" };

/// What an attachment is mounted by, in clear. Its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct AttachmentSecret(String);

impl AttachmentSecret {
    /// The secret in clear: 64 lower-case hexadecimal digits.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a text has the form of a secret.
    pub fn has_form(text: &str) -> bool {
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == 2 * SECRET_BYTES && text.bytes().all(lower_hex)
    }
}

impl fmt::Debug for AttachmentSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttachmentSecret(hidden)")
    }
}

/// The directory that an attachment of a part of a filesystem is bound to, whatever it is called later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttachedDirectory {
    /// Its inode number.
    pub ino: u64,
    /// The generation of its inode.
    pub generation: u32,
}

/// An attachment that is live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The tenant that owns it.
    pub team: TeamId,
    /// What it mounts.
    pub filesystem: FilesystemId,
    /// Whether every change is refused.
    pub read_only: bool,
    /// The path of the directory that it mounts, as it was when it was made.
    pub subpath: String,
    /// That directory; `None` for the whole filesystem.
    pub directory: Option<AttachedDirectory>,
    /// As whom its users act.
    pub uid_policy: UidPolicy,
    /// Where it may be used from; anywhere if empty.
    pub networks: Vec<Network>,
    /// Who it is for, in words of the client's own.
    pub owner: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to about a minute.
    pub last_active_at: Option<Timestamp>,
}

impl Attachment {
    fn from_row(row: &AnyRow) -> Result<Self, CatalogueError> {
        let time = |column| Ok::<_, CatalogueError>(row.try_get::<Option<i64>, _>(column)?.map(timestamp));
        Ok(Self {
            id: id(row, "id")?,
            team: id(row, "team_id")?,
            filesystem: id(row, "filesystem_id")?,
            read_only: row.try_get::<i64, _>("read_only")? != 0,
            subpath: row.try_get("subpath")?,
            directory: directory(row)?,
            uid_policy: uid_policy(row)?,
            networks: networks(&row.try_get::<String, _>("networks")?)?,
            owner: row.try_get("owner")?,
            created_at: timestamp(row.try_get("created_at")?),
            expires_at: time("expires_at")?,
            last_active_at: time("last_active_at")?,
        })
    }
}

fn directory(row: &AnyRow) -> Result<Option<AttachedDirectory>, CatalogueError> {
    if row.try_get::<Option<i64>, _>("root_ino")?.is_none() {
        return Ok(None);
    }
    Ok(Some(AttachedDirectory {
        ino: unsigned(row, "root_ino")?,
        generation: number(row, "root_generation")?,
    }))
}

fn uid_policy(row: &AnyRow) -> Result<UidPolicy, CatalogueError> {
    match row.try_get::<String, _>("uid_policy")?.as_str() {
        "root" => Ok(UidPolicy::Root),
        "squash" => Ok(UidPolicy::Squash),
        "map" => Ok(UidPolicy::Map { uid: number(row, "map_uid")?, gid: number(row, "map_gid")? }),
        other => Err(CatalogueError::Unavailable(format!("`{other}` is no policy of users").into())),
    }
}

fn number(row: &AnyRow, column: &str) -> Result<u32, CatalogueError> {
    let value: i64 = row.try_get(column)?;
    u32::try_from(value).map_err(|error| CatalogueError::Unavailable(Box::new(error)))
}

fn networks(text: &str) -> Result<Vec<Network>, CatalogueError> {
    let parsed = text.split(',').filter(|part| !part.is_empty()).map(str::parse);
    parsed.collect::<Result<_, _>>().map_err(|error| CatalogueError::Unavailable(Box::new(error)))
}
