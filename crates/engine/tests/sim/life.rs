//! One life of the machine: start, checks, work, end.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use holdfast_engine::{Engine, Error};

use crate::act::{Client, Done};
use crate::check;
use crate::closing;
use crate::dice::Dice;
use crate::history::Tracked;
use crate::machine::{Machine, Verifier, World};
use crate::ops;
use crate::plan::{End, LifePlan};

/// Longest life, virtual: an engine that takes longer hangs.
const LIFE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Failures of disk or store after which a client gives up.
const FAILURES_MAX: usize = 6;

/// Lives a life on a machine that was switched on. It may end at any step.
pub async fn live(world: &mut World, machine: &Machine, plan: &LifePlan) {
    let due = world.verifier.get();
    if matches!(due, Verifier::Same(_)) {
        // A life that ends before anybody was served tells nobody how the one before it ended.
        world.verifier.set(Verifier::Any);
    }
    let power = machine.power.clone();
    let verdict = world.verdict.clone();
    let whole = tokio::time::timeout(LIFE_MAX, work(world, machine, plan, due));
    tokio::select! {
        biased;
        () = power.gone() => {}
        done = whole => match done {
            Ok(Ok(())) => {}
            Ok(Err(violation)) => verdict.violated(&power, violation),
            Err(_) => verdict.violated(&power, format!("nothing happens for {LIFE_MAX:?}")),
        }
    }
}

async fn work(
    world: &mut World,
    machine: &Machine,
    plan: &LifePlan,
    verifier: Verifier,
) -> Result<(), String> {
    let engine = match machine.start().await {
        Ok(engine) => {
            check_verifier(verifier, engine.write_verifier())?;
            engine
        }
        Err(_) => start_again(machine).await?,
    };
    world.verifier.set(Verifier::Other(engine.write_verifier()));
    if world.volumes.is_empty() {
        machine.weather.set_calm(true);
        let made = machine.make_volumes(&engine).await;
        world.volumes = made.map_err(|error| format!("no volume can be made: {error}"))?;
    }
    check_all(world, machine, &engine).await?;
    closing::note_segments(world).await?;
    machine.weather.set_calm(plan.is_last);
    world.verdict.log(|| "-- the clients begin".to_owned());
    run_clients(world, machine, plan, &engine).await;
    if plan.is_last {
        closing::clean_up(world, machine, &engine).await?;
    }
    world.verdict.log(|| format!("-- the clients are done, {} faults so far", machine.weather.faults()));
    if plan.end == End::Shutdown {
        shut_down(world, &engine).await;
    }
    // Before the engine is dropped: a process that dies writes nothing more.
    machine.power.cut();
    Ok(())
}

/// Starts the engine after a fault, in calm weather. The first try may have noted that a run began.
async fn start_again(machine: &Machine) -> Result<Arc<Engine>, String> {
    machine.weather.set_calm(true);
    machine.start().await.map_err(|error| format!("the engine does not start: {error}"))
}

fn check_verifier(due: Verifier, found: [u8; 8]) -> Result<(), String> {
    match due {
        Verifier::Same(verifier) if verifier != found => {
            Err("the verifier changed though nothing was lost".into())
        }
        Verifier::Other(verifier) if verifier == found => {
            Err("the verifier stayed though data may be lost".into())
        }
        _ => Ok(()),
    }
}

/// In calm weather, looks at all that is there.
pub async fn check_all(world: &World, machine: &Machine, engine: &Engine) -> Result<(), String> {
    machine.weather.set_calm(true);
    for tracked in &world.volumes {
        let volume = machine.open(engine, tracked.id).await;
        let volume = volume.map_err(|error| format!("{:?} does not open: {error}", tracked.id))?;
        check::after_restart(tracked, &volume, &machine.dice).await?;
        world.verdict.log(|| format!("{:?} is in state #{}", tracked.id, tracked.index()));
    }
    Ok(())
}

