//! Many seeds on all cores: each runs on one thread from beginning to end.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::run::run;

/// A number from the environment.
pub fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// Runs seeds, and says which of them failed, in order. After `stop_after` failures no new seed begins.
pub fn run_all(seeds: RangeInclusive<u64>, stop_after: Option<usize>) -> Vec<(u64, String)> {
    let next = AtomicU64::new(*seeds.start());
    let failed = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let enough = stop_after.is_some_and(|enough| failed.lock().len() >= enough);
                    if seed > *seeds.end() || enough {
                        return;
                    }
                    if let Some(violation) = run(seed, false).violation {
                        failed.lock().push((seed, violation));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner();
    failed.sort();
    failed
}
