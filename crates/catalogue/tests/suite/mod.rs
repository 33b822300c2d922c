//! What both engines must do alike. The binary that includes this says which one is asked, by its `ENGINE`.

pub mod support;

mod attachments;
mod filesystems;
mod keys;
mod listing;
mod schema;
