//! What a connection has to send. Its calls write their replies straight into it, encoded, and its task sends them:
//! a reply is never moved about.
//!
//! All of them run in the connection's one task, so the lock is never contended.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use holdfast_wire::{Bytes, Rope};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio_util::io::poll_write_buf;

use crate::limits::SEND_BUFFER_KEEP_BYTES;

/// What stands in front of each record on a stream (RFC 5531 section 11).
const RECORD_MARK_BYTES: usize = 4;

/// The replies of one connection. Clones share them.
#[derive(Clone)]
pub(crate) struct Replies(Arc<Mutex<Outgoing>>);

struct Outgoing {
    rope: Rope,
    /// The most that `rope` has held since it was new.
    peak_bytes: usize,
    /// Whether anybody will take replies.
    open: bool,
    /// When something happened last: a call begins where the one before it ended.
    now: Instant,
}

impl Replies {
    pub fn new() -> Self {
        let outgoing = Outgoing { rope: Rope::new(), peak_bytes: 0, open: true, now: Instant::now() };
        Self(Arc::new(Mutex::new(outgoing)))
    }

    /// Appends what `encode` writes: whole records.
    pub fn write(&self, encode: impl FnOnce(&mut Rope)) {
        let outgoing = &mut *self.0.lock();
        if outgoing.open {
            encode(&mut outgoing.rope);
            outgoing.peak_bytes = outgoing.peak_bytes.max(outgoing.rope.len());
        }
    }

    /// When a call that begins now began.
    pub fn now(&self) -> Instant {
        self.0.lock().now
    }

    /// The time from `started` until now, by the clock itself.
    pub fn took(&self, started: Instant) -> Duration {
        let outgoing = &mut *self.0.lock();
        outgoing.now = Instant::now();
        outgoing.now - started
    }

    /// Bytes that are not sent yet.
    pub(super) fn len(&self) -> usize {
        self.0.lock().rope.len()
    }

    /// Something was received.
    pub(super) fn tick(&self) {
        self.0.lock().now = Instant::now();
    }

    /// Drops replies from now on, also those that are there.
    pub(super) fn close(&self) {
        let outgoing = &mut *self.0.lock();
        outgoing.open = false;
        outgoing.rope = Rope::new();
    }

    /// The one reply as a datagram, which needs no record mark.
    pub fn take_datagram(&self) -> Option<Bytes> {
        let reply = std::mem::replace(&mut self.0.lock().rope, Rope::new()).into_bytes();
        (reply.len() > RECORD_MARK_BYTES).then(|| reply.slice(RECORD_MARK_BYTES..))
    }

    /// Gives memory back.
    pub(super) fn shrink(&self) {
        let outgoing = &mut *self.0.lock();
        if outgoing.rope.is_empty() {
            outgoing.rope = Rope::new();
            outgoing.peak_bytes = 0;
        }
    }

    /// Sends what is there, as far as the socket takes it; how many bytes it took.
    pub(super) fn send(&self, stream: &mut TcpStream, cx: &mut Context<'_>) -> io::Result<usize> {
        let outgoing = &mut *self.0.lock();
        let mut sent = 0;
        while !outgoing.rope.is_empty() {
            match poll_write_buf(Pin::new(&mut *stream), cx, &mut outgoing.rope) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => sent += count,
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(sent),
            }
        }
        if outgoing.peak_bytes > SEND_BUFFER_KEEP_BYTES {
            outgoing.rope = Rope::new();
            outgoing.peak_bytes = 0;
        } else if sent > 0 {
            outgoing.rope.clear();
        }
        Ok(sent)
    }
}
