//! The operations that clients do, drawn at random from what a volume is. A new kind of operation is an arm here
//! and an arm in `act`.

use holdfast_engine::{CreateMode, FileId, SetAttr};

use crate::dice::Dice;
use crate::model::{Body, Tree};

/// One operation.
#[derive(Clone, Debug)]
pub enum Op {
    Create { dir: FileId, name: String, how: CreateMode },
    Mkdir { dir: FileId, name: String },
    Symlink { dir: FileId, name: String, target: String },
    Link { file: FileId, dir: FileId, name: String },
    Remove { dir: FileId, name: String },
    Rmdir { dir: FileId, name: String },
    Rename { from: FileId, from_name: String, to: FileId, to_name: String },
    Write { file: FileId, offset: u64, len: u64, tag: u64 },
    SetAttr { file: FileId, attributes: SetAttr },
    Upload { path: String, len: u64, tag: u64, only_new: bool },
    Commit { file: FileId },
    SetLimits { limit_bytes: u64, limit_inodes: u64 },
    Read { file: FileId, offset: u64, count: u32 },
    Getattr { file: FileId },
    Lookup { dir: FileId, name: String },
    List { dir: FileId },
}

/// Names in a directory: few, so that operations meet.
const NAMES: u64 = 9;
/// Most inodes before removals are preferred.
const INODES_WANTED: u64 = 40;

fn name(dice: &Dice) -> String {
    format!("n{}", dice.below(NAMES))
}

/// A directory, sometimes one that is gone.
fn dir(tree: &Tree, handles: &[FileId], dice: &Dice) -> FileId {
    let dirs = tree.handles(|body| matches!(body, Body::Dir { .. }));
    if dice.chance(1, 40) { *dice.pick(handles) } else { *dice.pick(&dirs) }
}

/// A regular file, sometimes something else or something gone; `None` if there is none.
fn file(tree: &Tree, handles: &[FileId], dice: &Dice) -> Option<FileId> {
    let files = tree.handles(|body| matches!(body, Body::File(_)));
    if dice.chance(1, 40) {
        Some(*dice.pick(handles))
    } else {
        (!files.is_empty()).then(|| *dice.pick(&files))
    }
}

/// A name that is likely to be there.
fn present(tree: &Tree, dir: FileId, dice: &Dice) -> String {
    match tree.dir(dir) {
        Ok(entries) if !entries.is_empty() && !dice.chance(1, 10) => {
            let names: Vec<_> = entries.keys().cloned().collect();
            dice.pick(&names).clone()
        }
        _ => name(dice),
    }
}

/// Draws an operation on a volume; `handles` are all that were ever given out.
pub fn draw(tree: &Tree, handles: &[FileId], dice: &Dice) -> Op {
    let crowded = tree.used_inodes() > INODES_WANTED;
    match dice.below(100) {
        0..=11 if !crowded => draw_create(tree, handles, dice),
        12..=17 if !crowded => {
            let dir = dir(tree, handles, dice);
            Op::Mkdir { dir, name: name(dice) }
        }
        18..=20 => {
            let dir = dir(tree, handles, dice);
            Op::Symlink { dir, name: name(dice), target: format!("nowhere/{}", dice.below(1000)) }
        }
        21..=24 => match file(tree, handles, dice) {
            Some(file) => Op::Link { file, dir: dir(tree, handles, dice), name: name(dice) },
            None => draw_create(tree, handles, dice),
        },
        0..=17 | 25..=31 => {
            let dir = dir(tree, handles, dice);
            Op::Remove { dir, name: present(tree, dir, dice) }
        }
        32..=35 => {
            let dir = dir(tree, handles, dice);
            Op::Rmdir { dir, name: present(tree, dir, dice) }
        }
        36..=43 => {
            let (from, to) = (dir(tree, handles, dice), dir(tree, handles, dice));
            let to_name = if dice.chance(1, 2) { present(tree, to, dice) } else { name(dice) };
            Op::Rename { from, from_name: present(tree, from, dice), to, to_name }
        }
        44..=63 => draw_write(tree, handles, dice),
        64..=69 => draw_setattr(tree, handles, dice),
        70..=74 => draw_upload(tree, handles, dice),
        75 => Op::SetLimits {
            limit_bytes: tree.used_bytes + dice.magnitude(4 << 20),
            limit_inodes: tree.used_inodes() + dice.magnitude(60),
        },
        76..=79 => match file(tree, handles, dice) {
            Some(file) => Op::Commit { file },
            None => draw_create(tree, handles, dice),
        },
        80..=90 => draw_read(tree, handles, dice),
        91..=93 => Op::Getattr { file: *dice.pick(handles) },
        94..=96 => {
            let dir = dir(tree, handles, dice);
            Op::Lookup { dir, name: present(tree, dir, dice) }
        }
        _ => Op::List { dir: dir(tree, handles, dice) },
    }
}

