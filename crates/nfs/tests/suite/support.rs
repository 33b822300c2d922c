//! A server with some filesystems, and short ways to call it.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use holdfast_base::{AttachmentId, OsRandom, SystemClock, VolumeId};
use holdfast_engine::{
    Compression, Durability, Engine, EngineConfig, Environment, Error, MemoryDisk, Store, Volume,
    VolumeSettings, VolumeSpec,
};
use holdfast_nfs::{
    Attached, Attachments, ExportError, ExportGrant, Exports, LockConfig, Locks, NfsConfig, NfsServer,
    Volumes,
};
use holdfast_nfs_client::Client;
use holdfast_wire::nfs3::{
    CommitArgs, CreateArgs, CreateHow3, CreateOk, DirOpArgs3, Failure, Fattr3, FileHandle, GetAttrArgs,
    LookupArgs, MkdirArgs, NfsStat3, ReadArgs, ReadOk, RemoveArgs, Sattr3, StableHow, WriteArgs, WriteOk,
};
use holdfast_wire::rpc::AuthSys;
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

pub const ONE: VolumeId = VolumeId(Uuid::from_u128(0x1111_0000_0000_0000_0000_0000_0000_0001));
pub const TWO: VolumeId = VolumeId(Uuid::from_u128(0x2222_0000_0000_0000_0000_0000_0000_0002));
pub const SMALL: VolumeId = VolumeId(Uuid::from_u128(0x3333_0000_0000_0000_0000_0000_0000_0003));
pub const MISSING: VolumeId = VolumeId(Uuid::from_u128(0x4444_0000_0000_0000_0000_0000_0000_0004));

/// Limits of the volume at `/small`.
pub const SETTINGS: VolumeSettings =
    VolumeSettings { durability: Durability::Local, compression: Compression::Lz4 };
pub const SMALL_SPEC: VolumeSpec = VolumeSpec { limit_bytes: 64 << 10, limit_inodes: 8, settings: SETTINGS };

/// The node of the tests: an engine whose volumes can be held up, or made to panic.
pub struct Node {
    pub engine: Arc<Engine>,
    /// The attachments that exist, by their secret paths.
    pub attached: Mutex<HashMap<String, Attached>>,
    /// How often an attachment was asked for by its id.
    pub asked: AtomicUsize,
    /// The disk of the lock log.
    pub disk: Arc<MemoryDisk>,
    closed: watch::Sender<HashSet<VolumeId>>,
    panicking: Mutex<HashSet<VolumeId>>,
    /// How often each volume was asked for while it was held up.
    waiting: watch::Sender<usize>,
}

impl Node {
    /// Calls of this volume wait from now on.
    pub fn hold(&self, volume: VolumeId) {
        self.closed.send_modify(|closed| {
            closed.insert(volume);
        });
    }

    /// Calls of this volume go on.
    pub fn release(&self, volume: VolumeId) {
        self.closed.send_modify(|closed| {
            closed.remove(&volume);
        });
    }

    /// Calls of this volume panic from now on.
    pub fn panic(&self, volume: VolumeId) {
        self.panicking.lock().insert(volume);
    }

    /// Waits until so many calls wait.
    pub async fn wait_for(&self, count: usize) {
        let mut waiting = self.waiting.subscribe();
        let reached = waiting.wait_for(|waiting| *waiting >= count);
        tokio::time::timeout(Duration::from_secs(10), reached).await.expect("the calls come").unwrap();
    }

    pub fn waiting(&self) -> usize {
        *self.waiting.borrow()
    }
}

/// Leaves the count of waiting calls even when the call is dropped.
struct Waits<'a>(&'a Node);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

#[async_trait]
impl Volumes for Node {
    async fn volume(&self, id: VolumeId) -> Result<Arc<Volume>, Error> {
        assert!(!self.panicking.lock().contains(&id), "a planted panic");
        if self.closed.borrow().contains(&id) {
            self.waiting.send_modify(|waiting| *waiting += 1);
            let _waits = Waits(self);
            let mut closed = self.closed.subscribe();
            closed.wait_for(|closed| !closed.contains(&id)).await.expect("the node lives");
        }
        self.engine.volume(id).await
    }

    async fn snapshot(&self, id: VolumeId, snapshot: uuid::Uuid) -> Result<Arc<Volume>, Error> {
        self.engine.snapshot(id, snapshot).await
    }

