//! The NFSv3 procedures (RFC 1813 section 3.3), one file each: decode, one engine operation, map, reply.
//!
//! A reply that claims durability is built from a `Durable`, by type. Attributes around an operation come from the
//! operation itself; only the arm of a failure asks for them separately.

mod access;
mod commit;
mod create;
mod entries;
mod fsinfo;
mod fsstat;
mod getattr;
mod link;
mod lookup;
mod made;
mod mkdir;
mod mknod;
mod pathconf;
mod read;
mod readdir;
mod readdirplus;
mod readlink;
mod remove;
mod rename;
mod rmdir;
mod setattr;
mod symlink;
mod write;

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use holdfast_base::limits::PATH_MAX_BYTES;
use holdfast_wire::nfs3::{Procedure3, ReadArgs, ReadDirArgs, ReadDirPlusArgs, WriteArgs};
use holdfast_wire::xdr::XdrError;
use holdfast_wire::{Decode, Reader};

use crate::call::Call;
use crate::dispatch::Running;
use crate::session::Session;

/// A call whose arguments have been read.
pub(crate) struct Begun {
    pub running: Running,
    /// Most bytes that its reply may take: reserved while it runs.
    pub reply_bytes: usize,
}

/// Reads the arguments of a call; nothing runs before the future is polled.
///
/// Each procedure has a future of its own type: one for all of them would be as large as the largest, and moved for
/// every GETATTR.
pub(crate) fn begin(call: Call, input: &mut Reader) -> Result<Begun, XdrError> {
    macro_rules! begin {
        ($adapter:path) => {
            begin!(read_args(input)?, 0, $adapter)
        };
        ($args:expr, $data_bytes:expr, $adapter:path) => {{
            let (args, data_bytes) = ($args, $data_bytes);
            let running = async move {
                match AssertUnwindSafe($adapter(&call.session, args)).catch_unwind().await {
                    Ok(result) => call.answer(&result),
                    Err(panic) => call.panicked(&*panic),
                }
            };
            Ok(Begun { running: Box::pin(running), reply_bytes: SMALL_REPLY_BYTES + data_bytes })
        }};
    }
    match call.procedure {
        Procedure3::Null => begin!(null),
        Procedure3::GetAttr => begin!(getattr::getattr),
        Procedure3::SetAttr => begin!(setattr::setattr),
        Procedure3::Lookup => begin!(lookup::lookup),
        Procedure3::Access => begin!(access::access),
        Procedure3::ReadLink => begin!(read_args(input)?, PATH_MAX_BYTES, readlink::readlink),
        Procedure3::Read => {
            let args: ReadArgs = read_args(input)?;
            begin!(args, read::count_of(&args) as usize, read::read)
        }
        Procedure3::Write => {
            let args: WriteArgs = read_args(input)?;
            check_write(&args)?;
            begin!(args, 0, write::write)
        }
        Procedure3::Create => begin!(create::create),
        Procedure3::Mkdir => begin!(mkdir::mkdir),
        Procedure3::Symlink => begin!(symlink::symlink),
        Procedure3::Mknod => begin!(mknod::mknod),
        Procedure3::Remove => begin!(remove::remove),
        Procedure3::Rmdir => begin!(rmdir::rmdir),
        Procedure3::Rename => begin!(rename::rename),
        Procedure3::Link => begin!(link::link),
        Procedure3::ReadDir => {
            let args: ReadDirArgs = read_args(input)?;
            begin!(args, entries::clamp(args.count) as usize, readdir::readdir)
        }
        Procedure3::ReadDirPlus => {
            let args: ReadDirPlusArgs = read_args(input)?;
            begin!(args, entries::clamp(args.maxcount) as usize, readdirplus::readdirplus)
        }
        Procedure3::FsStat => begin!(fsstat::fsstat),
        Procedure3::FsInfo => begin!(fsinfo::fsinfo),
        Procedure3::PathConf => begin!(pathconf::pathconf),
        Procedure3::Commit => begin!(commit::commit),
    }
}

/// Headers, attributes, a handle: what every reply may take.
const SMALL_REPLY_BYTES: usize = 512;

/// Arguments that fill the rest of the record.
fn read_args<A: Decode>(input: &mut Reader) -> Result<A, XdrError> {
    let args = A::decode(input)?;
    input.finish()?;
    Ok(args)
}

/// A WRITE that announces more bytes than it carries is malformed; one that announces fewer is invalid.
fn check_write(args: &WriteArgs) -> Result<(), XdrError> {
    match (args.count as usize).checked_sub(args.data.len()) {
        Some(missing_bytes) if missing_bytes > 0 => Err(XdrError::Truncated { missing_bytes }),
        _ => Ok(()),
    }
}

async fn null(_: &Session, (): ()) {}

/// Whether running a call of this procedure twice differs from running it once.
pub(crate) const fn must_not_run_twice(procedure: Procedure3) -> bool {
    match procedure {
        Procedure3::SetAttr
        | Procedure3::Create
        | Procedure3::Mkdir
        | Procedure3::Symlink
        | Procedure3::Mknod
        | Procedure3::Remove
        | Procedure3::Rmdir
        | Procedure3::Rename
        | Procedure3::Link => true,
        Procedure3::Null
        | Procedure3::GetAttr
        | Procedure3::Lookup
        | Procedure3::Access
        | Procedure3::ReadLink
        | Procedure3::Read
        | Procedure3::Write
        | Procedure3::ReadDir
        | Procedure3::ReadDirPlus
        | Procedure3::FsStat
        | Procedure3::FsInfo
        | Procedure3::PathConf
        | Procedure3::Commit => false,
    }
}