fn draw_create(tree: &Tree, handles: &[FileId], dice: &Dice) -> Op {
    let attributes = SetAttr { mode: Some(0o644), ..SetAttr::default() };
    let how = match dice.below(3) {
        0 => CreateMode::Guarded(attributes),
        1 => CreateMode::Unchecked(attributes),
        _ => CreateMode::Unchecked(SetAttr { size: Some(0), ..attributes }),
    };
    Op::Create { dir: dir(tree, handles, dice), name: name(dice), how }
}

fn size_of(tree: &Tree, file: FileId) -> u64 {
    tree.file(file).map_or(0, |node| node.attr.size)
}

/// A length: mostly small, sometimes one that goes to a segment file at once.
fn length(dice: &Dice) -> u64 {
    if dice.chance(1, 5) { (64 << 10) + dice.magnitude(300 << 10) } else { dice.magnitude(12 << 10) }
}

fn draw_write(tree: &Tree, handles: &[FileId], dice: &Dice) -> Op {
    let Some(file) = file(tree, handles, dice) else { return draw_create(tree, handles, dice) };
    let size = size_of(tree, file);
    let offset = match dice.below(12) {
        0..=3 => 0,
        4..=6 => size,
        7..=9 => dice.below(size + 1),
        10 => size + dice.below(200 << 10),
        // Across the end of the first extent page.
        _ => (8 << 20) - dice.below(9 << 10),
    };
    Op::Write { file, offset, len: length(dice), tag: dice.below(u64::MAX) }
}

fn draw_setattr(tree: &Tree, handles: &[FileId], dice: &Dice) -> Op {
    let Some(file) = file(tree, handles, dice) else { return draw_create(tree, handles, dice) };
    let size = size_of(tree, file);
    let attributes = match dice.below(4) {
        0 => SetAttr { mode: Some(dice.below(0o1000) as u32), ..SetAttr::default() },
        1 => SetAttr { size: Some(0), ..SetAttr::default() },
        2 => SetAttr { size: Some(dice.below(size + 1)), ..SetAttr::default() },
        _ => SetAttr { size: Some(size + dice.below(100 << 10)), ..SetAttr::default() },
    };
    Op::SetAttr { file, attributes }
}

fn draw_upload(tree: &Tree, handles: &[FileId], dice: &Dice) -> Op {
    let dir = dir(tree, handles, dice);
    let name = if dice.chance(1, 2) { present(tree, dir, dice) } else { name(dice) };
    let parent = tree.path_of(dir.ino);
    let path = if parent.is_empty() { name } else { format!("{parent}/{name}") };
    let len = if dice.chance(1, 12) { 1 << 20 } else { 0 } + length(dice);
    Op::Upload { path, len, tag: dice.below(u64::MAX), only_new: dice.chance(1, 6) }
}

fn draw_read(tree: &Tree, handles: &[FileId], dice: &Dice) -> Op {
    let Some(file) = file(tree, handles, dice) else { return draw_create(tree, handles, dice) };
    let offset = dice.below(size_of(tree, file) + 1);
    Op::Read { file, offset, count: dice.magnitude(1 << 20) as u32 }
}
