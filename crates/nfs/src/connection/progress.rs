//! What has happened on a connection, and a timer that asks from time to time whether anything has.
//!
//! The timer runs only after something happened: a quiet connection has none.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Duration, Instant, Sleep, sleep};

/// Counters that only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub received_bytes: u64,
    /// Complete records.
    pub records: u64,
    pub sent_bytes: u64,
    /// How often the connection was not read for want of room.
    pub pauses: u64,
}

/// What has changed between two looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    pub records: bool,
    pub sent: bool,
    pub pauses: bool,
    pub anything: bool,
}

/// A look at the progress from time to time.
pub(super) struct Patience {
    every: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    seen: Progress,
}

impl Patience {
    pub fn new(every: Duration) -> Self {
        Self { every, timer: None, seen: Progress::default() }
    }

    /// Ready when it is time to look again.
    pub fn poll_checked(&mut self, cx: &mut Context<'_>, now: Progress) -> Poll<()> {
        if self.timer.is_none() {
            if self.seen == now {
                return Poll::Pending;
            }
            self.seen = now;
        }
        let every = self.every;
        self.timer.get_or_insert_with(|| Box::pin(sleep(every))).as_mut().poll(cx)
    }

    /// Looks: what has changed since the last time. The timer goes on only if something has.
    pub fn check(&mut self, now: Progress) -> Since {
        let seen = std::mem::replace(&mut self.seen, now);
        let since = Since {
            records: seen.records != now.records,
            sent: seen.sent_bytes != now.sent_bytes,
            pauses: seen.pauses != now.pauses,
            anything: seen != now,
        };
        match &mut self.timer {
            Some(timer) if since.anything => timer.as_mut().reset(Instant::now() + self.every),
            _ => self.timer = None,
        }
        since
    }
}
