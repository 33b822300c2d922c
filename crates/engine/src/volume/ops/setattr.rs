//! SETATTR: mode, owner, size and times, by POSIX's rules for chmod, chown, truncate and utimes.

use std::sync::Arc;

use holdfast_base::{Timestamp, limits};

use super::{count_bytes, wcc};
use crate::durable::Pending;
use crate::error::{Error, Result};
use crate::format::extent::{in_page, page_of};
use crate::format::inode::Inode;
use crate::format::record::Change;
use crate::types::{Caller, FileKind, SetAttr, SetTime, Wcc};
use crate::volume::load::Need;
use crate::volume::tx::{Step, Tx, may, permits};
use crate::volume::{FileId, Volume};

impl Volume {
    /// Sets attributes; with `guard`, only if the file's ctime still is that.
    ///
    /// # Errors
    /// [`Error::NotSync`] (guard), [`Error::NotPermitted`], [`Error::AccessDenied`], [`Error::IsDirectory`] or
    /// [`Error::Invalid`] for the size of what is no regular file, [`Error::FileTooLarge`], [`Error::Stale`].
    pub async fn setattr(
        &self,
        caller: &Caller,
        file: FileId,
        attributes: SetAttr,
        guard: Option<Timestamp>,
    ) -> Result<Pending<Wcc>> {
        self.write_op(|tx| {
            let inode = tx.file(file)?;
            if guard.is_some_and(|ctime| ctime != inode.attr.ctime) {
                return Err(Error::NotSync.into());
            }
            set_attributes(tx, caller, &inode, &attributes)
        })
        .await
    }
}

/// Sets attributes of an inode within an operation, in a record of its own.
pub(super) fn set_attributes(
    tx: &mut Tx<'_>,
    caller: &Caller,
    inode: &Arc<Inode>,
    attributes: &SetAttr,
) -> Step<Wcc> {
    let mut next = Inode::clone(inode);
    next.verifier = None;
    let mut counters = tx.counters();
    let mut changes = Vec::new();
    let setting = Setting::new(tx, caller, inode);
    setting.set_owner(attributes, &mut next)?;
    setting.set_mode(attributes, &mut next)?;
    setting.set_times(attributes, &mut next)?;
    if let Some(size) = attributes.size {
        setting.may_resize()?;
        let freed = resize(tx, inode, size, &mut changes)?;
        count_bytes(&mut counters, 0, freed)?;
        next.attr.used -= freed.min(next.attr.used);
        next.attr.size = size;
        if attributes.mtime == SetTime::Keep {
            next.attr.mtime = tx.now();
        }
        if !caller.is_root() {
            clear_set_ids(&mut next);
        }
    }
    next.attr.ctime = tx.change_time(inode);
    let answer = wcc(inode, &next);
    changes.push(Change::Inode(Arc::new(next)));
    tx.commit(changes, counters)?;
    Ok(answer)
}

/// A write or a truncation by an ordinary user takes setuid away, and setgid from what the group may execute.
pub(super) fn clear_set_ids(inode: &mut Inode) {
    inode.attr.mode &= !0o4000;
    if inode.attr.mode & 0o010 != 0 {
        inode.attr.mode &= !0o2000;
    }
}

/// Cuts the data behind `size`; says how many bytes that frees.
fn resize(tx: &Tx<'_>, inode: &Inode, size: u64, changes: &mut Vec<Change>) -> Step<u64> {
    if size > limits::FILE_SIZE_MAX_BYTES {
        return Err(Error::FileTooLarge.into());
    }
    if size >= inode.attr.size || inode.attr.used == 0 {
        return Ok(0);
    }
    changes.push(Change::Cut { ino: inode.attr.ino, from: size });
    if size == 0 {
        return Ok(inode.attr.used);
    }
    let (first, within) = (page_of(size), in_page(size));
    let mut freed = tx.page(inode.attr.ino, first)?.map_or(0, |page| page.covered(within, u32::MAX));
    for page in pages_from(tx, inode, first + 1)? {
        freed += page;
    }
    Ok(freed)
}

