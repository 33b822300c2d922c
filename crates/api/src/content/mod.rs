//! `/filesystems/{id}/files/{path}`: reading, listing, writing and removing files over HTTP.

mod entry;
mod etag;
mod listing;
pub(crate) mod make;
mod owner;
mod range;
pub(crate) mod read;
pub(crate) mod remove;
mod target;
mod upload;
pub(crate) mod write;
