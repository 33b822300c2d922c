//! The catalogue against a real database, one binary.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "suite/support.rs"]
mod support;

#[path = "suite/filesystems.rs"]
mod filesystems;
#[path = "suite/keys.rs"]
mod keys;
#[path = "suite/listing.rs"]
mod listing;
#[path = "suite/schema.rs"]
mod schema;
