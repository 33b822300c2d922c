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

use holdfast_wire::nfs3::{Call3, Failure, NfsStat3, Procedure3, Reply3};

use crate::session::Session;

/// Runs one call.
pub(crate) async fn run(session: &Session, call: Call3) -> (NfsStat3, Reply3) {
    macro_rules! reply {
        ($variant:ident, $future:expr) => {{
            let result = $future.await;
            (status_of(&result), Reply3::$variant(result))
        }};
    }
    match call {
        Call3::Null(()) => (NfsStat3::Ok, Reply3::Null(())),
        Call3::GetAttr(args) => reply!(GetAttr, getattr::getattr(session, args)),
        Call3::SetAttr(args) => reply!(SetAttr, setattr::setattr(session, args)),
        Call3::Lookup(args) => reply!(Lookup, lookup::lookup(session, args)),
        Call3::Access(args) => reply!(Access, access::access(session, args)),
        Call3::ReadLink(args) => reply!(ReadLink, readlink::readlink(session, args)),
        Call3::Read(args) => reply!(Read, read::read(session, args)),
        Call3::Write(args) => reply!(Write, write::write(session, args)),
        Call3::Create(args) => reply!(Create, create::create(session, args)),
        Call3::Mkdir(args) => reply!(Mkdir, mkdir::mkdir(session, args)),
        Call3::Symlink(args) => reply!(Symlink, symlink::symlink(session, args)),
        Call3::Mknod(args) => reply!(Mknod, mknod::mknod(session, args)),
        Call3::Remove(args) => reply!(Remove, remove::remove(session, args)),
        Call3::Rmdir(args) => reply!(Rmdir, rmdir::rmdir(session, args)),
        Call3::Rename(args) => reply!(Rename, rename::rename(session, args)),
        Call3::Link(args) => reply!(Link, link::link(session, args)),
        Call3::ReadDir(args) => reply!(ReadDir, readdir::readdir(session, args)),
        Call3::ReadDirPlus(args) => reply!(ReadDirPlus, readdirplus::readdirplus(session, args)),
        Call3::FsStat(args) => reply!(FsStat, fsstat::fsstat(session, args)),
        Call3::FsInfo(args) => reply!(FsInfo, fsinfo::fsinfo(session, args)),
        Call3::PathConf(args) => reply!(PathConf, pathconf::pathconf(session, args)),
        Call3::Commit(args) => reply!(Commit, commit::commit(session, args)),
    }
}

fn status_of<T, F>(result: &Result<T, Failure<F>>) -> NfsStat3 {
    match result {
        Ok(_) => NfsStat3::Ok,
        Err(failure) => failure.status,
    }
}

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

/// Most bytes that the reply to a call may take: reserved while the call runs.
pub(crate) fn reply_max_bytes(call: &Call3) -> usize {
    /// Headers, two sets of attributes, a handle, a link target.
    const SMALL_BYTES: usize = 512;
    SMALL_BYTES
        + match call {
            Call3::Read(args) => read::count_of(args) as usize,
            Call3::ReadDir(args) => entries::clamp(args.count) as usize,
            Call3::ReadDirPlus(args) => entries::clamp(args.maxcount) as usize,
            Call3::ReadLink(_) => holdfast_base::limits::PATH_MAX_BYTES,
            _ => 0,
        }
}
