//! Operations on data and attributes: WRITE, SETATTR, whole-file uploads, limits.

use holdfast_engine::{Attr, FileId, FileKind, Ino, SetAttr};

use super::{Body, Content, Outcome, Refusal, Tree};

impl Tree {
    /// The content of a regular file.
    pub fn content(&self, file: FileId) -> Result<&Content, Refusal> {
        match &self.file(file)?.body {
            Body::File(content) => Ok(content),
            Body::Dir { .. } => Err(Refusal::IsDirectory),
            Body::Symlink(_) => Err(Refusal::Invalid),
        }
    }

    /// WRITE of the first `len` bytes of a pattern.
    pub fn write(&mut self, file: FileId, offset: u64, len: u64, tag: u64) -> Outcome {
        let replaced = self.content(file)?.covered(offset, offset + len);
        if len == 0 {
            return Ok(());
        }
        self.count(len, replaced)?;
        let node = self.node_mut(file.ino)?;
        node.times_known = false;
        node.attr.size = node.attr.size.max(offset + len);
        node.attr.used = node.attr.used + len - replaced;
        if let Body::File(content) = &mut node.body {
            content.write(offset, len, tag);
        }
        Ok(())
    }

    /// SETATTR of mode and size.
    pub fn setattr(&mut self, file: FileId, attributes: SetAttr) -> Outcome {
        self.file(file)?;
        if let Some(size) = attributes.size {
            self.content(file)?;
            self.resize(file.ino, size)?;
        }
        let node = self.node_mut(file.ino)?;
        node.times_known = false;
        node.attr.mode = attributes.mode.unwrap_or(node.attr.mode);
        Ok(())
    }

    pub(super) fn resize(&mut self, ino: Ino, size: u64) -> Outcome {
        let node = self.node_mut(ino)?;
        node.times_known = false;
        node.attr.size = size;
        let before = node.attr.used;
        if let Body::File(content) = &mut node.body {
            content.punch(size, u64::MAX);
            node.attr.used = content.used();
        }
        let after = node.attr.used;
        self.used_bytes -= before - after;
        Ok(())
    }

    /// An upload: the first `len` bytes of a pattern become the content of the file at a path.
    pub fn upload(
        &mut self,
        path: &str,
        len: u64,
        tag: u64,
        only_new: bool,
        answer: Option<&Attr>,
    ) -> Outcome {
        let existing = match self.resolve(path) {
            Ok(ino) => Some(ino),
            Err(Refusal::NotFound) => None,
            Err(refusal) => return Err(refusal),
        };
        if existing.is_some() && only_new {
            return Err(Refusal::NotSync);
        }
        let ino = match existing {
            Some(ino) => {
                let node = self.node(ino).ok_or(Refusal::Stale)?;
                self.content(node.attr.id())?;
                self.count(len, node.attr.used)?;
                ino
            }
            None => {
                let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
                let dir = self.resolve(parent)?;
                let dir = self.node(dir).ok_or(Refusal::Stale)?.attr.id();
                if self.dir(dir)?.contains_key(name) {
                    // A link to nothing.
                    return Err(Refusal::NotFound);
                }
                let mut counted = self.clone();
                counted.make(dir, name, answer, Body::File(Content::default()))?;
                counted.count(len, 0)?;
                let Some(made) = answer else { return Ok(()) };
                *self = counted;
                made.ino
            }
        };
        let node = self.node_mut(ino)?;
        node.times_known = existing.is_none();
        (node.attr.size, node.attr.used) = (len, len);
        if let Body::File(content) = &mut node.body {
            *content = Content::default();
            content.write(0, len, tag);
        }
        Ok(())
    }

    /// The inode at a path. Links lead nowhere in these trees.
    fn resolve(&self, path: &str) -> Result<Ino, Refusal> {
        let mut at = self.root();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let node = self.node(at).ok_or(Refusal::Stale)?;
            let Body::Dir { entries, .. } = &node.body else { return Err(Refusal::NotDirectory) };
            at = *entries.get(name).ok_or(Refusal::NotFound)?;
            if self.node(at).is_some_and(|node| node.attr.kind == FileKind::Symlink) {
                return Err(Refusal::NotFound);
            }
        }
        Ok(at)
    }

    /// Counts bytes against the limit.
    fn count(&mut self, gained: u64, given_back: u64) -> Outcome {
        let used = self.used_bytes - given_back + gained;
        if gained > given_back && used > self.limit_bytes {
            return Err(Refusal::Quota);
        }
        self.used_bytes = used;
        Ok(())
    }

    /// New limits.
    pub fn set_limits(&mut self, limit_bytes: u64, limit_inodes: u64) -> Outcome {
        if self.used_bytes > limit_bytes || self.used_inodes() > limit_inodes {
            return Err(Refusal::Quota);
        }
        (self.limit_bytes, self.limit_inodes) = (limit_bytes, limit_inodes);
        Ok(())
    }
}
