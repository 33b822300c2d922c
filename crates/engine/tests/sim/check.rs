//! Looking at a volume from outside, and comparing all of it with the states that it may be in.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_engine::{Attr, Caller, Error, FileId, FileKind, Ino, ListEntry, Volume, VolumeUsage};

use crate::act::entries_are;
use crate::dice::Dice;
use crate::history::Tracked;
use crate::model::{Body, Tree};

/// Everything that a volume shows.
#[derive(Default)]
pub struct Found {
    usage: Option<VolumeUsage>,
    attrs: BTreeMap<Ino, Attr>,
    listings: BTreeMap<Ino, (FileId, Vec<ListEntry>)>,
    contents: BTreeMap<Ino, Vec<Bytes>>,
    targets: BTreeMap<Ino, String>,
}

/// Reads a whole volume, listings in pages of a random size.
pub async fn look(volume: &Volume, dice: &Dice) -> Result<Found, Error> {
    let caller = Caller::root();
    let mut found = Found { usage: Some(volume.usage()), ..Found::default() };
    let mut todo = vec![volume.getattr(volume.root()).await?];
    while let Some(attr) = todo.pop() {
        if found.attrs.insert(attr.ino, attr).is_some() {
            continue;
        }
        match attr.kind {
            FileKind::Directory => {
                let listed = list(volume, attr.id(), 1 + dice.below(5) as usize).await?;
                todo.extend(listed.iter().filter_map(|entry| entry.attr));
                found.listings.insert(attr.ino, (attr.id(), listed));
            }
            FileKind::Symlink => {
                let target = volume.readlink(attr.id()).await?.0;
                found.targets.insert(attr.ino, String::from_utf8_lossy(&target).into_owned());
            }
            _ => drop(found.contents.insert(attr.ino, read(volume, &caller, attr).await?)),
        }
    }
    Ok(found)
}

async fn list(volume: &Volume, dir: FileId, page: usize) -> Result<Vec<ListEntry>, Error> {
    let mut all: Vec<ListEntry> = Vec::new();
    loop {
        let after = all.last().map_or(0, |entry| entry.cookie);
        let part = volume.list(&Caller::root(), dir, after, page, true).await?;
        let end = part.end || part.entries.is_empty();
        all.extend(part.entries);
        if end {
            return Ok(all);
        }
    }
}

async fn read(volume: &Volume, caller: &Caller, attr: Attr) -> Result<Vec<Bytes>, Error> {
    let (mut chunks, mut at) = (Vec::new(), 0);
    loop {
        let part = volume.read(caller, attr.id(), at, 1 << 20).await?;
        at += u64::from(part.len);
        chunks.extend(part.chunks);
        if part.eof || part.len == 0 {
            return Ok(chunks);
        }
    }
}

impl Found {
    /// The first thing in which the volume differs from a state.
    pub fn compare(&self, tree: &Tree) -> Result<(), String> {
        if let Some(missing) = tree.nodes().find(|(ino, _)| !self.attrs.contains_key(ino)) {
            return Err(format!("inode {} is missing", missing.0));
        }
        if let Some(usage) = self.usage {
            compare_counters(tree, usage)?;
        }
        for (ino, attr) in &self.attrs {
            let node = tree.node(*ino).ok_or_else(|| format!("inode {ino} should not be there"))?;
            node.compare(attr).map_err(|difference| format!("inode {ino}: {difference}"))?;
            self.compare_body(tree, *ino, &node.body)?;
        }
        Ok(())
    }

    fn compare_body(&self, tree: &Tree, ino: Ino, body: &Body) -> Result<(), String> {
        match body {
            Body::Dir { .. } => match self.listings.get(&ino) {
                Some((dir, listed)) if entries_are(tree, *dir, listed) == Ok(true) => Ok(()),
                _ => Err(format!("directory {ino} has other entries")),
            },
            Body::Symlink(target) if self.targets.get(&ino) == Some(target) => Ok(()),
            Body::Symlink(_) => Err(format!("link {ino} has another target")),
            Body::File(content) => {
                let mut at = 0;
                for chunk in self.contents.get(&ino).into_iter().flatten() {
                    if let Some(wrong) = content.mismatch(at, chunk) {
                        return Err(format!("file {ino} differs at byte {wrong}"));
                    }
                    at += chunk.len() as u64;
                }
                let size = tree.node(ino).map_or(0, |node| node.attr.size);
                if at == size { Ok(()) } else { Err(format!("file {ino} gave {at} bytes of {size}")) }
            }
        }
    }
}

/// After a restart a volume must be in one of its possible states; from there it goes on.
pub async fn after_restart(tracked: &Tracked, volume: &Arc<Volume>, dice: &Dice) -> Result<(), String> {
    let found =
        look(volume, dice).await.map_err(|error| format!("{:?} cannot be read: {error}", tracked.id))?;
    let mut differences = Vec::new();
    for tree in tracked.possible() {
        match found.compare(&tree) {
            Ok(()) => {
                let mut tree = Tree::clone(&tree);
                for attr in found.attrs.values() {
                    tree.settle_times(attr);
                }
                tracked.restart_from(tree);
                return stale_handles(tracked, volume).await;
            }
            Err(difference) => differences.push(difference),
        }
    }
    let (newest, oldest) = (differences.first(), differences.last());
    Err(format!(
        "{:?} is in none of its {} possible states; against the newest: {newest:?}; against the oldest: {oldest:?}",
        tracked.id,
        differences.len()
    ))
}

/// The volume's counters against a recount.
pub fn compare_usage(tree: &Tree, volume: &Volume) -> Result<(), String> {
    compare_counters(tree, volume.usage()).map_err(|difference| format!("{:?} {difference}", volume.id()))
}

fn compare_counters(tree: &Tree, usage: VolumeUsage) -> Result<(), String> {
    let found = (usage.used_bytes, usage.used_inodes, usage.limit_bytes, usage.limit_inodes);
    let recount: u64 = tree.nodes().map(|(_, node)| node.attr.used).sum();
    let due = (recount, tree.used_inodes(), tree.limit_bytes, tree.limit_inodes);
    if found == due { Ok(()) } else { Err(format!("counts {found:?}; {due:?} is due")) }
}

/// Handles of what is gone must say so.
async fn stale_handles(tracked: &Tracked, volume: &Volume) -> Result<(), String> {
    let tree = tracked.now();
    for file in tracked.handles().into_iter().filter(|file| tree.file(*file).is_err()) {
        match volume.getattr(file).await {
            Err(Error::Stale) => {}
            other => return Err(format!("{file:?} is gone, but its handle gives {other:?}")),
        }
    }
    Ok(())
}
