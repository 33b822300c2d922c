//! The on-disk and in-bucket formats: pure values to and from bytes. `docs/FORMAT.md` draws them.
//!
//! Nothing here does I/O. Every decoder is bounded by its input and answers [`Error::Corrupt`] instead of
//! panicking: the bytes come from disks and buckets.

pub(crate) mod codec;
pub(crate) mod compress;
pub(crate) mod entry;
pub(crate) mod extent;
pub(crate) mod frame;
pub(crate) mod inode;
pub(crate) mod keyring;
pub(crate) mod keys;
pub(crate) mod marker;
pub(crate) mod meta;
pub(crate) mod record;
pub(crate) mod sealed;
pub(crate) mod snapshot;
