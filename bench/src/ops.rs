//! NFS procedures as the workloads use them: one call, the success arm, and what a correct server must have answered.

use bytes::Bytes;
use holdfast_nfs_client::wire::nfs3::{
    CommitArgs, CookieVerifier3, CreateArgs, CreateHow3, CreateOk, DirOpArgs3, EntryPlus3, Fattr3,
    FileHandle, GetAttrArgs, LookupArgs, LookupOk, MkdirArgs, ReadArgs, ReadDirPlusArgs, RemoveArgs,
    RenameArgs, Sattr3, StableHow, WriteArgs, op,
};
use holdfast_nfs_client::wire::rpc::Procedure;
use holdfast_nfs_client::wire::{Decode, rpc};
use holdfast_nfs_client::{Client, ClientError, RawConnection};

use crate::error::{Result, accepted, ensure};
use crate::verifier::VerifierWatch;

/// Who makes calls, one after the other.
pub trait Caller {
    /// Calls a procedure and waits for its result.
    async fn call<P: Procedure>(&mut self, args: &P::Args) -> Result<P::Reply>;
}

/// One place in a connection's pipeline: replies are matched to whichever clone waits for them.
impl Caller for Client {
    async fn call<P: Procedure>(&mut self, args: &P::Args) -> Result<P::Reply> {
        Ok(Client::call::<P>(self, args).await?)
    }
}

/// A connection for a strictly serial worker: the call is written and the reply read by the worker itself, without
/// the tasks that a pipeline needs.
#[derive(Debug)]
pub struct Serial {
    connection: RawConnection,
    credential: rpc::Credential,
    xid: u32,
}

impl Serial {
    /// A worker on this connection. `xid` is the first transaction id.
    pub fn new(connection: RawConnection, credential: rpc::Credential, xid: u32) -> Self {
        Self { connection, credential, xid }
    }
}

impl Caller for Serial {
    async fn call<P: Procedure>(&mut self, args: &P::Args) -> Result<P::Reply> {
        self.xid = self.xid.wrapping_add(1);
        self.connection.send_call::<P>(self.xid, &self.credential, args).await?;
        let (header, mut input) = self.connection.read_reply().await?;
        ensure(header.xid == self.xid, || format!("{} was answered with another transaction id", P::NAME))?;
        match header.body {
            rpc::ReplyBody::Accepted { status: rpc::AcceptStatus::Success, .. } => {}
            refusal => return Err(ClientError::Refused(refusal).into()),
        }
        let malformed = |source| ClientError::Malformed { procedure: P::NAME, source };
        let reply = P::Reply::decode(&mut input).map_err(malformed)?;
        input.finish().map_err(malformed)?;
        Ok(reply)
    }
}

fn named(dir: &FileHandle, name: &str) -> DirOpArgs3 {
    DirOpArgs3 { dir: *dir, name: name.into() }
}

/// LOOKUP.
pub async fn lookup(caller: &mut impl Caller, dir: &FileHandle, name: &str) -> Result<LookupOk> {
    accepted("LOOKUP", caller.call::<op::Lookup>(&LookupArgs { what: named(dir, name) }).await?)
}

/// GETATTR.
pub async fn getattr(caller: &mut impl Caller, object: &FileHandle) -> Result<Fattr3> {
    Ok(accepted("GETATTR", caller.call::<op::GetAttr>(&GetAttrArgs { object: *object }).await?)?.attributes)
}

/// CREATE of a file that must be new.
pub async fn create(caller: &mut impl Caller, dir: &FileHandle, name: &str) -> Result<FileHandle> {
    let attributes = Sattr3 { mode: Some(0o644), ..Sattr3::default() };
    let args = CreateArgs { target: named(dir, name), how: CreateHow3::Guarded(attributes) };
    let created = accepted("CREATE", caller.call::<op::Create>(&args).await?)?;
    handle_of(caller, dir, name, created).await
}

