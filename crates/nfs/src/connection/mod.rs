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
mod socket;

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use futures::stream::{FuturesUnordered, StreamExt};
use holdfast_base::limits::{CONNECTION_BYTES_MAX, CONNECTION_IN_FLIGHT_MAX};
use holdfast_wire::Rope;
use holdfast_wire::record::{RecordDecoder, RecordError};
use metrics::Gauge;
use tokio::net::TcpStream;
use tokio_util::io::{poll_read_buf, poll_write_buf};
use tokio_util::sync::CancellationToken;

use crate::dispatch::{self, Answer, Running, Start};
use crate::limits::{FINISH_CALLS_MAX, RECEIVE_MAX_BYTES, RECEIVE_MIN_BYTES, SEND_BUFFER_KEEP_BYTES};
use crate::server::Shared;
use progress::{Patience, Progress};

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub address: SocketAddr,
    /// Another number for each connection.
    pub id: u64,
}

/// Serves a connection to its end.
pub(crate) async fn serve(shared: Arc<Shared>, stream: TcpStream, peer: Peer, draining: CancellationToken) {
    let _counted = Counted::new(shared.metrics.connections.clone());
    if let Err(error) = socket::prepare(&stream) {
        tracing::debug!(peer = %peer.address, %error, "a connection ended before it began");
        return;
    }
    let mut connection = Connection::new(shared, stream, peer);
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
    shared: Arc<Shared>,
    peer: Peer,
    stream: TcpStream,
    decoder: RecordDecoder,
    received: BytesMut,
    /// Room for the next receive.
    room_bytes: usize,
    calls: FuturesUnordered<Call>,
    /// Request bytes and reserved reply bytes of `calls`.
    held_bytes: usize,
    out: Rope,
    /// The most that `out` has held since it was new.
    out_peak_bytes: usize,
    /// Whether replies still go anywhere.
    sends: bool,
    progress: Progress,
    patience: Patience,
}

/// A call that waits for something, and what it may hold.
struct Call {
    running: Running,
    bytes: usize,
}

impl Future for Call {
    type Output = (Answer, usize);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.running.as_mut().poll(cx));
        Poll::Ready((answer, self.bytes))
    }
}

impl Connection {
    fn new(shared: Arc<Shared>, stream: TcpStream, peer: Peer) -> Self {
        Self {
            shared,
            peer,
            stream,
            decoder: RecordDecoder::default(),
            received: BytesMut::new(),
            room_bytes: RECEIVE_MIN_BYTES,
            calls: FuturesUnordered::new(),
            held_bytes: 0,
            out: Rope::new(),
            out_peak_bytes: 0,
            sends: true,
            progress: Progress::default(),
            patience: Patience::default(),
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
        self.sends = end.may_send();
        self.received = BytesMut::new();
    }

    /// Finishes the calls that run and sends what can be sent.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.collect(cx);
        if self.sends && self.send(cx).is_err() {
            self.sends = false;
        }
        if self.calls.is_empty() && (self.out.is_empty() || !self.sends) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    fn has_room(&self) -> bool {
        self.calls.len() < CONNECTION_IN_FLIGHT_MAX && self.held_bytes + self.out.len() < CONNECTION_BYTES_MAX
    }

    /// Begins the calls that have been received whole, as far as there is room for them.
    fn begin_calls(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        while self.has_room() {
            let Some(record) = self.decoder.next_record(&mut self.received).map_err(End::Record)? else {
                return Ok(());
            };
            self.progress.records += 1;
            let record_bytes = record.len();
            match dispatch::start(&self.shared, &self.peer, record) {
                Start::Answer(answer) => self.answer(answer),
                Start::Run(mut running, reply_bytes) => match running.as_mut().poll(cx) {
                    Poll::Ready(answer) => self.answer(answer),
                    Poll::Pending => {
                        let bytes = record_bytes + reply_bytes;
                        self.held_bytes += bytes;
                        self.calls.push(Call { running, bytes });
                    }
                },
                Start::Close => return Err(End::NotACall),
            }
        }
        self.progress.pauses += 1;
        Ok(())
    }

    /// Takes the answers that are ready.
    fn collect(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some((answer, bytes))) = self.calls.poll_next_unpin(cx) {
            self.held_bytes -= bytes;
            self.answer(answer);
        }
    }

    fn answer(&mut self, answer: Answer) {
        if self.sends {
            answer.write(&mut self.out);
            self.out_peak_bytes = self.out_peak_bytes.max(self.out.len());
        }
    }

    /// Sends what is ready; whether anything went out.
    fn send(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        let mut sent = false;
        while !self.out.is_empty() {
            match poll_write_buf(Pin::new(&mut self.stream), cx, &mut self.out) {
                Poll::Ready(Ok(count)) if count > 0 => {
                    sent = true;
                    self.progress.sent_bytes += count as u64;
                }
                Poll::Ready(Ok(_)) => return Err(End::Broken(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Err(error)) => return Err(End::Broken(error)),
                Poll::Pending => return Ok(sent),
            }
        }
        if self.out_peak_bytes > SEND_BUFFER_KEEP_BYTES {
            self.out = Rope::new();
            self.out_peak_bytes = 0;
        } else if sent {
            self.out.clear();
        }
        Ok(sent)
    }

    /// Receives once; whether anything came.
    fn receive(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        self.received.reserve(self.decoder.room_bytes(&self.received, self.room_bytes));
        let offered = self.received.capacity() - self.received.len();
        match poll_read_buf(Pin::new(&mut self.stream), cx, &mut self.received) {
            Poll::Ready(Ok(0)) => Err(End::Closed),
            Poll::Ready(Ok(count)) => {
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
            if !self.out.is_empty() && !since.sent {
                return Err(End::Stalled("replies that are not taken"));
            }
            if !since.anything && self.calls.is_empty() && self.received.is_empty() {
                self.received = BytesMut::new();
                self.room_bytes = RECEIVE_MIN_BYTES;
                self.out = Rope::new();
                self.out_peak_bytes = 0;
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
