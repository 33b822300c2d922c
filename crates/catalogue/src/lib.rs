//! The catalogue: teams, API keys, filesystems and attachments in SQL.
//!
//! **Owns** the schema (numbered migrations, never edited once released) and every SQL statement of the server, on
//! SQLite and on PostgreSQL. SQL is the subset that both share (`$1` placeholders, BIGINT, TEXT); what they do not
//! share is in migrations marked with the engine's name. On PostgreSQL forced row-level security keeps teams apart a
//! second time, below the statements. Times are microseconds since the epoch.
//!
//! **In a crash** every method is one transaction: it happened or it did not. A filesystem is created in three steps
//! (row `creating`, volume made elsewhere, row `active`) and deleted in three (row `deleting`, volume removed
//! elsewhere, row purged); [`Catalogue::list_unfinished`] names the rows whose volume may be half made or half
//! removed. The name is taken from the first step of a creation and free again from the first step of a deletion.
//!
//! **Knows nothing** of volumes, files, NFS or HTTP. Errors are few: see [`CatalogueError`].

mod attachments;
mod copy;
mod db;
mod engine;
mod error;
mod filesystems;
mod keys;
mod labels;
mod migrations;
mod names;
mod teams;

pub use attachments::{AttachedDirectory, Attachment, AttachmentSecret, Ended, Holder, NewAttachment};
pub use db::Catalogue;
pub use error::CatalogueError;
pub use filesystems::{
    Filesystem, FilesystemPatch, FilesystemRef, ListFilesystems, NewFilesystem, Page, State, TeamLimits,
    Unfinished,
};
pub use keys::{ApiKey, KeyRecord, NewKey, Principal, Scope};
pub use labels::Labels;
pub use names::NAME_RULE;
pub use teams::{DEFAULT_TEAM, Team, TeamRef};
