//! NFS and its companions as values to and from bytes.
//!
//! Owns record marking, ONC RPC version 2, XDR, NFS version 3, MOUNT version 3 and PORTMAP version 2. Every
//! message is decoded from and encoded for both sides, so that servers, clients and tests share one codec.
//!
//! Pure: no I/O, no clock, no runtime, no unsafe. Every length is compared with its limit and with the bytes
//! that are there before anything is allocated; opaque data is sliced from the record, never copied. What a
//! message *means* (whether a handle is genuine, a name allowed, a mode sensible) is for the caller.

#![forbid(unsafe_code)]

#[macro_use]
mod macros;
#[cfg(test)]
#[macro_use]
mod properties;

pub mod limits;
pub mod mount3;
pub mod nfs3;
pub mod portmap2;
pub mod record;
pub mod rpc;
#[cfg(test)]
mod sample;
pub mod xdr;

pub use bytes::Bytes;
pub use rpc::Procedure;
pub use xdr::{Decode, Encode, Payload, Reader, Rope, XdrError};
