//! Every bug planted in the engine must be found, and soon.

use holdfast_engine::{Bug, plant};

use crate::run::run;

/// Seeds within which each bug must be found.
const SEEDS: u64 = 500;
/// Seeds for the one that only shows while a volume stays open: its next opening looks for dead segments by itself.
const SEEDS_OF_RARE: u64 = 3000;

fn seeds_for(bug: Bug) -> u64 {
    if bug == Bug::DeadForgotten { SEEDS_OF_RARE } else { SEEDS }
}

/// The first seed that finds a bug, and how it shows.
fn find(bug: Bug) -> Option<(u64, String)> {
    plant(Some(bug));
    let found = (1..=seeds_for(bug)).find_map(|seed| Some((seed, run(seed, false).violation?)));
    plant(None);
    found
}

#[test]
fn every_planted_bug_is_found() {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let missed = parking_lot::Mutex::new(Vec::new());
    let search = || {
        while let Some(bug) = Bug::ALL.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            match find(*bug) {
                Some((seed, violation)) => {
                    let short: String = violation.chars().take(160).collect();
                    println!("{bug:?}: seed {seed}: {short}");
                }
                None => missed.lock().push(*bug),
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(search);
        scope.spawn(search);
    });
    let missed = missed.into_inner();
    assert!(missed.is_empty(), "not found within their seeds: {missed:?}");
}