    fn write_verifier(&self) -> [u8; 8] {
        self.engine.write_verifier()
    }
}

#[async_trait]
impl Exports for Node {
    async fn resolve(&self, path: &str, client: SocketAddr) -> Result<ExportGrant, ExportError> {
        assert!(client.ip().is_loopback());
        if let Some(attached) = self.attached.lock().get(path) {
            return Ok(ExportGrant::Attachment(attached.clone()));
        }
        let grant = |volume, read_only| Ok(ExportGrant::Direct { volume, read_only });
        match path {
            "/one" => grant(ONE, false),
            "/one-read-only" => grant(ONE, true),
            "/two" => grant(TWO, false),
            "/small" => grant(SMALL, false),
            "/missing" => grant(MISSING, false),
            "/denied" => Err(ExportError::Denied),
            "/down" => Err(ExportError::Unavailable),
            _ => Err(ExportError::NotFound),
        }
    }

    async fn attachment(&self, id: AttachmentId) -> Result<Attached, ExportError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let attached = self.attached.lock();
        attached.values().find(|attached| attached.id == id).cloned().ok_or(ExportError::NotFound)
    }

    async fn list(&self, _: SocketAddr) -> Vec<String> {
        vec!["/one".into(), "/two".into()]
    }
}

/// A running server. It ends with the test.
pub struct World {
    pub node: Arc<Node>,
    pub address: SocketAddr,
    pub locks: Locks,
    pub attachments: Attachments,
    shutdown: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

impl World {
    pub async fn start() -> Self {
        let disk = Arc::new(MemoryDisk::new());
        let environment = Environment {
            store: Store::memory(),
            disk,
            clock: Arc::new(SystemClock::default()),
            random: Arc::new(OsRandom),
            master_key: None,
        };
        let mut config = EngineConfig::new("/node".into());
        // The disk in memory copies a whole file for each sync.
        config.journal.segment_bytes = 1 << 20;
        let engine = Engine::start(config, environment).await.expect("an engine");
        let large = VolumeSpec { limit_bytes: 1 << 40, limit_inodes: 1 << 20, settings: SETTINGS };
        for (id, spec) in [(ONE, large), (TWO, large), (SMALL, SMALL_SPEC)] {
            engine.create_volume(id, spec).await.expect("a volume");
        }
        let node = Arc::new(Node {
            engine,
            attached: Mutex::default(),
            asked: AtomicUsize::new(0),
            disk: Arc::new(MemoryDisk::new()),
            closed: watch::channel(HashSet::new()).0,
            panicking: Mutex::default(),
            waiting: watch::channel(0).0,
        });
        Self::serve(node, [7; 32]).await
    }

    /// Another server in front of the same node.
    pub async fn serve(node: Arc<Node>, handle_key: [u8; 32]) -> Self {
        Self::serve_with(node, handle_key, Duration::from_secs(60)).await
    }

    /// Another server, that closes connections on which nothing goes on for this time.
    pub async fn serve_with(node: Arc<Node>, handle_key: [u8; 32], peer_patience: Duration) -> Self {
        let locks = Locks::open(lock_config(&node)).await.expect("a lock log");
        Self::serve_as(node, nfs_config(handle_key, locks), peer_patience).await
    }

    /// Another server with a configuration of its own.
    pub async fn serve_as(node: Arc<Node>, config: NfsConfig, peer_patience: Duration) -> Self {
        let any_port = "127.0.0.1:0".parse().unwrap();
        let (locks, attachments) = (config.locks.clone(), config.attachments.clone());
        let server = NfsServer::bind(any_port, config, node.clone(), node.clone()).await.expect("a port");
        let server = server.with_peer_patience(peer_patience);
        let address = server.local_addr();
        let (shutdown, ended) = oneshot::channel();
        let served = tokio::spawn(server.run(async { drop(ended.await) }));
        Self { node, address, locks, attachments, shutdown: Some(shutdown), served }
    }

    /// Asks the server to end.
    pub fn begin_shutdown(&mut self) {
        self.shutdown.take();
    }

    /// Waits until the server has ended.
    pub async fn ended(&mut self) {
        self.begin_shutdown();
        let ended = tokio::time::timeout(Duration::from_secs(20), &mut self.served).await;
        ended.expect("the server ends").expect("without a panic");
    }

