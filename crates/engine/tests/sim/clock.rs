//! Time of the simulation: it goes on from life to life, and within one it is the runtime's paused clock.

use std::time::Duration;

use holdfast_base::{Clock, Timestamp};
use tokio::time::Instant;

/// The clock of one life.
#[derive(Debug)]
pub struct SimClock {
    base: Duration,
    started: Instant,
}

impl SimClock {
    /// A clock that goes on from `base`, time since 1970. Call it inside the runtime.
    pub fn starting_at(base: Duration) -> Self {
        Self { base, started: Instant::now() }
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.monotonic().as_nanos() as u64)
    }

    fn monotonic(&self) -> Duration {
        self.base + self.started.elapsed()
    }
}
