//! A raw RPC client for NFS, MOUNT and PORTMAP over TCP: for the wire-level tests and the load generator.
//!
//! [`Client`] pipelines: any number of tasks call at once on one connection, and replies are matched by transaction
//! id in whatever order they come. A call costs no task and no timer: one task reads, one writes in batches, one
//! fails what is overdue. [`RawConnection`] is the other extreme: bytes out, records in, for what no honest client
//! sends.
//!
//! It has no cache, no retransmission and no reconnection. A test that wants those does them itself and sees them.

#![forbid(unsafe_code)]

mod client;
mod connection;
mod error;
mod mount;
mod nfs;
mod options;
mod outbox;
mod portmap;
mod raw;
mod waiters;

pub use client::{Client, Target};
pub use error::{ClientError, CloseReason};
pub use holdfast_wire as wire;
pub use options::ConnectOptions;
pub use raw::RawConnection;