/// The used bytes of each page of a file from `from` on.
fn pages_from(tx: &Tx<'_>, inode: &Inode, from: u64) -> Step<Vec<u64>> {
    /// Up to here pages are looked up one by one; a sparse file of exabytes has too many numbers for that.
    const LOOKED_UP_MAX: u64 = 64;
    let ino = inode.attr.ino;
    let last = page_of(inode.attr.size.saturating_sub(1));
    if last < from {
        return Ok(Vec::new());
    }
    if last - from < LOOKED_UP_MAX {
        let pages =
            (from..=last).map(|page| Ok(tx.page(ino, page)?.map_or(0, |page| page.covered(0, u32::MAX))));
        return pages.collect();
    }
    let state = tx.state();
    let mut numbers = std::collections::BTreeSet::new();
    for layer in std::iter::once(&state.active).chain(state.frozen.as_deref()) {
        numbers.extend(layer.pages.range((ino, from)..=(ino, u64::MAX)).map(|((_, page), _)| *page));
    }
    let mut in_index = std::collections::HashMap::new();
    if ino < state.indexed_next_ino {
        match &tx.loaded().page_run {
            Some((of, start, rows)) if *of == ino && *start <= from => {
                in_index.extend(rows.iter().filter(|(page, _)| *page >= from).cloned());
            }
            _ => return Err(Need::Pages { ino, from }.into()),
        }
    }
    numbers.extend(in_index.keys().copied());
    let used = |page: u64| {
        let row = match state.page(ino, page, tx.loaded()) {
            Ok(row) => row,
            Err(_) => in_index.get(&page).cloned(),
        };
        row.map_or(0, |row| row.covered(0, u32::MAX))
    };
    Ok(numbers.into_iter().map(used).collect())
}

/// The rules for one caller and one inode as it was before the operation.
pub(super) struct Setting<'a> {
    caller: &'a Caller,
    before: Inode,
    now: Timestamp,
}

impl<'a> Setting<'a> {
    pub(super) fn new(tx: &Tx<'_>, caller: &'a Caller, before: &Inode) -> Self {
        Self { caller, before: before.clone(), now: tx.now() }
    }

    /// Owner, group, times and size of an inode that is being made.
    pub(super) fn apply_to_new(&mut self, attributes: &SetAttr, next: &mut Inode) -> Step<()> {
        self.set_owner(attributes, next)?;
        self.set_times(attributes, next)?;
        if let Some(size) = attributes.size
            && next.attr.kind == FileKind::Regular
        {
            if size > limits::FILE_SIZE_MAX_BYTES {
                return Err(Error::FileTooLarge.into());
            }
            next.attr.size = size;
        }
        Ok(())
    }

    fn is_owner(&self) -> bool {
        self.caller.is_root() || self.caller.uid == self.before.attr.uid
    }

    fn set_owner(&self, attributes: &SetAttr, next: &mut Inode) -> Step<()> {
        if attributes.uid.is_none() && attributes.gid.is_none() {
            return Ok(());
        }
        let attr = &self.before.attr;
        let uid = attributes.uid.unwrap_or(attr.uid);
        let gid = attributes.gid.unwrap_or(attr.gid);
        let gives_away = uid != attr.uid;
        let foreign_group = gid != attr.gid && !(self.is_owner() && self.caller.in_group(gid));
        if !self.caller.is_root() && (gives_away || foreign_group || !self.is_owner()) {
            return Err(Error::NotPermitted.into());
        }
        (next.attr.uid, next.attr.gid) = (uid, gid);
        if !self.before.is_dir() {
            clear_set_ids(next);
        }
        Ok(())
    }

    fn set_mode(&self, attributes: &SetAttr, next: &mut Inode) -> Step<()> {
        let Some(mode) = attributes.mode else { return Ok(()) };
        if !self.is_owner() {
            return Err(Error::NotPermitted.into());
        }
        let mut mode = mode & 0o7777;
        if !self.caller.is_root() && !self.caller.in_group(next.attr.gid) {
            mode &= !0o2000;
        }
        next.attr.mode = mode;
        Ok(())
    }

    fn set_times(&self, attributes: &SetAttr, next: &mut Inode) -> Step<()> {
        for (wanted, time) in
            [(attributes.atime, &mut next.attr.atime), (attributes.mtime, &mut next.attr.mtime)]
        {
            match wanted {
                SetTime::Keep => {}
                // The owner may set any time; who may write may only say now.
                SetTime::To(at) if self.is_owner() => *time = at,
                SetTime::To(_) => return Err(Error::NotPermitted.into()),
                SetTime::ServerNow => {
                    if !self.is_owner() && !permits(&self.before, self.caller, may::WRITE) {
                        return Err(Error::AccessDenied.into());
                    }
                    *time = self.now;
                }
            }
        }
        Ok(())
    }

    fn may_resize(&self) -> Step<()> {
        match self.before.attr.kind {
            FileKind::Regular => {}
            FileKind::Directory => return Err(Error::IsDirectory.into()),
            _ => return Err(Error::Invalid("only regular files have a size to set").into()),
        }
        // An NFS client asks for ftruncate with the same call: the owner's open file may be read-only by now.
        if self.is_owner() || permits(&self.before, self.caller, may::WRITE) {
            Ok(())
        } else {
            Err(Error::AccessDenied.into())
        }
    }
}