    pub async fn client(&self, uid: u32) -> Client {
        Client::connect(self.address, user(uid)).await.expect("a connection")
    }

    /// A client with the root of `path`.
    pub async fn mount(&self, path: &str, uid: u32) -> Mount {
        let client = self.client(uid).await;
        let root = client.mnt(path).await.expect("an answer").expect("a handle").handle;
        Mount { client, root }
    }

    /// Root's mount of `/one`.
    pub async fn one(&self) -> Mount {
        self.mount("/one", 0).await
    }
}

/// A server's configuration, with the real time.
pub fn nfs_config(handle_key: [u8; 32], locks: Locks) -> NfsConfig {
    let attachments = Attachments::new(Arc::new(SystemClock::default()), locks.clone());
    NfsConfig { handle_key, locks, attachments }
}

/// Locks on the node's disk, nothing lost, by the usual rules.
pub fn lock_config(node: &Node) -> LockConfig {
    LockConfig::new(node.disk.clone(), "/locks".into(), Arc::new(SystemClock::default()), false)
}

pub fn user(uid: u32) -> AuthSys {
    AuthSys::new(uid, uid, &[])
}

pub fn at(dir: &FileHandle, name: &str) -> DirOpArgs3 {
    DirOpArgs3 { dir: *dir, name: name.into() }
}

pub fn mode(mode: u32) -> Sattr3 {
    Sattr3 { mode: Some(mode), ..Sattr3::default() }
}

/// The status of a result.
pub fn status<T, F>(result: &Result<T, Failure<F>>) -> NfsStat3 {
    result.as_ref().err().map_or(NfsStat3::Ok, |failure| failure.status)
}

/// What a new object's reply holds.
pub fn made(made: CreateOk) -> (FileHandle, Fattr3) {
    (made.object.expect("a handle"), made.attributes.expect("attributes"))
}

/// A client and a root handle.
#[derive(Clone)]
pub struct Mount {
    pub client: Client,
    pub root: FileHandle,
}

impl Mount {
    pub fn as_user(&self, uid: u32) -> Self {
        Self { client: self.client.with_credential(user(uid)), root: self.root }
    }

    pub async fn attributes(&self, object: &FileHandle) -> Result<Fattr3, NfsStat3> {
        let result = self.client.getattr(&GetAttrArgs { object: *object }).await.expect("an answer");
        result.map(|ok| ok.attributes).map_err(|failure| failure.status)
    }

    pub async fn create(&self, dir: &FileHandle, name: &str) -> FileHandle {
        let how = CreateHow3::Guarded(mode(0o644));
        let args = CreateArgs { target: at(dir, name), how };
        made(self.client.create(&args).await.expect("an answer").expect("a file")).0
    }

    pub async fn mkdir(&self, dir: &FileHandle, name: &str) -> FileHandle {
        let args = MkdirArgs { target: at(dir, name), attributes: mode(0o755) };
        made(self.client.mkdir(&args).await.expect("an answer").expect("a directory")).0
    }

    pub async fn lookup(&self, dir: &FileHandle, name: &str) -> Result<FileHandle, NfsStat3> {
        let result = self.client.lookup(&LookupArgs { what: at(dir, name) }).await.expect("an answer");
        result.map(|ok| ok.object).map_err(|failure| failure.status)
    }

    pub async fn remove(&self, dir: &FileHandle, name: &str) -> NfsStat3 {
        status(&self.client.remove(&RemoveArgs { object: at(dir, name) }).await.expect("an answer"))
    }

    pub async fn write(
        &self,
        file: &FileHandle,
        offset: u64,
        data: impl Into<Bytes>,
        stable: StableHow,
    ) -> Result<WriteOk, NfsStat3> {
        let data = data.into();
        let args = WriteArgs { file: *file, offset, count: data.len() as u32, stable, data };
        self.client.write(&args).await.expect("an answer").map_err(|failure| failure.status)
    }

    pub async fn read(&self, file: &FileHandle, offset: u64, count: u32) -> Result<ReadOk, NfsStat3> {
        let args = ReadArgs { file: *file, offset, count };
        self.client.read(&args).await.expect("an answer").map_err(|failure| failure.status)
    }

    pub async fn commit(&self, file: &FileHandle) -> [u8; 8] {
        let args = CommitArgs { file: *file, offset: 0, count: 0 };
        self.client.commit(&args).await.expect("an answer").expect("a commit").verifier.0
    }
}
