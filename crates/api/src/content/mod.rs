//! `/filesystems/{id}/files/{path}`: reading, listing, writing and removing files over HTTP.

pub(crate) mod change;
mod entry;
mod etag;
mod listing;
pub(crate) mod make;
mod owner;
mod range;
pub(crate) mod read;
pub(crate) mod remove;
pub(crate) mod target;
pub(crate) mod upload;
pub(crate) mod write;
