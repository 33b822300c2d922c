//! RENAME.

use std::sync::Arc;

use holdfast_base::limits;

use super::{add_entry, dir_size, drop_entry, is_above, touched_dir, unlinked, wcc};
use crate::durable::Pending;
use crate::error::{Error, Result};
use crate::format::inode::Inode;
use crate::format::record::Change;
use crate::types::{Caller, Ino, Renamed};
use crate::volume::tx::{Step, Tx, check_new_name, check_sticky, may, require};
use crate::volume::{FileId, Volume};

impl Volume {
    /// Moves an entry, replacing what has the new name, in one step.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotDirectory`] and [`Error::IsDirectory`] where the kinds do not fit,
    /// [`Error::NotEmpty`], [`Error::Invalid`] for a directory into itself and for `.` and `..`,
    /// [`Error::AccessDenied`], [`Error::NotPermitted`] (sticky directory), [`Error::Stale`].
    pub async fn rename(
        &self,
        caller: &Caller,
        from_dir: FileId,
        from_name: &[u8],
        to_dir: FileId,
        to_name: &[u8],
    ) -> Result<Pending<Renamed>> {
        self.write_op(|tx| {
            let from = tx.dir(from_dir)?;
            let to = tx.dir(to_dir)?;
            rename(tx, caller, Side { dir: from, name: from_name }, Side { dir: to, name: to_name })
        })
        .await
    }
}

struct Side<'a> {
    dir: Arc<Inode>,
    name: &'a [u8],
}

impl Side<'_> {
    fn ino(&self) -> Ino {
        self.dir.attr.ino
    }
}

fn rename(tx: &mut Tx<'_>, caller: &Caller, from: Side<'_>, to: Side<'_>) -> Step<Renamed> {
    if [from.name, to.name].iter().any(|name| matches!(*name, b"." | b"..")) {
        return Err(Error::Invalid("`.` and `..` cannot be renamed").into());
    }
    require(&from.dir, caller, may::EXECUTE)?;
    require(&to.dir, caller, may::EXECUTE)?;
    check_new_name(from.name)?;
    check_new_name(to.name)?;
    let moved = tx.inode(tx.find(from.ino(), from.name)?.ok_or(Error::NotFound)?)?;
    let replaced = tx.find(to.ino(), to.name)?.map(|ino| tx.inode(ino)).transpose()?;
    if replaced.as_ref().is_some_and(|replaced| replaced.attr.ino == moved.attr.ino) {
        // Two names of one file: POSIX says nothing happens.
        return Ok(Renamed { from_dir: wcc(&from.dir, &from.dir), to_dir: wcc(&to.dir, &to.dir) });
    }
    check_allowed(tx, caller, &from, &to, &moved, replaced.as_deref())?;
    commit(tx, &from, &to, &moved, replaced.as_deref())
}

fn check_allowed(
    tx: &Tx<'_>,
    caller: &Caller,
    from: &Side<'_>,
    to: &Side<'_>,
    moved: &Inode,
    replaced: Option<&Inode>,
) -> Step<()> {
    require(&from.dir, caller, may::WRITE)?;
    require(&to.dir, caller, may::WRITE)?;
    check_sticky(&from.dir, moved, caller)?;
    let changes_parent = from.ino() != to.ino();
    if moved.is_dir() {
        if is_above(tx, moved.attr.ino, &to.dir)? {
            return Err(Error::Invalid("a directory cannot move into itself").into());
        }
        if changes_parent {
            // Its `..` changes.
            require(moved, caller, may::WRITE)?;
            if replaced.is_none() && to.dir.attr.nlink >= limits::LINK_MAX {
                return Err(Error::TooManyLinks.into());
            }
        }
    }
    if let Some(replaced) = replaced {
        check_sticky(&to.dir, replaced, caller)?;
        match (moved.is_dir(), replaced.is_dir()) {
            (true, false) => return Err(Error::NotDirectory.into()),
            (false, true) => return Err(Error::IsDirectory.into()),
            _ if replaced.is_dir() && replaced.entries > 0 => return Err(Error::NotEmpty.into()),
            _ => {}
        }
    }
    Ok(())
}

fn commit(
    tx: &mut Tx<'_>,
    from: &Side<'_>,
    to: &Side<'_>,
    moved: &Inode,
    replaced: Option<&Inode>,
) -> Step<Renamed> {
    let mut counters = tx.counters();
    let mut changes = Vec::with_capacity(6);
    let (mut from_after, mut to_after);
    if from.ino() == to.ino() {
        from_after = move_within(tx, from, to, moved, &mut changes)?;
        if replaced.is_some() {
            from_after.entries -= 1;
            from_after.attr.size = dir_size(from_after.entries);
        }
        if replaced.is_some_and(Inode::is_dir) {
            from_after.attr.nlink -= 1;
        }
        to_after = from_after.clone();
        changes.push(Change::Inode(Arc::new(from_after.clone())));
    } else {
        let (dropped, after) = drop_entry(tx, &from.dir, from.name)?;
        from_after = after;
        let (added, after) = add_entry(tx, &to.dir, to.name, moved)?;
        to_after = after;
        if moved.is_dir() {
            from_after.attr.nlink -= 1;
            if replaced.is_none() {
                to_after.attr.nlink += 1;
            }
        }
        changes.extend([dropped, added]);
        changes.push(Change::Inode(Arc::new(from_after.clone())));
        changes.push(Change::Inode(Arc::new(to_after.clone())));
    }
    let mut next = moved.clone();
    next.attr.ctime = tx.change_time(moved);
    if moved.is_dir() {
        next.parent = to.ino();
    }
    changes.push(Change::Inode(Arc::new(next)));
    if let Some(replaced) = replaced {
        changes.push(unlinked(tx, replaced, &mut counters));
    }
    tx.commit(changes, counters)?;
    Ok(Renamed { from_dir: wcc(&from.dir, &from_after), to_dir: wcc(&to.dir, &to_after) })
}

/// Both names are in one directory, and perhaps in one row: the row must see both changes.
fn move_within(
    tx: &Tx<'_>,
    from: &Side<'_>,
    to: &Side<'_>,
    moved: &Inode,
    changes: &mut Vec<Change>,
) -> Step<Inode> {
    let dir = from.ino();
    let (from_hash, to_hash) = (tx.hash(from.name), tx.hash(to.name));
    let full = || Error::Unavailable("too many names with one hash in this directory".into());
    let (ino, kind) = (moved.attr.ino, moved.attr.kind);
    if from_hash == to_hash {
        let row = tx.row(dir, from_hash)?.without(from.name).unwrap_or_default();
        let row = row.with(to.name, ino, kind).ok_or_else(full)?;
        changes.push(Change::Entry { dir, hash: from_hash, bucket: Some(Arc::new(row)) });
    } else {
        let without = tx.row(dir, from_hash)?.without(from.name).map(Arc::new);
        let with = tx.row(dir, to_hash)?.with(to.name, ino, kind).ok_or_else(full)?;
        changes.push(Change::Entry { dir, hash: from_hash, bucket: without });
        changes.push(Change::Entry { dir, hash: to_hash, bucket: Some(Arc::new(with)) });
    }
    Ok(touched_dir(tx, &from.dir))
}
