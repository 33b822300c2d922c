//! Back-pressure: how much longer a change takes the more is waiting to be put away.
//!
//! Up to a soft bound nobody waits. From there to the hard bound every change of the volume waits a little, growing with
//! the square of the excess, so that writers come down to the speed at which the store takes their data and no client
//! sees a wall. At the hard bound a change waits until there is room.
//!
//! What the whole node holds is shared: as it fills, the bounds of each volume shrink. Who holds much waits first and
//! who holds little does not wait at all, so one volume cannot take the memory or the journal of all.
//!
//! Keeps nothing in a crash. Knows only numbers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use holdfast_base::limits;

/// What a change has to do first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Nothing.
    None,
    /// Wait so long, then go on.
    For(Duration),
    /// Wait until something was put away.
    ForRoom,
}

impl Wait {
    /// The longer of two.
    pub(crate) fn max(self, other: Self) -> Self {
        match (self, other) {
            (Self::ForRoom, _) | (_, Self::ForRoom) => Self::ForRoom,
            (Self::None, wait) | (wait, Self::None) => wait,
            (Self::For(a), Self::For(b)) => Self::For(a.max(b)),
        }
    }
}

/// A quantity with two bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub soft: u64,
    pub hard: u64,
}

impl Bounds {
    /// What holding `used` costs.
    pub(crate) fn wait(self, used: u64) -> Wait {
        if used <= self.soft {
            return Wait::None;
        }
        if used >= self.hard {
            return Wait::ForRoom;
        }
        let excess = self.excess(used);
        Wait::For(limits::WRITE_DELAY_MAX.mul_f64(excess * excess))
    }

    /// How far `used` is from the soft to the hard bound: 0 to 1.
    fn excess(self, used: u64) -> f64 {
        let over = used.saturating_sub(self.soft) as f64;
        (over / (self.hard - self.soft).max(1) as f64).min(1.0)
    }

    /// The bounds of one of many who share, when they hold `used` of `shared` together.
    pub(crate) fn share(self, shared: Self, used: u64) -> Self {
        let left = 1.0 - shared.excess(used) * (1.0 - limits::NODE_SHARE_LEAST);
        Self { soft: (self.soft as f64 * left) as u64, hard: (self.hard as f64 * left) as u64 }
    }
}

/// Bytes that all volumes of the node hold together, from what each says of itself.
#[derive(Debug, Default)]
pub(crate) struct Together(AtomicU64);

impl Together {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one volume has said that it holds.
#[derive(Debug)]
pub(crate) struct Held {
    all: std::sync::Arc<Together>,
    said: AtomicU64,
}

impl Held {
    pub(crate) fn new(all: std::sync::Arc<Together>) -> Self {
        Self { all, said: AtomicU64::new(0) }
    }

    /// The volume now holds `bytes`; what all hold.
    pub(crate) fn say(&self, bytes: u64) -> u64 {
        let before = self.said.swap(bytes, Ordering::Relaxed);
        // Modulo 2^64 a difference below zero is one too.
        let change = bytes.wrapping_sub(before);
        self.all.0.fetch_add(change, Ordering::Relaxed).wrapping_add(change)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.say(0);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const BOUNDS: Bounds = Bounds { soft: 100, hard: 200 };

    #[test]
    fn waiting_grows_from_nothing_to_the_wall_without_a_step() {
        assert_eq!(BOUNDS.wait(0), Wait::None);
        assert_eq!(BOUNDS.wait(100), Wait::None);
        assert_eq!(BOUNDS.wait(200), Wait::ForRoom);
        let mut last = Duration::ZERO;
        for used in 101..200 {
            let Wait::For(wait) = BOUNDS.wait(used) else { panic!("{used}") };
            assert!(wait > last && wait < limits::WRITE_DELAY_MAX, "{used}: {wait:?}");
            last = wait;
        }
        assert!(last > limits::WRITE_DELAY_MAX.mul_f64(0.9));
    }

    #[test]
    fn who_holds_much_waits_first_when_the_node_fills() {
        let node = Bounds { soft: 1_000, hard: 2_000 };
        for (used, of_much, of_little) in [(500, false, false), (1_500, true, false), (2_000, true, false)] {
            let share = BOUNDS.share(node, used);
            assert_eq!(share.wait(90) != Wait::None, of_much, "{used}");
            assert_eq!(share.wait(5) != Wait::None, of_little, "{used}");
        }
        assert_eq!(BOUNDS.share(node, u64::MAX).wait(99), Wait::ForRoom);
    }

    #[test]
    fn what_all_hold_is_the_sum_and_ends_with_who_held_it() {
        let all = Arc::new(Together::default());
        let (one, other) = (Held::new(all.clone()), Held::new(all.clone()));
        one.say(10);
        assert_eq!(other.say(5), 15);
        assert_eq!(one.say(3), 8);
        drop(one);
        assert_eq!(all.bytes(), 5);
    }
}
