//! The tree's clock: the node's, but never behind what the tree has seen.
//!
//! The tree refuses a write whose time is before that of its last table. A node's clock may well go back: it is
//! set right, or the volume was last written by a node whose clock was ahead. Nothing that is stored here depends
//! on the tree's time, so it stands still until the node's clock has caught up.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use holdfast_base::Clock;
use slatedb_common::clock::{SystemClock, SystemClockTicker};

/// See the module.
pub(super) struct IndexClock {
    clock: Arc<dyn Clock>,
    /// The latest time that was told, milliseconds since 1970.
    latest_ms: AtomicI64,
}

impl IndexClock {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, latest_ms: AtomicI64::new(0) }
    }

    /// From now on tells no time before this one.
    pub(super) fn pass(&self, time_ms: i64) {
        self.latest_ms.fetch_max(time_ms, Ordering::Relaxed);
    }
}

impl fmt::Debug for IndexClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexClock")
    }
}

impl SystemClock for IndexClock {
    fn now(&self) -> DateTime<Utc> {
        let now = self.clock.now();
        let now_ms = now.seconds.saturating_mul(1000) + i64::from(now.nanos / 1_000_000);
        let told_ms = self.latest_ms.fetch_max(now_ms, Ordering::Relaxed).max(now_ms);
        DateTime::from_timestamp_millis(told_ms).unwrap_or_default()
    }

    fn sleep<'a>(&'a self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn ticker<'a>(&'a self, duration: Duration) -> SystemClockTicker<'a> {
        SystemClockTicker::new(self, duration)
    }
}