async fn run_clients(world: &World, machine: &Machine, plan: &LifePlan, engine: &Arc<Engine>) {
    let clients = world.volumes.iter().enumerate().flat_map(|(index, tracked)| {
        (0..plan.clients).map(move |number| (tracked, 10 * index as u64 + number))
    });
    let working = clients.map(|(tracked, number)| {
        let client =
            Client { tracked: tracked.clone(), power: machine.power.clone(), verdict: world.verdict.clone() };
        let dice = Dice::new(machine.dice.below(u64::MAX), number);
        run_client(client, machine, engine, plan.operations, dice)
    });
    let all = futures::future::join_all(working);
    tokio::select! {
        biased;
        _ = all => {}
        () = keep_house(world, machine, plan, engine) => {}
    }
}

/// Checkpoints now and then, where they do not come by themselves.
async fn keep_house(world: &World, machine: &Machine, plan: &LifePlan, engine: &Engine) {
    if plan.background {
        std::future::pending::<()>().await;
    }
    loop {
        tokio::time::sleep(Duration::from_millis(machine.dice.magnitude(20_000))).await;
        world.verdict.log(|| "-- a checkpoint begins".to_owned());
        let done = engine.checkpoint_all().await;
        world.verdict.log(|| format!("-- checkpoint: {done:?}"));
    }
}

async fn run_client(client: Client, machine: &Machine, engine: &Engine, operations: u64, dice: Dice) {
    let mut failures = 0;
    for _ in 0..operations {
        if failures > FAILURES_MAX {
            return;
        }
        rest(&dice).await;
        let Ok(volume) = machine.open(engine, client.tracked.id).await else {
            failures += 1;
            continue;
        };
        let op = ops::draw(&client.tracked.now(), &client.tracked.handles(), &dice);
        match client.act(&volume, &op).await {
            Done::Changed(index, wait) => {
                if let Err(difference) = check::compare_usage(&client.tracked.now(), &volume) {
                    client.verdict.violated(&client.power, format!("after {op:?}: {difference}"));
                }
                match dice.below(8) {
                    0..=2 => failures += usize::from(!promised(&client, index, wait.await)),
                    3..=5 => {
                        let client = client.clone();
                        tokio::task::spawn_local(async move { promised(&client, index, wait.await) });
                    }
                    // Nobody waits.
                    _ => {}
                }
            }
            Done::Unchanged => {}
            Done::Failed(Error::Io(_)) => failures += 2,
            Done::Failed(_) => failures += 1,
        }
    }
}

/// Notes that a change is durable, if it is.
fn promised(client: &Client, index: usize, done: Result<(), Error>) -> bool {
    if client.power.is_off() {
        return false;
    }
    match done {
        Ok(()) => client.tracked.promise(index),
        Err(ref error) => client.verdict.log(|| format!("#{index} is not durable: {error}")),
    }
    if done.is_ok() {
        client.verdict.log(|| format!("{:?} #{index} is promised", client.tracked.id));
    }
    done.is_ok()
}

/// Clients rest between operations, now and then so long that their volume is closed.
async fn rest(dice: &Dice) {
    let pause_ms = match dice.below(60) {
        0..=9 => dice.magnitude(40),
        10..=14 => dice.magnitude(3000),
        15 => 12_000,
        16 if dice.chance(1, 6) => 310_000,
        _ => return,
    };
    tokio::time::sleep(Duration::from_millis(pause_ms)).await;
}

async fn shut_down(world: &World, engine: &Engine) {
    let verifier = engine.write_verifier();
    // From here on it may be over in order without anybody hearing of it.
    world.verifier.set(Verifier::Any);
    match engine.shutdown().await {
        Ok(()) => {
            world.verdict.log(|| "-- shut down in order".to_owned());
            world.volumes.iter().for_each(promise_all);
            world.verifier.set(Verifier::Same(verifier));
        }
        Err(error) => world.verdict.log(|| format!("-- shutdown failed: {error}")),
    }
}

fn promise_all(tracked: &Rc<Tracked>) {
    tracked.promise(tracked.index());
}
