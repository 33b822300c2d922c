//! One seed from its first life to its last.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use object_store::memory::InMemory;
use tokio::task::LocalSet;

use crate::dice::{Dice, mix};
use crate::disk::SimDisk;
use crate::life::live;
use crate::machine::{Verifier, World};
use crate::plan::{End, LifePlan};
use crate::power::Power;
use crate::verdict::Verdict;
use crate::weather::Weather;

/// Time at the beginning of every run, since 1970.
const BEGINNING: Duration = Duration::from_secs(1_700_000_000);

/// What a seed came to.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// What was broken, if anything.
    pub violation: Option<String>,
    /// Steps of all lives.
    pub steps: u64,
    /// Digest of all steps: equal for equal schedules.
    pub digest: u64,
    /// The last lines of the log, if one was kept.
    pub explanation: String,
}

/// Runs a seed.
pub fn run(seed: u64, logs: bool) -> Report {
    let verdict = Verdict::new(logs);
    let mut report = Report { violation: None, steps: 0, digest: 0, explanation: String::new() };
    let lived = catch_unwind(AssertUnwindSafe(|| lives(seed, verdict.clone(), &mut report)));
    report.violation = verdict.violation();
    if let Err(panic) = lived {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        report.violation = Some(format!("panic: {}", text.unwrap_or_default()));
    }
    report.explanation = verdict.explanation();
    report
}

fn lives(seed: u64, verdict: Verdict, report: &mut Report) {
    let dice = Dice::new(seed, 0);
    let mut world = World {
        seed,
        objects: Arc::new(InMemory::new()),
        disk: None,
        volumes: Vec::new(),
        verifier: Cell::new(Verifier::Any),
        time: Cell::new(BEGINNING),
        verdict,
        segments_before: RefCell::default(),
    };
    let count = 2 + dice.below(4);
    for number in 0..count {
        let plan = LifePlan::draw(&dice);
        world.verdict.log(|| format!("== life {number}: {plan:?}"));
        life(&mut world, number, &plan, &dice, report);
        if world.verdict.violation().is_some() {
            return;
        }
    }
    world.verdict.log(|| "== the last life, in calm weather".to_owned());
    life(&mut world, count, &LifePlan::last(), &dice, report);
    // After an orderly end the store alone is enough.
    world.disk = None;
    world.verifier.set(Verifier::Any);
    world.verdict.log(|| "== a look at the store, from an empty disk".to_owned());
    life(&mut world, count + 1, &LifePlan::look(), &dice, report);
}

fn life(world: &mut World, number: u64, plan: &LifePlan, dice: &Dice, report: &mut Report) {
    let power = Power::new(plan.off_at);
    let weather = Weather::draw(Dice::new(world.seed, 1000 * number + 1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return world.verdict.violated(&power, format!("no runtime: {error}")),
    };
    let disk = match world.disk.take() {
        Some(disk) => disk.moved_to(power.clone(), weather.clone()),
        None => SimDisk::new(power.clone(), weather.clone()),
    };
    let local = LocalSet::new();
    runtime.block_on(local.run_until(async {
        let machine = world.boot(plan, number, power.clone(), disk.clone(), weather);
        live(world, &machine, plan).await;
        world.time.set(machine.time() + Duration::from_secs(1));
    }));
    // Everything that still runs ends here, without effect: the power is off.
    drop(local);
    drop(runtime);
    let (steps, digest) = power.trace();
    report.steps += steps;
    report.digest = mix(report.digest ^ digest);
    world.disk = Some(match plan.end {
        End::PowerLoss => disk.after_crash(dice),
        End::Kill | End::Shutdown => disk,
    });
}
