//! Filesystems as the catalogue knows them: identity, limits, labels, and how far their making or removal has come.

mod change;
mod create;
mod read;
mod undelete;

use holdfast_base::{ByteSize, Compression, Durability, FilesystemId, TeamId, Timestamp, VolumeSettings};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::db::{id, parsed, timestamp, unsigned};
use crate::{CatalogueError, Labels, names};

pub use read::{ListFilesystems, Page};

/// The columns of [`Filesystem::from_row`], as a literal for `concat!`.
macro_rules! columns {
    () => {
        "id, team_id, name, size_bytes, inode_limit, labels, durability, compression, created_at, updated_at"
    };
}
pub(crate) use columns;

/// A filesystem that exists: its volume was made and nobody asked for its removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filesystem {
    /// Its id; the volume has the same UUID.
    pub id: FilesystemId,
    /// The tenant that owns it.
    pub team: TeamId,
    /// Its name, unique in the team.
    pub name: String,
    /// Limit of the bytes in it.
    pub size: ByteSize,
    /// Limit of the inodes in it.
    pub inode_limit: u64,
    /// Its labels.
    pub labels: Labels,
    /// Its durability class and compression, as its volume has them.
    pub settings: VolumeSettings,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its row last changed; moves forward with every change.
    pub updated_at: Timestamp,
}

/// What a new filesystem is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFilesystem {
    /// Its name.
    pub name: String,
    /// Limit of the bytes in it; at least 1.
    pub size: ByteSize,
    /// Limit of the inodes in it; at least 1.
    pub inode_limit: u64,
    /// Its labels.
    pub labels: Labels,
    /// Its durability class and compression.
    pub settings: VolumeSettings,
}

/// What changes about a filesystem; `None` leaves a value as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilesystemPatch {
    /// A new name.
    pub name: Option<String>,
    /// New limits: bytes and inodes.
    pub limits: Option<(ByteSize, u64)>,
    /// Labels that replace all labels.
    pub labels: Option<Labels>,
    /// A new durability class.
    pub durability: Option<Durability>,
    /// A new compression.
    pub compression: Option<Compression>,
}

/// Limits over all filesystems of one team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TeamLimits {
    /// Most filesystems.
    pub filesystems: u64,
    /// Most bytes that the sizes of all filesystems may add up to.
    pub total: ByteSize,
}

/// A filesystem as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilesystemRef {
    /// By id.
    Id(FilesystemId),
    /// By name.
    Name(String),
}

impl FilesystemRef {
    /// Reads `fs-<uuid>` or a bare UUID as an id and anything else as a name. No name has the form of an id.
    pub fn parse(text: &str) -> Self {
        match names::as_uuid(text) {
            Some(uuid) => Self::Id(FilesystemId(uuid)),
            None => Self::Name(text.to_owned()),
        }
    }
}

impl From<FilesystemId> for FilesystemRef {
    fn from(id: FilesystemId) -> Self {
        Self::Id(id)
    }
}

/// How far a filesystem has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its name is taken; its volume may be missing or half made.
    Creating,
    /// It exists.
    Active,
    /// It is gone for its team; its volume may be there or half removed.
    Deleting,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Active => "active",
            Self::Deleting => "deleting",
        }
    }
}

/// A row whose volume may be half made or half removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The filesystem.
    pub id: FilesystemId,
    /// The tenant that owns it.
    pub team: TeamId,
    /// `Creating` or `Deleting`.
    pub state: State,
}

impl Filesystem {
    pub(crate) fn from_row(row: &AnyRow) -> Result<Self, CatalogueError> {
        Ok(Self {
            id: id(row, "id")?,
            team: id(row, "team_id")?,
            name: row.try_get("name")?,
            size: ByteSize(unsigned(row, "size_bytes")?),
            inode_limit: unsigned(row, "inode_limit")?,
            labels: Labels::from_json(&row.try_get::<String, _>("labels")?)?,
            settings: VolumeSettings {
                durability: parsed(row, "durability")?,
                compression: parsed(row, "compression")?,
            },
            created_at: timestamp(row.try_get("created_at")?),
            updated_at: timestamp(row.try_get("updated_at")?),
        })
    }
}

pub(crate) const NOT_FOUND: CatalogueError = CatalogueError::NotFound { noun: "filesystem" };
