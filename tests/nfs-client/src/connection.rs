//! One TCP connection and its three tasks: reader, writer, sweeper. They end when the last handle is dropped.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use holdfast_base::{OsRandom, Random};
use holdfast_wire::record::RecordDecoder;
use holdfast_wire::rpc::peek_xid;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::task::AbortHandle;
use tokio::time::{Duration, MissedTickBehavior};

use crate::outbox::Outbox;
use crate::waiters::{TICKS_PER_TIMEOUT, Waiters};
use crate::{ClientError, CloseReason, ConnectOptions};

/// Least room for one read.
const READ_BYTES: usize = 64 << 10;

/// What callers and tasks share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) waiters: Waiters,
    pub(crate) outbox: Outbox,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) shared: Arc<Shared>,
    pub(crate) options: ConnectOptions,
    pub(crate) local_address: SocketAddr,
    tasks: [AbortHandle; 3],
}

impl Connection {
    pub(crate) async fn open(server: SocketAddr, options: ConnectOptions) -> Result<Self, ClientError> {
        let stream = options.open(server).await?;
        let local_address = stream.local_addr().map_err(CloseReason::from)?;
        // Random, because a server may remember the calls of an earlier connection by their transaction ids.
        let waiters = Waiters::new(OsRandom.next_u64() as u32);
        let shared = Arc::new(Shared { waiters, outbox: Outbox::default() });
        let tasks = start(&shared, stream, &options);
        Ok(Self { shared, options, local_address, tasks })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

fn start(shared: &Arc<Shared>, stream: TcpStream, options: &ConnectOptions) -> [AbortHandle; 3] {
    let (read_half, write_half) = stream.into_split();
    let decoder = RecordDecoder::new(options.record_max_bytes);
    let tick = (options.call_timeout / TICKS_PER_TIMEOUT as u32).max(Duration::from_millis(1));

    let reader = Arc::clone(shared);
    let writer = Arc::clone(shared);
    let sweeper = Arc::clone(shared);
    [
        tokio::spawn(async move { reader.waiters.close(read(&reader.waiters, read_half, decoder).await) }),
        tokio::spawn(async move { writer.waiters.close(writer.outbox.run(write_half).await.into()) }),
        tokio::spawn(async move { sweep(&sweeper.waiters, tick).await }),
    ]
    .map(|task| task.abort_handle())
}

/// Hands replies to their callers until the stream ends.
async fn read(waiters: &Waiters, mut stream: OwnedReadHalf, mut decoder: RecordDecoder) -> CloseReason {
    let mut buffer = BytesMut::with_capacity(READ_BYTES);
    let (mut replies, mut wake) = (Vec::new(), Vec::new());
    loop {
        buffer.reserve(decoder.room_bytes(&buffer, READ_BYTES));
        match stream.read_buf(&mut buffer).await {
            Ok(0) => return CloseReason::ByServer,
            Ok(_) => {}
            Err(error) => return error.into(),
        }
        let end = loop {
            match decoder.next_record(&mut buffer) {
                Ok(None) => break None,
                Ok(Some(record)) => match peek_xid(&record) {
                    Some(xid) => replies.push((xid, record)),
                    None => break Some(CloseReason::NoXid),
                },
                Err(error) => break Some(error.into()),
            }
        };
        waiters.complete(&mut replies, &mut wake);
        if let Some(reason) = end {
            return reason;
        }
    }
}

async fn sweep(waiters: &Waiters, every: Duration) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        waiters.tick();
    }
}
