//! How fast the front end is over loopback, with a real engine on a directory: calls a second, and what each costs
//! the server's thread.
//!
//! `cargo run --release -p holdfast-nfs --example call_cost [seconds per row] [row]`
//!
//! Server and client share the machine, so the rate says less than the time per call.

#![allow(clippy::print_stdout)] // Its result is what it prints.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use holdfast_base::{AttachmentId, OsRandom, SystemClock, VolumeId};
use holdfast_engine::{
    Engine, EngineConfig, Environment, RealDisk, Store, StoreOptions, VolumeSettings, VolumeSpec,
};
use holdfast_nfs::{
    Attached, Attachments, ExportError, ExportGrant, Exports, LockConfig, Locks, NfsConfig, NfsServer,
};
use holdfast_nfs_client::Client;
use holdfast_wire::nfs3::{
    CommitArgs, CreateArgs, CreateHow3, DirOpArgs3, FileHandle, GetAttrArgs, LookupArgs, ReadArgs, Sattr3,
    StableHow, WriteArgs,
};
use holdfast_wire::rpc::AuthSys;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::{mpsc, oneshot};

const VOLUME: VolumeId = VolumeId(uuid::Uuid::from_u128(1));

struct OnePath;

#[async_trait]
impl Exports for OnePath {
    async fn resolve(&self, _: &str, _: SocketAddr) -> Result<ExportGrant, ExportError> {
        Ok(ExportGrant::Direct { volume: VOLUME, read_only: false })
    }

    async fn attachment(&self, _: AttachmentId) -> Result<Attached, ExportError> {
        Err(ExportError::NotFound)
    }

    async fn list(&self, _: SocketAddr) -> Vec<String> {
        Vec::new()
    }
}

/// A server on a thread and runtime of its own.
struct Server {
    address: SocketAddr,
    cpu: mpsc::UnboundedSender<oneshot::Sender<Duration>>,
}

impl Server {
    fn start(directory: std::path::PathBuf) -> Self {
        let (ready, address) = std::sync::mpsc::channel();
        let (cpu, mut asked) = mpsc::unbounded_channel::<oneshot::Sender<Duration>>();
        let serve = async move {
            let url = format!("file://{}", directory.join("store").display());
            let environment = Environment {
                store: Store::open(&url, &[], StoreOptions::new(Arc::new(OsRandom))).expect("a store"),
                disk: Arc::new(RealDisk),
                clock: Arc::new(SystemClock::default()),
                random: Arc::new(OsRandom),
                master_key: None,
            };
            let engine = Engine::start(EngineConfig::new(directory.join("node")), environment)
                .await
                .expect("an engine");
            let spec = VolumeSpec {
                limit_bytes: 1 << 40,
                limit_inodes: 1 << 30,
                settings: VolumeSettings::default(),
            };
            engine.create_volume(VOLUME, spec).await.expect("a volume");
            let (lock_dir, clock) = (directory.join("node"), Arc::new(SystemClock::default()));
            let locks = LockConfig::new(Arc::new(RealDisk), lock_dir, clock, false);
            let locks = Locks::open(locks).await.expect("a lock log");
            let attachments = Attachments::new(Arc::new(SystemClock::default()), locks.clone());
            let config = NfsConfig { handle_key: [1; 32], locks, attachments };
            let any_port = "127.0.0.1:0".parse().expect("an address");
            let server = NfsServer::bind(any_port, config, engine, Arc::new(OnePath)).await.expect("a port");
            ready.send(server.local_addr()).expect("the main thread waits");
            tokio::spawn(server.run(std::future::pending()));
            while let Some(answer) = asked.recv().await {
                let now = clock_gettime(ClockId::ThreadCPUTime);
                let _ = answer.send(Duration::new(now.tv_sec as u64, now.tv_nsec as u32));
            }
        };
        std::thread::Builder::new()
            .name("nfs-server".into())
            .spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(serve);
            })
            .expect("a thread");
        Self { address: address.recv().expect("the server starts"), cpu }
    }

    async fn cpu(&self) -> Duration {
        let (answer, cpu) = oneshot::channel();
        self.cpu.send(answer).expect("the server lives");
        cpu.await.expect("the server answers")
    }
}

/// One row: what is called, and from how many connections and how many calls deep on each.
struct Row {
    name: &'static str,
    connections: u64,
    depth: u64,
    /// Bytes of data in each call.
    bytes: u64,
}

/// One call, or one round of calls: given the client, the worker's number and the round's.
type Round = Arc<dyn Fn(Client, u64, u64) -> BoxFuture<'static, ()> + Send + Sync>;

async fn connect(server: &Server) -> Client {
    Client::connect(server.address, AuthSys::new(0, 0, &[])).await.expect("a connection")
}

