//! The budget of retries: successes earn them, so that a store in trouble is not also flooded.

use std::sync::atomic::{AtomicU32, Ordering};

use holdfast_base::limits::STORE_CALLS_PER_RETRY;

/// Starts full: a node that has just begun may retry.
#[derive(Debug)]
pub(super) struct Budget {
    /// In parts of a retry, [`STORE_CALLS_PER_RETRY`] to one.
    parts: AtomicU32,
    max: u32,
}

impl Budget {
    pub(super) fn new(retries_max: u32) -> Self {
        let max = retries_max * STORE_CALLS_PER_RETRY;
        Self { parts: AtomicU32::new(max), max }
    }

    /// Notes a successful call.
    pub(super) fn earn(&self) {
        let add = |parts| (parts < self.max).then_some(parts + 1);
        // Full is as good as earned.
        let _ = self.parts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Takes one retry, if there is one.
    pub(super) fn take(&self) -> bool {
        let take = |parts: u32| parts.checked_sub(STORE_CALLS_PER_RETRY);
        self.parts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_run_out_and_are_earned_again() {
        let budget = Budget::new(2);
        assert_eq!([budget.take(), budget.take(), budget.take()], [true, true, false]);
        for _ in 0..STORE_CALLS_PER_RETRY - 1 {
            budget.earn();
        }
        assert!(!budget.take());
        budget.earn();
        assert!(budget.take());
        (0..1000).for_each(|_| budget.earn());
        assert_eq!([budget.take(), budget.take(), budget.take()], [true, true, false]);
    }
}
