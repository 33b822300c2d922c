//! The NFS front end: bytes on TCP connections become engine operations, and their results become replies.
//!
//! Owns connections and their limits, file handles, attachments, credentials, the replay cache, MOUNT and PORTMAP, the
//! lock manager (NLM, NSM), and for each NFSv3 procedure the adapter from wire arguments to one engine operation and
//! back. One listener answers all programs.
//!
//! Knows nothing of teams, names of filesystems, HTTP or SQL: what may be mounted is asked of [`Exports`], and
//! volumes come from [`Volumes`]. Promises nothing on its own: a reply that claims durability is built from the
//! engine's [`Durable`](holdfast_engine::Durable).
//!
//! Two things survive a crash: the handle key, which belongs to the caller (handles sealed with it stay valid for
//! ever), and the locks that are held, in a log of their own. A call that runs when its connection breaks runs to its end, so that its retransmission finds the reply.

#![forbid(unsafe_code)]

mod attachments;
mod attributes;
mod auth;
mod call;
mod connection;
mod datagrams;
mod dispatch;
mod exports;
mod handle;
mod limits;
mod locks;
mod metrics;
mod mount;
mod nlm;
mod nsm;
mod portmap;
mod proc;
mod replay;
mod server;
mod session;
mod snapshots;
mod status;
mod volumes;

pub use attachments::{Attached, Attachments};
pub use exports::{ExportError, ExportGrant, Exports};
pub use locks::{LockConfig, Locks, LogFailed};
pub use server::{NfsConfig, NfsServer};
pub use volumes::Volumes;
