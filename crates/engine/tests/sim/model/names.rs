//! Operations on names: CREATE, MKDIR, SYMLINK, LINK, REMOVE, RMDIR, RENAME.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_engine::{Attr, CreateMode, FileId, FileKind, Ino};

use super::{Body, Node, Outcome, Refusal, Tree};

impl Tree {
    fn entries_mut(&mut self, dir: Ino) -> Result<&mut BTreeMap<String, Ino>, Refusal> {
        let node = self.node_mut(dir)?;
        node.times_known = false;
        match &mut node.body {
            Body::Dir { entries, .. } => Ok(entries),
            _ => Err(Refusal::NotDirectory),
        }
    }

    /// CREATE. `made` is the inode that the engine gave.
    pub fn create(&mut self, dir: FileId, name: &str, how: CreateMode, made: Option<&Attr>) -> Outcome {
        let existing = self.dir(dir)?.get(name).copied();
        let Some(existing) = existing else {
            return self.make(dir, name, made, Body::File(Default::default()));
        };
        match (how, &self.file_of(existing)?.body) {
            (CreateMode::Unchecked(attributes), Body::File(_)) => match attributes.size {
                Some(size) => self.resize(existing, size),
                None => Ok(()),
            },
            (CreateMode::Unchecked(_), Body::Dir { .. }) => Err(Refusal::IsDirectory),
            _ => Err(Refusal::Exists),
        }
    }

    /// MKDIR.
    pub fn mkdir(&mut self, dir: FileId, name: &str, made: Option<&Attr>) -> Outcome {
        let parent = dir.ino;
        self.make(dir, name, made, Body::Dir { entries: BTreeMap::new(), parent })?;
        self.node_mut(dir.ino)?.attr.nlink += 1;
        Ok(())
    }

    /// SYMLINK.
    pub fn symlink(&mut self, dir: FileId, name: &str, target: &str, made: Option<&Attr>) -> Outcome {
        self.make(dir, name, made, Body::Symlink(target.to_owned()))
    }

    /// A new inode under a name.
    pub(super) fn make(&mut self, dir: FileId, name: &str, made: Option<&Attr>, body: Body) -> Outcome {
        if self.dir(dir)?.contains_key(name) {
            return Err(Refusal::Exists);
        }
        if self.used_inodes() >= self.limit_inodes {
            return Err(Refusal::Quota);
        }
        // Without an answer there is no number, and the caller wants to know only whether it is refused.
        let Some(made) = made else { return Ok(()) };
        let (kind, nlink, size) = match &body {
            Body::File(_) => (FileKind::Regular, 1, 0),
            Body::Dir { .. } => (FileKind::Directory, 2, 0),
            Body::Symlink(target) => (FileKind::Symlink, 1, target.len() as u64),
        };
        let attr = Attr { kind, nlink, size, used: 0, uid: 0, gid: 0, rdev: (0, 0), ..*made };
        self.nodes.insert(made.ino, Arc::new(Node { attr, times_known: true, body }));
        self.entries_mut(dir.ino)?.insert(name.to_owned(), made.ino);
        Ok(())
    }

    /// LINK.
    pub fn link(&mut self, file: FileId, dir: FileId, name: &str) -> Outcome {
        let is_dir = self.file(file)?.attr.kind == FileKind::Directory;
        if self.dir(dir)?.contains_key(name) {
            return Err(Refusal::Exists);
        }
        if is_dir {
            return Err(Refusal::NotPermitted);
        }
        self.entries_mut(dir.ino)?.insert(name.to_owned(), file.ino);
        let node = self.node_mut(file.ino)?;
        node.attr.nlink += 1;
        node.times_known = false;
        Ok(())
    }

    /// REMOVE.
    pub fn remove(&mut self, dir: FileId, name: &str) -> Outcome {
        let ino = *self.dir(dir)?.get(name).ok_or(Refusal::NotFound)?;
        if self.file_of(ino)?.attr.kind == FileKind::Directory {
            return Err(Refusal::IsDirectory);
        }
        self.entries_mut(dir.ino)?.remove(name);
        self.unlink(ino)
    }

    /// RMDIR.
    pub fn rmdir(&mut self, dir: FileId, name: &str) -> Outcome {
        let ino = *self.dir(dir)?.get(name).ok_or(Refusal::NotFound)?;
        match &self.file_of(ino)?.body {
            Body::Dir { entries, .. } if entries.is_empty() => {}
            Body::Dir { .. } => return Err(Refusal::NotEmpty),
            _ => return Err(Refusal::NotDirectory),
        }
        self.entries_mut(dir.ino)?.remove(name);
        self.node_mut(dir.ino)?.attr.nlink -= 1;
        self.unlink(ino)
    }

    /// RENAME.
    pub fn rename(&mut self, from: FileId, from_name: &str, to: FileId, to_name: &str) -> Outcome {
        self.dir(from)?;
        let target = self.dir(to)?.get(to_name).copied();
        let moved = *self.dir(from)?.get(from_name).ok_or(Refusal::NotFound)?;
        if target == Some(moved) {
            return Ok(());
        }
        let is_dir = self.file_of(moved)?.attr.kind == FileKind::Directory;
        if is_dir && self.is_above(moved, to.ino) {
            return Err(Refusal::Invalid);
        }
        let replaced = target.map(|ino| self.file_of(ino)).transpose()?;
        let replaces_dir = match replaced.map(|node| &node.body) {
            Some(Body::Dir { .. }) if !is_dir => return Err(Refusal::IsDirectory),
            Some(Body::Dir { entries, .. }) if !entries.is_empty() => return Err(Refusal::NotEmpty),
            Some(Body::Dir { .. }) => true,
            Some(_) if is_dir => return Err(Refusal::NotDirectory),
            _ => false,
        };
        self.entries_mut(from.ino)?.remove(from_name);
        self.entries_mut(to.ino)?.insert(to_name.to_owned(), moved);
        if is_dir {
            self.node_mut(from.ino)?.attr.nlink -= 1;
            self.node_mut(to.ino)?.attr.nlink += 1;
        }
        if replaces_dir {
            self.node_mut(to.ino)?.attr.nlink -= 1;
        }
        let node = self.node_mut(moved)?;
        node.times_known = false;
        if let Body::Dir { parent, .. } = &mut node.body {
            *parent = to.ino;
        }
        target.map_or(Ok(()), |ino| self.unlink(ino))
    }

    fn file_of(&self, ino: Ino) -> Result<&Node, Refusal> {
        self.node(ino).ok_or(Refusal::Stale)
    }

    fn is_above(&self, ancestor: Ino, mut at: Ino) -> bool {
        loop {
            if at == ancestor {
                return true;
            }
            match self.node(at).map(|node| &node.body) {
                Some(Body::Dir { parent, .. }) if at != self.root => at = *parent,
                _ => return false,
            }
        }
    }

    /// One link less.
    fn unlink(&mut self, ino: Ino) -> Outcome {
        let node = self.node_mut(ino)?;
        if node.attr.nlink > 1 && node.attr.kind != FileKind::Directory {
            node.attr.nlink -= 1;
            node.times_known = false;
            return Ok(());
        }
        self.used_bytes -= node.attr.used;
        self.nodes.remove(&ino);
        Ok(())
    }
}
