//! A file server in memory, just good enough for the workloads, and bad in one way if asked.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::BytesMut;
use holdfast_nfs_client::wire::mount3::{MntOk, MountCall, MountProcedure};
use holdfast_nfs_client::wire::nfs3::{
    Call3, CommitOk, CookieVerifier3, CreateOk, CreateRes, DirOpArgs3, EntryPlus3, Fattr3, FileHandle,
    FsInfoOk, Ftype3, GetAttrOk, LookupOk, NfsStat3, NfsTime3, Procedure3, ReadArgs, ReadDirPlusArgs,
    ReadDirPlusOk, ReadOk, RemoveOk, RemoveRes, RenameArgs, RenameRes, RenameWcc, Reply3, SpecData3,
    StableHow, WccData, WriteArgs, WriteOk, WriteVerifier3,
};
use holdfast_nfs_client::wire::record::{RecordDecoder, write_record};
use holdfast_nfs_client::wire::rpc::{CallHeader, ReplyHeader, write_success};
use holdfast_nfs_client::wire::{Bytes, Encode, Reader, Rope};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is wrong with the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// READ flips a bit.
    FlippedByte,
    /// WRITE of 4 KiB is answered and forgotten.
    LostWrite,
    /// COMMIT answers with another verifier than WRITE.
    OtherVerifier,
    /// READDIRPLUS leaves a file out.
    LostEntry,
    /// RENAME and REMOVE leave the old name.
    KeptName,
}

/// A server that runs until the test's runtime ends.
pub struct Stub {
    pub address: SocketAddr,
    store: Arc<Mutex<Store>>,
}

impl Stub {
    pub async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let store = Arc::new(Mutex::new(Store { nodes: vec![Node::dir()], fault }));
        let shared = Arc::clone(&store);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, store }
    }

    /// Whether the root has no entries.
    pub fn is_empty(&self) -> bool {
        self.store.lock().expect("no panic").nodes[0].children.is_empty()
    }
}

async fn serve(mut stream: TcpStream, store: Arc<Mutex<Store>>) {
    let (mut decoder, mut buffer, mut out) = (RecordDecoder::default(), BytesMut::new(), Rope::new());
    loop {
        buffer.reserve(64 << 10);
        match stream.read_buf(&mut buffer).await {
            Ok(count) if count > 0 => {}
            _ => return,
        }
        while let Some(record) = decoder.next_record(&mut buffer).expect("a record") {
            answer(&mut out, record, &mut store.lock().expect("no panic"));
        }
        if stream.write_all_buf(&mut out).await.is_err() {
            return;
        }
        out.clear();
    }
}

fn answer(out: &mut Rope, record: Bytes, store: &mut Store) {
    let mut input = Reader::new(record);
    let header = CallHeader::decode(&mut input).expect("a call");
    if header.program == holdfast_nfs_client::wire::mount3::PROGRAM {
        let procedure = MountProcedure::from_u32(header.procedure).expect("a procedure");
        let Ok(MountCall::Mnt(_)) = MountCall::decode(procedure, &mut input) else { panic!("not MNT") };
        let root = MntOk { handle: handle(0), auth_flavors: Default::default() };
        return write_success(out, header.xid, &holdfast_nfs_client::wire::mount3::MntRes::Ok(root));
    }
    let procedure = Procedure3::from_u32(header.procedure).expect("a procedure");
    let reply = store.answer(Call3::decode(procedure, &mut input).expect("arguments"));
    write_record(out, |out| {
        ReplyHeader::success(header.xid).encode(out);
        reply.encode(out);
    });
}

fn handle(node: usize) -> FileHandle {
    FileHandle::new(&node.to_be_bytes()).expect("a short handle")
}

fn node(handle: &FileHandle) -> usize {
    usize::from_be_bytes(handle.as_bytes().try_into().expect("one of ours"))
}

struct Node {
    is_dir: bool,
    data: Vec<u8>,
    children: BTreeMap<Bytes, usize>,
}

impl Node {
    fn dir() -> Self {
        Self { is_dir: true, data: Vec::new(), children: BTreeMap::new() }
    }

    fn file() -> Self {
        Self { is_dir: false, ..Self::dir() }
    }
}

struct Store {
    nodes: Vec<Node>,
    fault: Fault,
}

#[allow(clippy::result_large_err)] // A failure is as large as the wire type has it.
impl Store {
    fn answer(&mut self, call: Call3) -> Reply3 {
        match call {
            Call3::GetAttr(args) => {
                Reply3::GetAttr(Ok(GetAttrOk { attributes: self.attributes(node(&args.object)) }))
            }
            Call3::Lookup(args) => Reply3::Lookup(match self.child(&args.what) {
                Some(found) => Ok(LookupOk {
                    object: handle(found),
                    attributes: Some(self.attributes(found)),
                    dir_attributes: None,
                }),
                None => Err(NfsStat3::NoEnt.into()),
            }),
            Call3::Create(args) => Reply3::Create(self.make(&args.target, Node::file())),
            Call3::Mkdir(args) => Reply3::Mkdir(self.make(&args.target, Node::dir())),
            Call3::Remove(args) => Reply3::Remove(self.unlink(&args.object)),
            Call3::Rmdir(args) => Reply3::Rmdir(self.unlink(&args.object)),
            Call3::Rename(args) => Reply3::Rename(self.rename(&args)),
            Call3::Read(args) => Reply3::Read(Ok(self.read(&args))),
            Call3::Write(args) => Reply3::Write(Ok(self.write(&args))),
            Call3::Commit(_) => {
                let verifier = WriteVerifier3([u8::from(self.fault == Fault::OtherVerifier); 8]);
                Reply3::Commit(Ok(CommitOk { wcc: WccData::default(), verifier }))
            }
            Call3::ReadDirPlus(args) => Reply3::ReadDirPlus(Ok(self.list(&args))),
            Call3::FsInfo(_) => Reply3::FsInfo(Ok(fs_info())),
            other => panic!("no workload calls {other:?}"),
        }
    }

