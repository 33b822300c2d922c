//! ONC RPC version 2 messages (RFC 5531): calls, replies and their credentials, for both sides.

mod auth;
mod call;
mod gids;
mod reply;
#[cfg(test)]
mod tests;

use bytes::Bytes;

use crate::record::write_record;
use crate::xdr::{Decode, Encode, Rope};

pub use auth::{AUTH_NONE, AUTH_SYS, AuthSys, Credential, OpaqueAuth};
pub use call::{CallHeader, HeaderError};
pub use gids::Gids;
pub use reply::{AcceptStatus, AuthStat, Rejection, ReplyBody, ReplyHeader};

/// The version of the RPC protocol itself (RFC 5531 section 9).
pub const RPC_VERSION: u32 = 2;
/// `msg_type` of a call.
pub const MESSAGE_CALL: u32 = 0;
/// `msg_type` of a reply.
pub const MESSAGE_REPLY: u32 = 1;

/// One procedure of one program version, known at compile time.
pub trait Procedure {
    /// What a call carries.
    type Args: Encode + Decode;
    /// What an accepted, successful reply carries.
    type Reply: Encode + Decode;
    /// The program's number.
    const PROGRAM: u32;
    /// The program's version.
    const VERSION: u32;
    /// The procedure's number in the program.
    const NUMBER: u32;
    /// The procedure's name as its RFC writes it.
    const NAME: &'static str;
}

/// The transaction id of a message, call or reply: its first word. `None` if there are not even four bytes.
pub fn peek_xid(record: &Bytes) -> Option<u32> {
    record.first_chunk().map(|word| u32::from_be_bytes(*word))
}

/// Appends one record: a successful reply to call `xid` with its result.
pub fn write_success(out: &mut Rope, xid: u32, result: &impl Encode) {
    write_record(out, |out| {
        ReplyHeader::success(xid).encode(out);
        result.encode(out);
    });
}

/// Appends one record: a reply without a result, which is every reply but a success.
pub fn write_reply(out: &mut Rope, reply: &ReplyHeader) {
    write_record(out, |out| reply.encode(out));
}

/// Appends one record: a call with its arguments.
pub fn write_call(out: &mut Rope, header: &CallHeader, args: &impl Encode) {
    write_record(out, |out| {
        header.encode(out);
        args.encode(out);
    });
}
