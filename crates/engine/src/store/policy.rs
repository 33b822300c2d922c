//! How patient the node is with its store: times, attempts, the budget of retries, the circuit.

use std::time::Duration;

use holdfast_base::{Random, limits};

/// The numbers of [`limits`] as one value; tests pass smaller ones.
#[derive(Clone, Debug)]
pub struct StorePolicy {
    /// Time for one attempt, beside what its bytes take.
    pub attempt_timeout: Duration,
    /// Slowest transfer that is waited for.
    pub min_bytes_per_second: u64,
    /// Most attempts of one call.
    pub attempts_max: u32,
    /// First pause between two attempts.
    pub backoff_min: Duration,
    /// Longest pause between two attempts.
    pub backoff_max: Duration,
    /// Retries that may be saved up.
    pub retry_budget_max: u32,
    /// Failed attempts in a row that open the circuit.
    pub circuit_failures: u32,
    /// First pause of an open circuit.
    pub circuit_pause_min: Duration,
    /// Longest pause of an open circuit.
    pub circuit_pause_max: Duration,
}

impl Default for StorePolicy {
    fn default() -> Self {
        Self {
            attempt_timeout: Duration::from_millis(limits::STORE_ATTEMPT_TIMEOUT_MS),
            min_bytes_per_second: limits::STORE_MIN_BYTES_PER_SECOND,
            attempts_max: limits::STORE_ATTEMPTS_MAX,
            backoff_min: Duration::from_millis(limits::STORE_BACKOFF_MIN_MS),
            backoff_max: Duration::from_millis(limits::STORE_BACKOFF_MAX_MS),
            retry_budget_max: limits::STORE_RETRY_BUDGET_MAX,
            circuit_failures: limits::STORE_CIRCUIT_FAILURES,
            circuit_pause_min: Duration::from_millis(limits::STORE_CIRCUIT_PAUSE_MIN_MS),
            circuit_pause_max: Duration::from_millis(limits::STORE_CIRCUIT_PAUSE_MAX_MS),
        }
    }
}

impl StorePolicy {
    /// The time for an attempt that moves `bytes`.
    pub(super) fn timeout(&self, bytes: u64) -> Duration {
        self.attempt_timeout + Duration::from_millis(1000 * bytes / self.min_bytes_per_second.max(1))
    }

    /// The pause after the `failed`th attempt (from 1): doubled each time, and shortened at random by up to a half,
    /// so that those who failed together do not come back together.
    pub(super) fn backoff(&self, failed: u32, random: &dyn Random) -> Duration {
        let doublings = failed.saturating_sub(1).min(16);
        jitter(self.backoff_min.saturating_mul(1 << doublings).min(self.backoff_max), random)
    }
}

/// Between half of `pause` and all of it.
pub(super) fn jitter(pause: Duration, random: &dyn Random) -> Duration {
    const PARTS: u64 = 1 << 10;
    let part = random.next_u64() % (PARTS + 1);
    pause / 2 + (pause / 2).mul_f64(part as f64 / PARTS as f64)
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;

    use super::*;

    #[test]
    fn pauses_double_up_to_their_bound_and_differ() {
        let (policy, random) = (StorePolicy::default(), SeededRandom::new(1));
        let mut seen = std::collections::HashSet::new();
        for failed in 1..40 {
            let full = policy.backoff_min.saturating_mul(1 << (failed - 1).min(10)).min(policy.backoff_max);
            let pause = policy.backoff(failed, &random);
            assert!(full / 2 <= pause && pause <= full, "{failed}: {pause:?} of {full:?}");
            seen.insert(pause);
        }
        assert!(seen.len() > 20);
    }

    #[test]
    fn large_bodies_get_more_time() {
        let policy = StorePolicy::default();
        assert_eq!(policy.timeout(0), policy.attempt_timeout);
        assert_eq!(policy.timeout(64 << 20), policy.attempt_timeout + Duration::from_secs(64));
    }
}
