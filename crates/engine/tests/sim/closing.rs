//! The end of a run: everything is removed, and all space must come back.
//!
//! Segments that a crash left without anybody to point at them are not looked at: only those of this life must go.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::TryStreamExt;
use holdfast_engine::{Engine, FileId};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::act::{Client, Done};
use crate::history::Tracked;
use crate::machine::{Machine, World};
use crate::model::{Body, Tree};
use crate::ops::Op;

/// Checkpoints until the last dead segment must be gone.
const CHECKPOINTS: u64 = 4;

/// Removes everything from all volumes and checks that nothing of this life is left in the store.
pub async fn clean_up(world: &World, machine: &Machine, engine: &Arc<Engine>) -> Result<(), String> {
    for tracked in &world.volumes {
        let client =
            Client { tracked: tracked.clone(), power: machine.power.clone(), verdict: world.verdict.clone() };
        while let Some(op) = removal(&tracked.now()) {
            act(&client, machine, engine, op).await?;
        }
    }
    let before = world.segments_before.borrow().clone();
    for round in 0..CHECKPOINTS {
        for tracked in &world.volumes {
            let client = Client {
                tracked: tracked.clone(),
                power: machine.power.clone(),
                verdict: world.verdict.clone(),
            };
            // A checkpoint needs a change.
            let op = Op::SetLimits { limit_bytes: 1 << 30, limit_inodes: 1000 + round };
            act(&client, machine, engine, op).await?;
        }
        engine.checkpoint_all().await.map_err(|error| format!("a last checkpoint failed: {error}"))?;
        for tracked in &world.volumes {
            let left = segments(world, tracked).await?;
            world.verdict.log(|| format!("-- {:?} after checkpoint {round}: {left:?}", tracked.id));
        }
    }
    for tracked in &world.volumes {
        let left: Vec<_> = segments(world, tracked).await?.difference(&before).cloned().collect();
        if !left.is_empty() {
            return Err(format!("{:?} is empty, but the store still has {left:?}", tracked.id));
        }
    }
    Ok(())
}

async fn act(client: &Client, machine: &Machine, engine: &Arc<Engine>, op: Op) -> Result<(), String> {
    let volume = machine.open(engine, client.tracked.id).await.map_err(|error| error.to_string())?;
    match client.act(&volume, &op).await {
        Done::Changed(..) => Ok(()),
        Done::Unchanged => {
            Err(client.verdict.violation().unwrap_or_else(|| format!("{op:?} changed nothing")))
        }
        Done::Failed(error) => Err(format!("{op:?} failed in calm weather: {error}")),
    }
}

/// The next entry to remove, leaves first; `None` if the volume is empty.
fn removal(tree: &Tree) -> Option<Op> {
    let mut dir: FileId = tree.node(tree.root())?.attr.id();
    loop {
        let (name, ino) = tree.dir(dir).ok()?.iter().next().map(|(name, ino)| (name.clone(), *ino))?;
        let node = tree.node(ino)?;
        match &node.body {
            Body::Dir { entries, .. } if entries.is_empty() => return Some(Op::Rmdir { dir, name }),
            Body::Dir { .. } => dir = node.attr.id(),
            _ => return Some(Op::Remove { dir, name }),
        }
    }
}

/// The segments of a volume in the store.
async fn segments(world: &World, tracked: &Tracked) -> Result<BTreeSet<String>, String> {
    let prefix = Path::from(format!("volumes/{}/segments", tracked.id.0));
    let found: Result<Vec<_>, _> = world.objects.list(Some(&prefix)).try_collect().await;
    let found = found.map_err(|error| format!("the store cannot be listed: {error}"))?;
    Ok(found.into_iter().map(|object| object.location.to_string()).collect())
}

/// Notes the segments that were there before the last life.
pub async fn note_segments(world: &World) -> Result<(), String> {
    let mut all = BTreeSet::new();
    for tracked in &world.volumes {
        all.extend(segments(world, tracked).await?);
    }
    world.segments_before.replace(all);
    Ok(())
}
