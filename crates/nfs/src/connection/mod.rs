//! One connection: one task that receives, runs calls and sends, each as far as it goes without waiting.
//!
//! Calls run as futures inside the task. Each is polled once where it begins, so that an operation whose data is in
//! memory never meets the scheduler; what has to wait joins the others, and replies go out in the order in which they
//! are ready, many in one system call.
//!
//! Back-pressure: past its limit of running calls or of held bytes the connection is not read, and nothing else
//! happens to it. Sending and running go on meanwhile, so it cannot lock up.
//!
//! When the stream ends, the calls that run still run to their end: some must not run twice, and their
//! retransmissions need the replies.

mod progress;
mod replies;
mod socket;

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use futures::stream::{FuturesUnordered, StreamExt};
use holdfast_base::limits::{CONNECTION_BYTES_MAX, CONNECTION_IN_FLIGHT_MAX};
use holdfast_wire::record::{RecordDecoder, RecordError};
use metrics::Gauge;
use tokio::net::TcpStream;
use tokio_util::io::poll_read_buf;
use tokio_util::sync::CancellationToken;

use crate::dispatch::{Desk, Running, Start};
use crate::limits::{FINISH_CALLS_MAX, RECEIVE_MAX_BYTES, RECEIVE_MIN_BYTES, SEND_EARLY_BYTES};
use crate::server::Shared;
use progress::{Patience, Progress};
pub(crate) use replies::Replies;

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub address: SocketAddr,
    /// Our address as the peer sees it.
    pub local: IpAddr,
    /// Another number for each connection.
    pub id: u64,
    pub door: Door,
}

/// Where a peer came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The NFS port: every program.
    Nfs,
    /// The portmapper's port: PORTMAP and NSM.
    Portmapper,
}

/// Serves a connection to its end.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    stream: TcpStream,
    peer: Peer,
    patience: Duration,
    draining: CancellationToken,
) {
    let _counted = Counted::new(shared.metrics.connections.clone());
    if let Err(error) = socket::prepare(&stream) {
        tracing::debug!(peer = %peer.address, %error, "a connection ended before it began");
        return;
    }
    let mut connection = Connection::new(shared, stream, peer, patience);
    let end = tokio::select! {
        biased;
        end = poll_fn(|cx| connection.poll_serve(cx)) => end,
        () = draining.cancelled() => End::Draining,
    };
    tracing::debug!(peer = %peer.address, %end, "a connection ends");
    connection.stop(&end);
    let finished = poll_fn(|cx| connection.poll_finish(cx));
    if tokio::time::timeout(FINISH_CALLS_MAX, finished).await.is_err() {
        tracing::warn!(peer = %peer.address, "calls of an ended connection did not finish in time");
    }
}

/// Why a connection is no longer read.
#[derive(Debug)]
enum End {
    /// The client has sent all it will.
    Closed,
    /// The client cannot be reached.
    Broken(io::Error),
    /// The stream is not one of records.
    Record(RecordError),
    /// A record is not a call.
    NotACall,
    /// Nothing of what the client owes has come for too long.
    Stalled(&'static str),
    /// The server ends.
    Draining,
}

impl End {
    /// Whether replies may still be sent.
    fn may_send(&self) -> bool {
        matches!(self, Self::Closed | Self::Draining)
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by the client"),
            Self::Broken(error) => write!(f, "broken: {error}"),
            Self::Record(error) => error.fmt(f),
            Self::NotACall => f.write_str("a record that is not a call"),
            Self::Stalled(what) => f.write_str(what),
            Self::Draining => f.write_str("the server ends"),
        }
    }
}

struct Connection {
    desk: Desk,
    stream: TcpStream,
    decoder: RecordDecoder,
    received: BytesMut,
    /// Room for the next receive.
    room_bytes: usize,
    calls: FuturesUnordered<Waiting>,
    /// Request bytes and reserved reply bytes of `calls`.
    held_bytes: usize,
    progress: Progress,
    patience: Patience,
}

/// A call that waits for something, and what it may hold.
struct Waiting {
    running: Running,
    bytes: usize,
}

impl Future for Waiting {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        ready!(self.running.as_mut().poll(cx));
        Poll::Ready(self.bytes)
    }
}

