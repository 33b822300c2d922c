//! NFS and its companions as values to and from bytes.
//!
//! Owns record marking, ONC RPC version 2, XDR, NFS version 3, MOUNT version 3, PORTMAP version 2, NLM version 4 and
//! NSM version 1. Every message is decoded from and encoded for both sides, so that servers, clients and tests share
//! one codec.
//!
//! Pure: no I/O, no clock, no runtime, no unsafe. Every length is compared with its limit and with the bytes
//! that are there before anything is allocated; opaque data is sliced from the record, never copied. What a
//! message *means* (whether a handle is genuine, a name allowed, a mode sensible) is for the caller.
//!
//! A server, from received bytes to bytes to send:
//!
//! ```
//! use bytes::BytesMut;
//! use holdfast_wire::nfs3::{Call3, GetAttrRes, NfsStat3, Procedure3, Reply3};
//! use holdfast_wire::record::{RecordDecoder, RecordError};
//! use holdfast_wire::rpc::{self, AcceptStatus, CallHeader, ReplyHeader};
//! use holdfast_wire::{Bytes, Reader, Rope};
//!
//! /// Answers every complete record of `received` into `out`. An error closes the connection.
//! fn serve(decoder: &mut RecordDecoder, received: &mut BytesMut, out: &mut Rope) -> Result<(), RecordError> {
//!     while let Some(record) = decoder.next_record(received)? {
//!         answer(record, out);
//!     }
//!     Ok(()) // `out` is a `bytes::Buf`: send it with `write_all_buf`, which is vectored.
//! }
//!
//! fn answer(record: Bytes, out: &mut Rope) {
//!     let mut input = Reader::new(record);
//!     let header = match CallHeader::decode(&mut input) {
//!         Ok(header) => header,
//!         // `None` would close the connection.
//!         Err(error) => return error.reply().iter().for_each(|reply| rpc::write_reply(out, reply)),
//!     };
//!     let refuse = |out: &mut Rope, status| rpc::write_reply(out, &ReplyHeader::accepted(header.xid, status));
//!     let Some(procedure) = Procedure3::from_u32(header.procedure) else {
//!         return refuse(out, AcceptStatus::ProcedureUnavailable);
//!     };
//!     let Ok(call) = Call3::decode_args(procedure, input.rest()) else {
//!         return refuse(out, AcceptStatus::GarbageArguments);
//!     };
//!     match call {
//!         Call3::Null(()) => rpc::write_success(out, header.xid, &Reply3::Null(())),
//!         Call3::GetAttr(_) => rpc::write_success(out, header.xid, &GetAttrRes::Err(NfsStat3::Stale.into())),
//!         _ => refuse(out, AcceptStatus::SystemError),
//!     }
//! }
//! # let mut out = Rope::new();
//! # serve(&mut RecordDecoder::default(), &mut BytesMut::from(&[0x80, 0, 0, 0][..]), &mut out).expect("a record");
//! # assert!(out.is_empty());
//! ```

#![forbid(unsafe_code)]

#[macro_use]
mod macros;
#[cfg(test)]
#[macro_use]
mod properties;

pub mod limits;
pub mod mount3;
pub mod nfs3;
pub mod nlm4;
pub mod nsm1;
pub mod portmap2;
pub mod record;
pub mod rpc;
#[cfg(test)]
mod sample;
pub mod xdr;

pub use bytes::Bytes;
pub use rpc::Procedure;
pub use xdr::{Decode, Encode, Payload, Reader, Rope, XdrError};
