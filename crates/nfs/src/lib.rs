//! The NFS front end: bytes on TCP connections become engine operations, and their results become replies.
//!
//! Owns connections and their limits, file handles, credentials, the replay cache, MOUNT and PORTMAP, and for each
//! NFSv3 procedure the adapter from wire arguments to one engine operation and back. One listener answers all
//! three programs.
//!
//! Knows nothing of teams, names of filesystems, HTTP or SQL: what may be mounted is asked of [`Exports`], and
//! volumes come from [`Volumes`]. Promises nothing on its own: a reply that claims durability is built from the
//! engine's [`Durable`](holdfast_engine::Durable).
//!
//! Nothing here survives a crash but the handle key, which belongs to the caller: handles sealed with it stay valid
//! for ever. A call that runs when its connection breaks runs to its end, so that its retransmission finds the reply.

#![forbid(unsafe_code)]

mod attributes;
mod auth;
mod call;
mod connection;
mod dispatch;
mod exports;
mod handle;
mod limits;
mod metrics;
mod mount;
mod portmap;
mod proc;
mod replay;
mod server;
mod session;
mod status;
mod volumes;

pub use exports::{ExportError, ExportGrant, Exports};
pub use server::{NfsConfig, NfsServer};
pub use volumes::Volumes;
