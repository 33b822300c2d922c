//! Operations by path, for front ends without handles. A path is resolved and used in one step under the lock.
//!
//! Paths are bytes, relative to the root whether or not they begin with `/`. Symbolic links are followed inside
//! the volume: an absolute target starts at the root, and `..` never leads above it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::limits;

use crate::durable::Pending;
use crate::error::{Error, Result};
use crate::format::inode::Inode;
use crate::types::{Attr, Caller, Entry, FileKind, ROOT_INO, SetAttr};
use crate::volume::tx::{Step, Tx, may, require};
use crate::volume::{FileId, Volume};

impl Volume {
    /// The attributes of what is at `path`; `follow` says whether a link at its end is followed. With them comes
    /// the target if it is a link itself.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotDirectory`], [`Error::TooManySymlinks`], [`Error::AccessDenied`].
    pub async fn stat_path(&self, caller: &Caller, path: &[u8], follow: bool) -> Result<(Attr, Bytes)> {
        self.read_op(|tx| {
            let inode = resolve(tx, caller, path, follow)?;
            Ok((inode.attr, inode.target.clone()))
        })
        .await
    }

    /// Makes a directory at `path` if there is nothing, or finds it; its parent must exist. Says whether it was
    /// made.
    ///
    /// # Errors
    /// [`Error::Exists`] for what is no directory, and those of [`Volume::mkdir`].
    pub async fn ensure_dir(
        &self,
        caller: &Caller,
        path: &[u8],
        attributes: SetAttr,
    ) -> Result<(Attr, bool)> {
        match self.stat_path(caller, path, true).await {
            Ok((attr, _)) if attr.kind == FileKind::Directory => return Ok((attr, false)),
            Ok(_) => return Err(Error::Exists),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
        let (parent, name) = split_last(path)?;
        let dir = self.stat_path(caller, &parent, true).await?.0;
        let made: Result<Pending<Entry>> = self.mkdir(caller, dir.id(), &name, attributes).await;
        match made {
            Ok(made) => Ok((made.durable().await?.into_inner().attr, true)),
            // Somebody else made it meanwhile.
            Err(Error::Exists) => match self.stat_path(caller, path, true).await?.0 {
                attr if attr.kind == FileKind::Directory => Ok((attr, false)),
                _ => Err(Error::Exists),
            },
            Err(error) => Err(error),
        }
    }

    /// Removes what is at `path`, a link itself and not its target; a directory with all that is in it if
    /// `recursive`. A tree goes entry by entry: others may see it half gone.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotEmpty`], [`Error::Invalid`] for the root, and those of [`Volume::remove`].
    pub async fn remove_path(&self, caller: &Caller, path: &[u8], recursive: bool) -> Result<()> {
        let (parent, name) = split_last(path)?;
        let dir = self.stat_path(caller, &parent, true).await?.0;
        let (entry, _) = self.lookup(caller, dir.id(), &name).await?;
        if entry.kind != FileKind::Directory {
            self.remove(caller, dir.id(), &name).await?.durable().await?;
            return Ok(());
        }
        if recursive {
            self.empty_tree(caller, entry.id()).await?;
        }
        self.rmdir(caller, dir.id(), &name).await?.durable().await?;
        Ok(())
    }

    /// Removes everything below a directory, depth first, without recursion: trees may be deep.
    async fn empty_tree(&self, caller: &Caller, top: FileId) -> Result<()> {
        const AT_ONCE: usize = 512;
        // Directories on the way down: each with its parent and name, to be removed once empty.
        let mut stack: Vec<(FileId, Option<(FileId, Bytes)>)> = vec![(top, None)];
        while let Some((dir, place)) = stack.last().cloned() {
            let listing = match self.list(caller, dir, 0, AT_ONCE, true).await {
                // Gone already: another client removes the same tree.
                Err(Error::Stale) => {
                    stack.pop();
                    continue;
                }
                other => other?,
            };
            let mut descended = false;
            for entry in &listing.entries {
                let Some(attr) = entry.attr else { continue };
                if entry.kind == FileKind::Directory {
                    stack.push((attr.id(), Some((dir, entry.name.clone()))));
                    descended = true;
                    break;
                }
                ignore_gone(self.remove(caller, dir, &entry.name).await.map(Pending::unsynced))?;
            }
            if descended || !listing.entries.is_empty() {
                continue;
            }
            stack.pop();
            if let Some((parent, name)) = place {
                match self.rmdir(caller, parent, &name).await.map(Pending::unsynced) {
                    // Somebody put something in: its own turn comes when the parent is listed again.
                    Err(Error::NotEmpty) => {}
                    other => ignore_gone(other)?,
                }
            }
        }
        Ok(())
    }
}

impl Attr {
    /// The handle of this inode.
    pub fn id(&self) -> FileId {
        FileId { ino: self.ino, generation: self.generation }
    }
}

fn ignore_gone<T>(removed: Result<T>) -> Result<()> {
    match removed {
        Ok(_) | Err(Error::NotFound | Error::Stale) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The components of a path that mean something.
fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".")
}

/// The path of the parent, and the last name.
///
/// # Errors
/// [`Error::Invalid`] for the root itself.
pub(crate) fn split_last(path: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let parts: Vec<_> = components(path).collect();
    let (last, front) = parts.split_last().ok_or(Error::Invalid("the root cannot be used here"))?;
    Ok((front.join(&b'/'), last.to_vec()))
}

/// The inode at a path.
pub(crate) fn resolve(tx: &mut Tx<'_>, caller: &Caller, path: &[u8], follow: bool) -> Step<Arc<Inode>> {
    if path.len() > limits::PATH_MAX_BYTES {
        return Err(Error::NameTooLong.into());
    }
    let mut todo: VecDeque<Vec<u8>> = components(path).map(<[u8]>::to_vec).collect();
    let mut at = tx.inode(ROOT_INO)?;
    let mut links = 0;
    while let Some(name) = todo.pop_front() {
        if !at.is_dir() {
            return Err(Error::NotDirectory.into());
        }
        require(&at, caller, may::EXECUTE)?;
        if name.len() > limits::NAME_MAX_BYTES {
            return Err(Error::NameTooLong.into());
        }
        if name == b".." {
            at = tx.inode(at.parent)?;
            continue;
        }
        let next = tx.inode(tx.find(at.attr.ino, &name)?.ok_or(Error::NotFound)?)?;
        let is_link = next.attr.kind == FileKind::Symlink;
        if !is_link || (todo.is_empty() && !follow) {
            at = next;
            continue;
        }
        links += 1;
        if links > limits::SYMLINK_DEPTH_MAX {
            return Err(Error::TooManySymlinks.into());
        }
        if next.target.starts_with(b"/") {
            at = tx.inode(ROOT_INO)?;
        }
        for part in components(&next.target).rev() {
            todo.push_front(part.to_vec());
        }
    }
    Ok(at)
}
