//! The deterministic simulator: one seed is one schedule of operations, faults and crashes.
//!
//! A seed draws a few lives of a machine with two volumes. In each, clients work at the same time, the object
//! store and the local disk fail as the weather of that life has it, and at some step, anywhere, the power goes
//! or the process dies. After every restart the volumes are compared with a plain model: what was promised is
//! there, the rest is a prefix of what was answered, counters agree with a recount, handles of what is gone are
//! stale and were never given out twice, and the write verifier tells about losses.
//!
//! Nothing here knows the time or a thread: the runtime has one thread and a paused clock, the disk and the store
//! are in memory, and all randomness comes from the seed. `HOLDFAST_SEED=17` repeats one seed and prints its log;
//! `HOLDFAST_SEEDS=2000` says how many to run.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where something fails")]

mod act;
mod check;
mod clock;
mod closing;
mod dice;
mod disk;
mod history;
mod life;
mod machine;
mod model;
mod ops;
mod plan;
#[cfg(feature = "planted-bugs")]
mod planted;
mod power;
mod run;
mod seeds;
mod store;
mod verdict;
mod weather;

use seeds::{number_from, run_all};

/// Seeds of an ordinary test run; the continuous integration asks for 2,000.
const SEEDS: u64 = 200;

#[test]
fn no_seed_breaks_a_promise() {
    if let Some(seed) = number_from("HOLDFAST_SEED") {
        let report = run::run(seed, true);
        println!("{}", report.explanation);
        assert_eq!(report.violation, None, "seed {seed}");
        return;
    }
    let count = number_from("HOLDFAST_SEEDS").unwrap_or(SEEDS);
    let failed = run_all(1..=count, None);
    let text = |(seed, what): &(u64, String)| {
        format!("\n  seed {seed}: {what}\n    repeat it with HOLDFAST_SEED={seed}")
    };
    assert!(
        failed.is_empty(),
        "{} of {count} seeds failed:{}",
        failed.len(),
        failed.iter().map(text).collect::<String>()
    );
}

#[test]
fn one_seed_is_one_schedule() {
    for seed in 1..=10 {
        let (first, second) = (run::run(seed, false), run::run(seed, false));
        assert_eq!(first, second, "seed {seed}");
        assert!(first.steps > 0);
    }
}
