//! REMOVE and RMDIR.

use std::sync::Arc;

use super::{drop_entry, unlinked, wcc};
use crate::durable::Pending;
use crate::error::{Error, Result};
use crate::format::inode::Inode;
use crate::format::record::Change;
use crate::types::{Caller, Wcc};
use crate::volume::tx::{Step, Tx, check_new_name, check_sticky, may, require};
use crate::volume::{FileId, Volume};

impl Volume {
    /// Removes the name of anything but a directory; the file goes with its last name.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::IsDirectory`], [`Error::AccessDenied`], [`Error::NotPermitted`] (sticky
    /// directory), [`Error::Stale`].
    pub async fn remove(&self, caller: &Caller, dir: FileId, name: &[u8]) -> Result<Pending<Wcc>> {
        self.write_op(|tx| remove(tx, caller, dir, name)).await
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotDirectory`], [`Error::NotEmpty`], [`Error::Invalid`] for `.`, and those
    /// of [`Volume::remove`].
    pub async fn rmdir(&self, caller: &Caller, dir: FileId, name: &[u8]) -> Result<Pending<Wcc>> {
        self.write_op(|tx| rmdir(tx, caller, dir, name)).await
    }
}

fn find(tx: &Tx<'_>, caller: &Caller, dir: FileId, name: &[u8]) -> Step<(Arc<Inode>, Arc<Inode>)> {
    let dir = tx.dir(dir)?;
    require(&dir, caller, may::EXECUTE)?;
    check_new_name(name)?;
    let ino = tx.find(dir.attr.ino, name)?.ok_or(Error::NotFound)?;
    let inode = tx.inode(ino)?;
    require(&dir, caller, may::WRITE)?;
    check_sticky(&dir, &inode, caller)?;
    Ok((dir, inode))
}

fn remove(tx: &mut Tx<'_>, caller: &Caller, dir: FileId, name: &[u8]) -> Step<Wcc> {
    if matches!(name, b"." | b"..") {
        return Err(Error::IsDirectory.into());
    }
    let (dir, inode) = find(tx, caller, dir, name)?;
    if inode.is_dir() {
        return Err(Error::IsDirectory.into());
    }
    let mut counters = tx.counters();
    let (entry, parent) = drop_entry(tx, &dir, name)?;
    let gone = unlinked(tx, &inode, &mut counters);
    let answer = wcc(&dir, &parent);
    tx.commit(vec![entry, Change::Inode(Arc::new(parent)), gone], counters)?;
    Ok(answer)
}

fn rmdir(tx: &mut Tx<'_>, caller: &Caller, dir: FileId, name: &[u8]) -> Step<Wcc> {
    match name {
        b"." => return Err(Error::Invalid("a directory cannot be removed through its own `.`").into()),
        b".." => return Err(Error::NotEmpty.into()),
        _ => {}
    }
    let (dir, inode) = find(tx, caller, dir, name)?;
    if !inode.is_dir() {
        return Err(Error::NotDirectory.into());
    }
    if inode.entries > 0 {
        return Err(Error::NotEmpty.into());
    }
    let mut counters = tx.counters();
    let (entry, mut parent) = drop_entry(tx, &dir, name)?;
    parent.attr.nlink = parent.attr.nlink.saturating_sub(1);
    let gone = unlinked(tx, &inode, &mut counters);
    let answer = wcc(&dir, &parent);
    tx.commit(vec![entry, Change::Inode(Arc::new(parent)), gone], counters)?;
    Ok(answer)
}
