//! LOOKUP.

use holdfast_base::limits;

use crate::error::{Error, Result};
use crate::types::{Attr, Caller};
use crate::volume::tx::{Step, Tx, may, require};
use crate::volume::{FileId, Volume};

impl Volume {
    /// What `name` in `dir` is, and the directory. `.` and `..` work; the root's `..` is the root.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotDirectory`], [`Error::NameTooLong`], [`Error::AccessDenied`] without
    /// search permission, [`Error::Stale`].
    pub async fn lookup(&self, caller: &Caller, dir: FileId, name: &[u8]) -> Result<(Attr, Attr)> {
        self.read_op(|tx| lookup(tx, caller, dir, name)).await
    }
}

fn lookup(tx: &mut Tx<'_>, caller: &Caller, dir: FileId, name: &[u8]) -> Step<(Attr, Attr)> {
    let dir = tx.dir(dir)?;
    require(&dir, caller, may::EXECUTE)?;
    if name.len() > limits::NAME_MAX_BYTES {
        return Err(Error::NameTooLong.into());
    }
    let ino = match name {
        b"." => dir.attr.ino,
        b".." => dir.parent,
        _ => tx.find(dir.attr.ino, name)?.ok_or(Error::NotFound)?,
    };
    Ok((tx.inode(ino)?.attr, dir.attr))
}
