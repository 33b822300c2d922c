//! An attachment of one directory ends at that directory.
//!
//! Names lead down only, but for `..`: the root's `..` is the root, and every other one is given out after a walk up
//! to the root. A directory that was moved out of the part by others has no `..`. Who has a handle of what was moved
//! out keeps it, as a process keeps an open file.

use holdfast_base::limits::ATTACHMENT_DEPTH_MAX;
use holdfast_engine::{Attr, Caller, Error, FileId, Volume};

use crate::session::Target;

impl Target<'_> {
    /// What `name` in this directory is, and the directory, as [`Volume::lookup`] finds it within the mount.
    pub async fn lookup(&self, caller: &Caller, name: &[u8]) -> Result<(Attr, Attr), Error> {
        let Some(root) = self.confined_to().filter(|_| name == b"..") else {
            return self.volume.lookup(caller, self.file, name).await;
        };
        if self.file == root {
            return self.volume.lookup(caller, self.file, b".").await;
        }
        let (parent, dir) = self.volume.lookup(caller, self.file, b"..").await?;
        if is_within(&self.volume, &parent, root).await? { Ok((parent, dir)) } else { Err(Error::NotFound) }
    }

    /// The file number of `..` in this directory, which the engine says is `parent`.
    pub async fn parent_ino(&self, dir: &Attr, parent: u64) -> Result<u64, Error> {
        if self.confined_to().is_none() {
            return Ok(parent);
        }
        match self.lookup(&Caller::root(), b"..").await {
            Ok((parent, _)) => Ok(parent.ino),
            Err(Error::NotFound) => Ok(dir.ino),
            Err(error) => Err(error),
        }
    }
}

/// Whether a directory is `root` or below it.
async fn is_within(volume: &Volume, dir: &Attr, root: FileId) -> Result<bool, Error> {
    let mut at = dir.id();
    for _ in 0..ATTACHMENT_DEPTH_MAX {
        if at == root {
            return Ok(true);
        }
        if at.ino == Volume::ROOT {
            return Ok(false);
        }
        at = volume.lookup(&Caller::root(), at, b"..").await?.0.id();
    }
    Ok(false)
}