/// MKDIR.
pub async fn mkdir(caller: &mut impl Caller, dir: &FileHandle, name: &str) -> Result<FileHandle> {
    let attributes = Sattr3 { mode: Some(0o755), ..Sattr3::default() };
    let args = MkdirArgs { target: named(dir, name), attributes };
    let created = accepted("MKDIR", caller.call::<op::Mkdir>(&args).await?)?;
    handle_of(caller, dir, name, created).await
}

/// The handle is optional in the reply; without it a client has to ask.
async fn handle_of(
    caller: &mut impl Caller,
    dir: &FileHandle,
    name: &str,
    created: CreateOk,
) -> Result<FileHandle> {
    match created.object {
        Some(handle) => Ok(handle),
        None => Ok(lookup(caller, dir, name).await?.object),
    }
}

/// WRITE, unstable, of all of `data`.
pub async fn write(
    caller: &mut impl Caller,
    file: &FileHandle,
    offset: u64,
    data: Bytes,
    watch: &VerifierWatch,
) -> Result<()> {
    let count = data.len() as u32;
    let args = WriteArgs { file: *file, offset, count, stable: StableHow::Unstable, data };
    let written = accepted("WRITE", caller.call::<op::Write>(&args).await?)?;
    ensure(written.count == count, || format!("WRITE of {count} bytes took {}", written.count))?;
    watch.saw(written.verifier)
}

/// COMMIT of the whole file.
pub async fn commit(caller: &mut impl Caller, file: &FileHandle, watch: &VerifierWatch) -> Result<()> {
    let args = CommitArgs { file: *file, offset: 0, count: 0 };
    watch.saw(accepted("COMMIT", caller.call::<op::Commit>(&args).await?)?.verifier)
}

/// READ of up to `count` bytes.
pub async fn read(caller: &mut impl Caller, file: &FileHandle, offset: u64, count: u32) -> Result<Bytes> {
    let args = ReadArgs { file: *file, offset, count };
    Ok(accepted("READ", caller.call::<op::Read>(&args).await?)?.data.into_bytes())
}

/// REMOVE.
pub async fn remove(caller: &mut impl Caller, dir: &FileHandle, name: &str) -> Result<()> {
    accepted("REMOVE", caller.call::<op::Remove>(&RemoveArgs { object: named(dir, name) }).await?).map(drop)
}

/// RMDIR.
pub async fn rmdir(caller: &mut impl Caller, dir: &FileHandle, name: &str) -> Result<()> {
    accepted("RMDIR", caller.call::<op::Rmdir>(&RemoveArgs { object: named(dir, name) }).await?).map(drop)
}

/// RENAME within a directory.
pub async fn rename(caller: &mut impl Caller, dir: &FileHandle, from: &str, to: &str) -> Result<()> {
    let args = RenameArgs { from: named(dir, from), to: named(dir, to) };
    accepted("RENAME", caller.call::<op::Rename>(&args).await?).map(drop)
}

/// READDIRPLUS from the beginning to the end: every entry, and the latency of each call, nanoseconds.
pub async fn list(
    caller: &mut impl Caller,
    dir: &FileHandle,
    latencies: &mut Vec<u64>,
) -> Result<Vec<EntryPlus3>> {
    /// Room for some hundred entries.
    const REPLY_MAX_BYTES: u32 = 64 << 10;
    let (mut entries, mut cookie, mut verifier) = (Vec::new(), 0, CookieVerifier3::default());
    loop {
        let started = std::time::Instant::now();
        let (dircount, maxcount) = (REPLY_MAX_BYTES, REPLY_MAX_BYTES);
        let args = ReadDirPlusArgs { dir: *dir, cookie, verifier, dircount, maxcount };
        let page = accepted("READDIRPLUS", caller.call::<op::ReadDirPlus>(&args).await?)?;
        latencies.push(started.elapsed().as_nanos() as u64);
        verifier = page.verifier;
        match page.entries.last() {
            Some(last) => cookie = last.cookie,
            None => ensure(page.eof, || "READDIRPLUS made no progress".into())?,
        }
        entries.extend(page.entries);
        if page.eof {
            return Ok(entries);
        }
    }
}
