//! Lock requests in few words, and a client that can be called back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use holdfast_nfs::{LockConfig, Locks};
use holdfast_nfs_client::Client;
use holdfast_wire::nfs3::FileHandle;
use holdfast_wire::nlm4::{
    CancelArgs, Lock, LockArgs, LockCall, LockProcedure, LockReply, LockRes, LockStat4, TestArgs, TestReply,
    UnlockArgs, op,
};
use holdfast_wire::nsm1::{self, StatusCall, StatusProcedure};
use holdfast_wire::portmap2;
use holdfast_wire::record::RecordDecoder;
use holdfast_wire::rpc::{self, CallHeader};
use holdfast_wire::{Bytes, Reader, Rope};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::support::{Node, World, lock_config, nfs_config};

/// A range that reaches to the end.
pub const ALL: (u64, u64) = (0, 0);

/// One process that locks.
#[derive(Clone)]
pub struct Locker {
    pub client: Client,
    pub name: &'static str,
    pub svid: u32,
    pub state: u32,
}

impl Locker {
    pub fn new(client: &Client, name: &'static str, svid: u32) -> Self {
        Self { client: client.clone(), name, svid, state: 0 }
    }

    pub fn lock_of(&self, file: &FileHandle, (offset, length): (u64, u64)) -> Lock {
        let owner = format!("{}@{}", self.svid, self.name);
        Lock {
            caller_name: self.name.into(),
            file: file.as_bytes().into(),
            owner: owner.as_str().into(),
            svid: self.svid,
            offset,
            length,
        }
    }

    /// The arguments of a LOCK.
    pub fn args(&self, file: &FileHandle, range: (u64, u64), exclusive: bool, block: bool) -> LockArgs {
        let (lock, state) = (self.lock_of(file, range), self.state);
        LockArgs { cookie: "cookie".into(), block, exclusive, lock, reclaim: false, state }
    }

    pub async fn send(&self, args: &LockArgs) -> LockStat4 {
        let answer = self.client.call::<op::Lock>(args).await.expect("an answer");
        assert_eq!(answer.cookie, args.cookie);
        answer.status
    }

    /// Asks without waiting.
    pub async fn try_lock(&self, file: &FileHandle, range: (u64, u64), exclusive: bool) -> LockStat4 {
        self.send(&self.args(file, range, exclusive, false)).await
    }

    /// Asks, and gets in line.
    pub async fn lock(&self, file: &FileHandle, range: (u64, u64), exclusive: bool) -> LockStat4 {
        self.send(&self.args(file, range, exclusive, true)).await
    }

    pub async fn reclaim(&self, file: &FileHandle, range: (u64, u64), exclusive: bool) -> LockStat4 {
        self.send(&LockArgs { reclaim: true, ..self.args(file, range, exclusive, false) }).await
    }

    pub async fn unlock(&self, file: &FileHandle, range: (u64, u64)) -> LockStat4 {
        let args = UnlockArgs { cookie: "cookie".into(), lock: self.lock_of(file, range) };
        self.client.call::<op::Unlock>(&args).await.expect("an answer").status
    }

    pub async fn cancel(&self, file: &FileHandle, range: (u64, u64), exclusive: bool) -> LockStat4 {
        let lock = self.lock_of(file, range);
        let args = CancelArgs { cookie: "cookie".into(), block: true, exclusive, lock };
        self.client.call::<op::Cancel>(&args).await.expect("an answer").status
    }

    pub async fn test(&self, file: &FileHandle, range: (u64, u64), exclusive: bool) -> TestReply {
        let args = TestArgs { cookie: "cookie".into(), exclusive, lock: self.lock_of(file, range) };
        self.client.call::<op::Test>(&args).await.expect("an answer").reply
    }
}

/// A server whose clients are called back at a stub.
pub async fn serve_with_stub(node: &Arc<Node>, stub: &Stub) -> World {
    let config = LockConfig { client_portmap_port: stub.address.port(), ..lock_config(node) };
    serve_locks(node, config).await
}

/// A server with locks of its own.
pub async fn serve_locks(node: &Arc<Node>, config: LockConfig) -> World {
    let locks = Locks::open(config).await.expect("a lock log");
    World::serve_as(node.clone(), nfs_config([7; 32], locks), Duration::from_secs(60)).await
}

/// What a stub was called for.
#[derive(Debug)]
pub enum Called {
    Lock(LockCall),
    Status(StatusCall),
}

/// A client's portmapper, lock manager and status monitor on one port.
pub struct Stub {
    pub address: SocketAddr,
    calls: mpsc::UnboundedReceiver<Called>,
    /// The answer to GRANTED.
    pub answer: Arc<Mutex<LockStat4>>,
}

impl Stub {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (called, calls) = mpsc::unbounded_channel();
        let answer = Arc::new(Mutex::new(LockStat4::Granted));
        let answers = answer.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, address.port(), called.clone(), answers.clone()));
            }
        });
        Self { address, calls, answer }
    }

    /// The next call, which must come soon.
    pub async fn next(&mut self) -> Called {
        let next = tokio::time::timeout(Duration::from_secs(10), self.calls.recv());
        next.await.expect("a call comes").expect("the stub lives")
    }

    /// The arguments of the next call, which must be GRANTED.
    pub async fn granted(&mut self) -> TestArgs {
        match self.next().await {
            Called::Lock(LockCall::Granted(args)) => args,
            other => panic!("{other:?} is not GRANTED"),
        }
    }

    /// Whether no call has come for a while.
    pub async fn is_quiet(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(200), self.calls.recv()).await.is_err()
    }
}

async fn converse(
    mut stream: TcpStream,
    port: u16,
    called: mpsc::UnboundedSender<Called>,
    answer: Arc<Mutex<LockStat4>>,
) {
    let (mut decoder, mut buffer) = (RecordDecoder::default(), BytesMut::new());
    loop {
        while let Some(record) = decoder.next_record(&mut buffer).expect("records") {
            let mut out = Rope::new();
            reply(record, port, &called, *answer.lock(), &mut out);
            stream.write_all_buf(&mut out).await.expect("a server that listens");
        }
        if stream.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

fn reply(
    record: Bytes,
    port: u16,
    called: &mpsc::UnboundedSender<Called>,
    answer: LockStat4,
    out: &mut Rope,
) {
    let mut input = Reader::new(record);
    let header = CallHeader::decode(&mut input).expect("a call");
    match header.program {
        portmap2::PROGRAM => rpc::write_success(out, header.xid, &u32::from(port)),
        nsm1::PROGRAM => {
            let procedure = StatusProcedure::from_u32(header.procedure).expect("a procedure");
            let call = StatusCall::decode_args(procedure, input.rest()).expect("arguments");
            called.send(Called::Status(call)).expect("a test that listens");
            rpc::write_success(out, header.xid, &());
        }
        _ => {
            let procedure = LockProcedure::from_u32(header.procedure).expect("a procedure");
            let call = LockCall::decode_args(procedure, input.rest()).expect("arguments");
            match &call {
                LockCall::Granted(args) => {
                    let result = LockRes { cookie: args.cookie.clone(), status: answer };
                    rpc::write_success(out, header.xid, &LockReply::Granted(result));
                }
                _ => rpc::write_success(out, header.xid, &()),
            }
            // A test may have seen enough.
            let _ = called.send(Called::Lock(call));
        }
    }
}
