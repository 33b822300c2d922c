//! Which faults happen in one life: drawn once, then asked at every step.
//!
//! Checks need calm weather: they look at what is there, not at how the engine bears faults.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::dice::Dice;

/// What happens to one call to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It works.
    Works,
    /// It fails and has no effect.
    Fails,
    /// It has its effect, but an error comes back.
    AppliedButFails,
    /// No answer ever comes; the effect may or may not be there.
    Silent { applied: bool },
    /// A body ends early.
    Truncated,
}

/// The weather of one life. Clones share it.
#[derive(Clone)]
pub struct Weather(Arc<Inner>);

struct Inner {
    dice: Dice,
    calm: AtomicBool,
    /// Faults in a thousand calls to the store.
    store_faults: u64,
    /// Longest ordinary answer of the store, milliseconds.
    store_slowness_ms: u64,
    /// Bytes that the disk holds.
    disk_capacity: u64,
    /// Syncs and writes until one fails; 0 for never.
    sync_fails_in: AtomicU64,
    write_fails_in: AtomicU64,
    faults: AtomicU64,
}

impl Weather {
    /// Draws the weather of a life.
    pub fn draw(dice: Dice) -> Self {
        let store_faults = if dice.chance(1, 2) { 0 } else { dice.magnitude(120) };
        let store_slowness_ms = if dice.chance(1, 3) { 0 } else { dice.magnitude(400) };
        let disk_capacity = if dice.chance(1, 10) { (1 + dice.below(24)) << 18 } else { u64::MAX };
        let counter = |rarely: bool, most: u64| AtomicU64::new(if rarely { dice.magnitude(most) } else { 0 });
        let sync_fails_in = counter(dice.chance(1, 5), 120);
        let write_fails_in = counter(dice.chance(1, 12), 400);
        Self(Arc::new(Inner {
            calm: AtomicBool::new(false),
            store_faults,
            store_slowness_ms,
            disk_capacity,
            sync_fails_in,
            write_fails_in,
            faults: AtomicU64::new(0),
            dice,
        }))
    }

    /// Switches all faults off, or on again.
    pub fn set_calm(&self, calm: bool) {
        self.0.calm.store(calm, Ordering::Relaxed);
    }

    fn is_calm(&self) -> bool {
        self.0.calm.load(Ordering::Relaxed)
    }

    /// Faults so far.
    pub fn faults(&self) -> u64 {
        self.0.faults.load(Ordering::Relaxed)
    }

    fn count_fault(&self) {
        self.0.faults.fetch_add(1, Ordering::Relaxed);
    }

    /// How long the store takes for a call, and what comes of it.
    pub fn store_call(&self) -> (Duration, Fate) {
        let inner = &self.0;
        let slowness = inner.store_slowness_ms;
        let latency_ms = if slowness == 0 { 0 } else { inner.dice.below(slowness + 1) };
        let latency = Duration::from_millis(latency_ms);
        if self.is_calm() || inner.dice.below(1000) >= inner.store_faults {
            return (latency, Fate::Works);
        }
        self.count_fault();
        let fate = match inner.dice.below(8) {
            0..=2 => Fate::Fails,
            3 | 4 => Fate::AppliedButFails,
            5 => Fate::Silent { applied: inner.dice.chance(1, 2) },
            6 => Fate::Truncated,
            _ => return (Duration::from_secs(1 + inner.dice.below(20)), Fate::Works),
        };
        (latency, fate)
    }

    /// Whether a disk that holds `used` bytes has no room for `more`.
    pub fn is_full(&self, used: u64, more: u64) -> bool {
        let full = !self.is_calm() && used + more > self.0.disk_capacity;
        if full {
            self.count_fault();
        }
        full
    }

    /// Whether this sync fails.
    pub fn sync_fails(&self) -> bool {
        self.strikes(&self.0.sync_fails_in)
    }

    /// Whether this write fails.
    pub fn write_fails(&self) -> bool {
        self.strikes(&self.0.write_fails_in)
    }

    fn strikes(&self, counter: &AtomicU64) -> bool {
        let left = counter.load(Ordering::Relaxed);
        if left == 0 || self.is_calm() {
            return false;
        }
        counter.store(left - 1, Ordering::Relaxed);
        if left == 1 {
            self.count_fault();
        }
        left == 1
    }
}

/// The error of a disk that lost what it was given.
pub fn disk_error() -> io::Error {
    io::Error::other("the simulated disk failed")
}
