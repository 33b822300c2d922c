//! LINK.

use std::sync::Arc;

use holdfast_base::limits;

use super::{add_entry, wcc};
use crate::durable::Pending;
use crate::error::{Error, Result};
use crate::format::record::Change;
use crate::types::{Caller, Linked};
use crate::volume::tx::{Step, Tx, check_new_name, may, require};
use crate::volume::{FileId, Volume};

impl Volume {
    /// A further name for a file.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::NotPermitted`] for a directory, [`Error::TooManyLinks`], and those of every
    /// operation that adds an entry.
    pub async fn link(
        &self,
        caller: &Caller,
        file: FileId,
        dir: FileId,
        name: &[u8],
    ) -> Result<Pending<Linked>> {
        self.write_op(|tx| link(tx, caller, file, dir, name)).await
    }
}

fn link(tx: &mut Tx<'_>, caller: &Caller, file: FileId, dir: FileId, name: &[u8]) -> Step<Linked> {
    let inode = tx.file(file)?;
    let dir = tx.dir(dir)?;
    require(&dir, caller, may::EXECUTE)?;
    if matches!(name, b"." | b"..") {
        return Err(Error::Exists.into());
    }
    check_new_name(name)?;
    if tx.find(dir.attr.ino, name)?.is_some() {
        return Err(Error::Exists.into());
    }
    if inode.is_dir() {
        return Err(Error::NotPermitted.into());
    }
    require(&dir, caller, may::WRITE)?;
    if inode.attr.nlink >= limits::LINK_MAX {
        return Err(Error::TooManyLinks.into());
    }
    let (entry, parent) = add_entry(tx, &dir, name, &inode)?;
    let mut next = (*inode).clone();
    next.attr.nlink += 1;
    next.attr.ctime = tx.change_time(&inode);
    let answer = Linked { attr: next.attr, dir: wcc(&dir, &parent) };
    let counters = tx.counters();
    tx.commit(vec![entry, Change::Inode(Arc::new(parent)), Change::Inode(Arc::new(next))], counters)?;
    Ok(answer)
}