impl Connection {
    fn new(shared: Arc<Shared>, stream: TcpStream, peer: Peer, patience: Duration) -> Self {
        Self {
            desk: Desk { shared, peer, replies: Replies::new() },
            stream,
            decoder: RecordDecoder::default(),
            received: BytesMut::new(),
            room_bytes: RECEIVE_MIN_BYTES,
            calls: FuturesUnordered::new(),
            held_bytes: 0,
            progress: Progress::default(),
            patience: Patience::new(patience),
        }
    }

    /// Serves until the stream ends or something is wrong with it.
    fn poll_serve(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        match self.try_serve(cx) {
            Ok(()) => Poll::Pending,
            Err(end) => Poll::Ready(end),
        }
    }

    fn try_serve(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        loop {
            self.begin_calls(cx)?;
            self.collect(cx);
            let sent = self.send(cx)?;
            let received = self.has_room() && self.receive(cx)?;
            // Sending may have made room for a call that has been received already.
            if !sent && !received {
                return self.wait(cx);
            }
        }
    }

    /// Ends the input.
    fn stop(&mut self, end: &End) {
        self.received = BytesMut::new();
        if !end.may_send() {
            self.desk.replies.close();
        }
    }

    /// Finishes the calls that run and sends what can be sent.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.collect(cx);
        if self.send(cx).is_err() {
            self.desk.replies.close();
        }
        if self.calls.is_empty() && self.desk.replies.len() == 0 { Poll::Ready(()) } else { Poll::Pending }
    }

    fn has_room(&self) -> bool {
        self.desk.replies.len() < SEND_EARLY_BYTES
            && self.calls.len() < CONNECTION_IN_FLIGHT_MAX
            && self.held_bytes + self.desk.replies.len() < CONNECTION_BYTES_MAX
    }

    /// Begins the calls that have been received whole, as far as there is room for them.
    fn begin_calls(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        while self.has_room() {
            let Some(record) = self.decoder.next_record(&mut self.received).map_err(End::Record)? else {
                return Ok(());
            };
            self.progress.records += 1;
            let record_bytes = record.len();
            match self.desk.start(record) {
                Start::Done => {}
                Start::Run(mut running, reply_bytes) => {
                    if running.as_mut().poll(cx).is_pending() {
                        let bytes = record_bytes + reply_bytes;
                        self.held_bytes += bytes;
                        self.calls.push(Waiting { running, bytes });
                    }
                }
                Start::Close => return Err(End::NotACall),
            }
        }
        self.progress.pauses += 1;
        Ok(())
    }

    /// Lets the calls go on that can.
    fn collect(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(bytes)) = self.calls.poll_next_unpin(cx) {
            self.held_bytes -= bytes;
        }
    }

    /// Sends what is ready; whether anything went out.
    fn send(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        let sent_bytes = self.desk.replies.send(&mut self.stream, cx).map_err(End::Broken)?;
        self.progress.sent_bytes += sent_bytes as u64;
        Ok(sent_bytes > 0)
    }

    /// Receives once; whether anything came.
    fn receive(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        self.received.reserve(self.decoder.room_bytes(&self.received, self.room_bytes));
        let offered = self.received.capacity() - self.received.len();
        match poll_read_buf(Pin::new(&mut self.stream), cx, &mut self.received) {
            Poll::Ready(Ok(0)) => Err(End::Closed),
            Poll::Ready(Ok(count)) => {
                self.desk.replies.tick();
                self.progress.received_bytes += count as u64;
                if count == offered {
                    self.room_bytes = (2 * self.room_bytes).min(RECEIVE_MAX_BYTES);
                }
                Ok(true)
            }
            Poll::Ready(Err(error)) => Err(End::Broken(error)),
            Poll::Pending => Ok(false),
        }
    }

    /// Nothing more can be done now: watches that the peer does its part.
    fn wait(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        while self.patience.poll_checked(cx, self.progress).is_ready() {
            let since = self.patience.check(self.progress);
            let owes_record = self.has_room() && !self.decoder.is_between_records(&self.received);
            if owes_record && !since.records && !since.pauses {
                return Err(End::Stalled("a record that does not end"));
            }
            if self.desk.replies.len() > 0 && !since.sent {
                return Err(End::Stalled("replies that are not taken"));
            }
            if !since.anything && self.calls.is_empty() && self.received.is_empty() {
                self.received = BytesMut::new();
                self.room_bytes = RECEIVE_MIN_BYTES;
                self.desk.replies.shrink();
            }
        }
        Ok(())
    }
}

/// Counts a connection while it lives.
struct Counted(Gauge);

impl Counted {
    fn new(gauge: Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}
