//! The operations, one file each. What they share stands here.

mod access;
mod create;
mod data;
mod getattr;
mod link;
mod list;
mod lookup;
pub(crate) mod paths;
mod readlink;
mod remove;
mod rename;
mod setattr;

use std::sync::Arc;

use crate::error::Error;
use crate::format::inode::Inode;
use crate::format::meta::Counters;
use crate::format::record::Change;
use crate::types::{Ino, PreAttr, Wcc};

use super::tx::{Step, Tx};

pub(crate) use data::split;

/// A directory after an entry came or went.
fn touched_dir(tx: &Tx<'_>, dir: &Inode) -> Inode {
    let mut next = dir.clone();
    let time = tx.change_time(dir);
    next.attr.mtime = time;
    next.attr.ctime = time;
    next
}

/// Before and after of an inode.
pub(crate) fn wcc(before: &Inode, after: &Inode) -> Wcc {
    Wcc { before: PreAttr::from(&before.attr), after: after.attr }
}

/// The size a directory shows: enough to differ when entries come and go, as local filesystems do.
fn dir_size(entries: u64) -> u64 {
    4096 + entries * 32
}

/// Puts `name` -> `ino` into a directory: the changed row, and the directory with its new times.
pub(crate) fn add_entry(tx: &Tx<'_>, dir: &Inode, name: &[u8], inode: &Inode) -> Step<(Change, Inode)> {
    let hash = tx.hash(name);
    let row = tx.row(dir.attr.ino, hash)?;
    let is_new = row.find(name).is_none();
    let bucket = row
        .with(name, inode.attr.ino, inode.attr.kind)
        .ok_or(Error::Unavailable("too many names with one hash in this directory".into()))?;
    let mut next = touched_dir(tx, dir);
    if is_new {
        next.entries += 1;
        next.attr.size = dir_size(next.entries);
    }
    Ok((Change::Entry { dir: dir.attr.ino, hash, bucket: Some(Arc::new(bucket)) }, next))
}

/// Takes `name` out of a directory: the changed row, and the directory with its new times.
fn drop_entry(tx: &Tx<'_>, dir: &Inode, name: &[u8]) -> Step<(Change, Inode)> {
    let hash = tx.hash(name);
    let bucket = tx.row(dir.attr.ino, hash)?.without(name).map(Arc::new);
    let mut next = touched_dir(tx, dir);
    next.entries = next.entries.saturating_sub(1);
    next.attr.size = dir_size(next.entries);
    Ok((Change::Entry { dir: dir.attr.ino, hash, bucket }, next))
}

/// One link less: the inode with the rest, or gone with all that it used.
fn unlinked(tx: &Tx<'_>, inode: &Inode, counters: &mut Counters) -> Change {
    if inode.attr.nlink > 1 && !inode.is_dir() {
        let mut next = inode.clone();
        next.attr.nlink -= 1;
        next.attr.ctime = tx.change_time(inode);
        return Change::Inode(Arc::new(next));
    }
    counters.used_inodes = counters.used_inodes.saturating_sub(1);
    counters.used_bytes = counters.used_bytes.saturating_sub(inode.attr.used);
    Change::InodeGone(inode.attr.ino)
}

/// Counts a new inode, or refuses it.
pub(crate) fn count_inode(counters: &mut Counters) -> Result<(), Error> {
    if counters.used_inodes >= counters.limit_inodes {
        return Err(Error::QuotaExceeded {
            used: counters.used_inodes,
            limit: counters.limit_inodes,
            unit: "inodes",
        });
    }
    counters.used_inodes += 1;
    counters.next_ino += 1;
    Ok(())
}

/// Counts bytes that a file gains over what it gives back, or refuses them.
pub(crate) fn count_bytes(counters: &mut Counters, gained: u64, given_back: u64) -> Result<(), Error> {
    let used = counters.used_bytes.saturating_sub(given_back) + gained;
    if gained > given_back && used > counters.limit_bytes {
        return Err(Error::QuotaExceeded {
            used: counters.used_bytes,
            limit: counters.limit_bytes,
            unit: "bytes",
        });
    }
    counters.used_bytes = used;
    Ok(())
}

/// Whether `ancestor` is `dir` or above it.
fn is_above(tx: &Tx<'_>, ancestor: Ino, dir: &Inode) -> Step<bool> {
    let mut at = dir.attr.ino;
    let mut parent = dir.parent;
    loop {
        if at == ancestor {
            return Ok(true);
        }
        if at == crate::types::ROOT_INO {
            return Ok(false);
        }
        let above = tx.inode(parent)?;
        (at, parent) = (above.attr.ino, above.parent);
    }
}