    fn child(&self, what: &DirOpArgs3) -> Option<usize> {
        self.nodes[node(&what.dir)].children.get(&what.name.0).copied()
    }

    fn make(&mut self, target: &DirOpArgs3, made: Node) -> CreateRes {
        if self.child(target).is_some() {
            return Err(NfsStat3::Exist.into());
        }
        self.nodes.push(made);
        let object = self.nodes.len() - 1;
        self.nodes[node(&target.dir)].children.insert(target.name.0.clone(), object);
        Ok(CreateOk { object: Some(handle(object)), ..CreateOk::default() })
    }

    fn unlink(&mut self, object: &DirOpArgs3) -> RemoveRes {
        let Some(found) = self.child(object) else { return Err(NfsStat3::NoEnt.into()) };
        if !self.nodes[found].children.is_empty() {
            return Err(NfsStat3::NotEmpty.into());
        }
        if self.fault != Fault::KeptName {
            self.nodes[node(&object.dir)].children.remove(&object.name.0);
            self.nodes[found].data = Vec::new();
        }
        Ok(RemoveOk::default())
    }

    fn rename(&mut self, args: &RenameArgs) -> RenameRes {
        let Some(found) = self.child(&args.from) else { return Err(NfsStat3::NoEnt.into()) };
        if self.fault != Fault::KeptName {
            self.nodes[node(&args.from.dir)].children.remove(&args.from.name.0);
        }
        self.nodes[node(&args.to.dir)].children.insert(args.to.name.0.clone(), found);
        Ok(RenameWcc::default())
    }

    fn read(&self, args: &ReadArgs) -> ReadOk {
        let data = &self.nodes[node(&args.file)].data;
        let start = (args.offset as usize).min(data.len());
        let end = (start + args.count as usize).min(data.len());
        let mut read = data[start..end].to_vec();
        if self.fault == Fault::FlippedByte
            && let Some(last) = read.last_mut()
        {
            *last ^= 0x80;
        }
        ReadOk::new(None, end == data.len(), Bytes::from(read))
    }

    fn write(&mut self, args: &WriteArgs) -> WriteOk {
        let data = &mut self.nodes[node(&args.file)].data;
        let (start, end) = (args.offset as usize, args.offset as usize + args.data.len());
        if self.fault != Fault::LostWrite || args.data.len() != 4096 {
            data.resize(data.len().max(end), 0);
            data[start..end].copy_from_slice(&args.data);
        }
        let verifier = WriteVerifier3([0; 8]);
        WriteOk { wcc: WccData::default(), count: args.count, committed: StableHow::Unstable, verifier }
    }

    fn list(&self, args: &ReadDirPlusArgs) -> ReadDirPlusOk {
        const PAGE: usize = 100;
        let children = &self.nodes[node(&args.dir)].children;
        let skipped = usize::from(self.fault == Fault::LostEntry);
        let rest = children.iter().zip(1u64..).skip(skipped.max(args.cookie as usize));
        let entries: Vec<_> = rest
            .take(PAGE)
            .map(|((name, child), cookie)| EntryPlus3 {
                fileid: *child as u64,
                name: name.clone().into(),
                cookie,
                attributes: Some(self.attributes(*child)),
                handle: Some(handle(*child)),
            })
            .collect();
        let eof = entries.last().is_none_or(|last| last.cookie == children.len() as u64);
        ReadDirPlusOk { dir_attributes: None, verifier: CookieVerifier3::default(), entries, eof }
    }

    fn attributes(&self, at: usize) -> Fattr3 {
        let Node { is_dir, data, .. } = &self.nodes[at];
        let time = NfsTime3::default();
        Fattr3 {
            kind: if *is_dir { Ftype3::Directory } else { Ftype3::Regular },
            mode: 0o644,
            nlink: 1,
            uid: 0,
            gid: 0,
            size: data.len() as u64,
            used: data.len() as u64,
            rdev: SpecData3::default(),
            fsid: 1,
            fileid: at as u64,
            atime: time,
            mtime: time,
            ctime: time,
        }
    }
}

fn fs_info() -> FsInfoOk {
    const IO_BYTES: u32 = 1 << 20;
    FsInfoOk {
        attributes: None,
        read_max_bytes: IO_BYTES,
        read_preferred_bytes: IO_BYTES,
        read_multiple_bytes: 1,
        write_max_bytes: IO_BYTES,
        write_preferred_bytes: IO_BYTES,
        write_multiple_bytes: 1,
        readdir_preferred_bytes: IO_BYTES,
        file_size_max_bytes: u64::MAX,
        time_delta: NfsTime3::default(),
        properties: 0,
    }
}