async fn measure(server: &Server, row: &Row, duration: Duration, round: Round) {
    let (cpu, started) = (server.cpu().await, Instant::now());
    let mut workers = Vec::new();
    for connection in 0..row.connections {
        let client = connect(server).await;
        for slot in 0..row.depth {
            let (client, round) = (client.clone(), Arc::clone(&round));
            let worker = connection * row.depth + slot;
            workers.push(tokio::spawn(async move {
                let mut number = 0;
                while started.elapsed() < duration {
                    round(client.clone(), worker, number).await;
                    number += 1;
                }
                number
            }));
        }
    }
    let mut rounds = 0;
    for worker in workers {
        rounds += worker.await.expect("a worker ends");
    }
    let (took, cpu) = (started.elapsed().as_secs_f64(), server.cpu().await - cpu);
    let rate = rounds as f64 / took;
    println!(
        "{:<28} {:>3} x {:<4} {:>9.0}/s {:>8.0} MB/s {:>8.2} us of the server's thread each",
        row.name,
        row.connections,
        row.depth,
        rate,
        rate * row.bytes as f64 / 1e6,
        cpu.as_secs_f64() * 1e6 / rounds as f64,
    );
}

fn at(dir: FileHandle, name: &str) -> DirOpArgs3 {
    DirOpArgs3 { dir, name: name.into() }
}

async fn create(client: &Client, dir: FileHandle, name: &str) -> FileHandle {
    let args = CreateArgs { target: at(dir, name), how: CreateHow3::Unchecked(Sattr3::default()) };
    client.create(&args).await.expect("an answer").expect("a file").object.expect("a handle")
}

async fn write(client: &Client, file: FileHandle, offset: u64, data: Bytes) {
    let count = data.len() as u32;
    let args = WriteArgs { file, offset, count, stable: StableHow::Unstable, data };
    client.write(&args).await.expect("an answer").expect("a write");
}

async fn commit(client: &Client, file: FileHandle) {
    let args = CommitArgs { file, offset: 0, count: 0 };
    client.commit(&args).await.expect("an answer").expect("a commit");
}

fn rows(root: FileHandle, file: FileHandle) -> Vec<(Row, Round)> {
    let row = |name, connections, depth, bytes| Row { name, connections, depth, bytes };
    let getattr: Round = Arc::new(move |client, _, _| {
        Box::pin(async move {
            client.getattr(&GetAttrArgs { object: file }).await.expect("an answer").expect("attributes");
        })
    });
    let lookup: Round = Arc::new(move |client, _, _| {
        Box::pin(async move {
            let args = LookupArgs { what: at(root, "file") };
            client.lookup(&args).await.expect("an answer").expect("a file");
        })
    });
    let small_files = move |series: &'static str| -> Round {
        Arc::new(move |client, worker, number| {
            Box::pin(async move {
                let name = format!("{worker}-{number}-{series}");
                let file = create(&client, root, &name).await;
                write(&client, file, 0, Bytes::from_static(&[7; 4096])).await;
                commit(&client, file).await;
            })
        })
    };
    let read = move |count: u32| -> Round {
        Arc::new(move |client, worker, number| {
            Box::pin(async move {
                let offset = (worker * 7 + number) * u64::from(count) % FILE_BYTES;
                let args = ReadArgs { file, offset, count };
                client.read(&args).await.expect("an answer").expect("data");
            })
        })
    };
    let write_large: Round = Arc::new(move |client, worker, number| {
        Box::pin(async move {
            let offset = (worker * 7 + number) * MIB % FILE_BYTES;
            write(&client, file, offset, Bytes::from_static(&[9; MIB as usize])).await;
        })
    });
    vec![
        (row("GETATTR", 1, 1, 0), getattr.clone()),
        (row("GETATTR", 1, 64, 0), getattr.clone()),
        (row("GETATTR", 4, 32, 0), getattr),
        (row("LOOKUP", 1, 64, 0), lookup),
        (row("READ 4 KiB", 1, 16, 4096), read(4096)),
        (row("READ 1 MiB", 1, 8, MIB), read(1 << 20)),
        (row("READ 1 MiB", 2, 8, MIB), read(1 << 20)),
        (row("CREATE+WRITE 4 KiB+COMMIT", 1, 1, 4096), small_files("one")),
        (row("CREATE+WRITE 4 KiB+COMMIT", 16, 1, 4096), small_files("sixteen")),
        (row("WRITE 1 MiB", 2, 8, MIB), write_large),
    ]
}

const MIB: u64 = 1 << 20;
/// Size of the file that is read and written.
const FILE_BYTES: u64 = 64 * MIB;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(2, |text| text.parse().expect("a number of seconds"));
    let only = arguments.next();
    let directory = std::env::temp_dir().join(format!("holdfast-nfs-throughput-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let server = Server::start(directory.clone());
    let client = connect(&server).await;
    let root = client.mnt("/").await.expect("an answer").expect("a mount").handle;
    let file = create(&client, root, "file").await;
    for offset in (0..FILE_BYTES).step_by(MIB as usize) {
        write(&client, file, offset, Bytes::from(vec![offset as u8; MIB as usize])).await;
    }
    commit(&client, file).await;
    for (row, round) in rows(root, file) {
        if only.as_ref().is_none_or(|only| row.name.contains(only.as_str())) {
            measure(&server, &row, Duration::from_secs(seconds), round).await;
        }
    }
    let _ = std::fs::remove_dir_all(&directory);
}
