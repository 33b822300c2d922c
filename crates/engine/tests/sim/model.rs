//! The reference: a plain filesystem in memory, and what each operation must do to it.
//!
//! It knows nothing of journals, layers or segments. An operation on it either is refused, with the refusal that
//! the engine must give, or changes the tree. Times are not predicted: they are taken from the engine's answers
//! and must then stay. Callers are root; permissions have tests of their own.

mod content;
mod data;
mod names;

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_engine::{Attr, Error, FileId, FileKind, Ino};

pub use content::{Content, pattern};

/// Why an operation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotFound,
    Stale,
    Exists,
    NotDirectory,
    IsDirectory,
    NotEmpty,
    NotPermitted,
    Invalid,
    NotSync,
    Quota,
}

impl Refusal {
    /// The refusal that an engine error is; `None` if it is a fault of disk or store.
    pub fn of(error: &Error) -> Option<Self> {
        Some(match error {
            Error::NotFound => Self::NotFound,
            Error::Stale => Self::Stale,
            Error::Exists => Self::Exists,
            Error::NotDirectory => Self::NotDirectory,
            Error::IsDirectory => Self::IsDirectory,
            Error::NotEmpty => Self::NotEmpty,
            Error::NotPermitted => Self::NotPermitted,
            Error::Invalid(_) => Self::Invalid,
            Error::NotSync => Self::NotSync,
            Error::QuotaExceeded { .. } => Self::Quota,
            _ => return None,
        })
    }
}

/// What an operation comes to on the model.
pub type Outcome = Result<(), Refusal>;

/// What an inode holds.
#[derive(Clone, Debug)]
pub enum Body {
    File(Content),
    Dir { entries: BTreeMap<String, Ino>, parent: Ino },
    Symlink(String),
}

/// An inode.
#[derive(Clone, Debug)]
pub struct Node {
    pub attr: Attr,
    /// Whether an answer has told the times since the last change.
    pub times_known: bool,
    pub body: Body,
}

impl Node {
    /// Whether what the engine says of this inode is what it should be; if not, what differs.
    pub fn compare(&self, found: &Attr) -> Result<(), String> {
        let mut wanted = self.attr;
        if self.attr.kind == FileKind::Directory {
            wanted.size = found.size;
        }
        if !self.times_known {
            (wanted.atime, wanted.mtime, wanted.ctime) = (found.atime, found.mtime, found.ctime);
        }
        if wanted == *found { Ok(()) } else { Err(format!("{found:?} instead of {wanted:?}")) }
    }

    /// Takes over an answer about this inode: its times.
    fn learn(&mut self, answer: &Attr) {
        (self.attr.atime, self.attr.mtime, self.attr.ctime) = (answer.atime, answer.mtime, answer.ctime);
        self.attr.size = if self.attr.kind == FileKind::Directory { answer.size } else { self.attr.size };
        self.times_known = true;
    }
}

/// A filesystem. Clones are cheap: inodes are shared until they change.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: BTreeMap<Ino, Arc<Node>>,
    root: Ino,
    pub used_bytes: u64,
    pub limit_bytes: u64,
    pub limit_inodes: u64,
}

impl Tree {
    /// An empty filesystem.
    pub fn new(root: Attr, limit_bytes: u64, limit_inodes: u64) -> Self {
        let body = Body::Dir { entries: BTreeMap::new(), parent: root.ino };
        let node = Node { attr: root, times_known: true, body };
        let nodes = BTreeMap::from([(root.ino, Arc::new(node))]);
        Self { nodes, root: root.ino, used_bytes: 0, limit_bytes, limit_inodes }
    }

    /// The root directory.
    pub fn root(&self) -> Ino {
        self.root
    }

    /// Inodes in use.
    pub fn used_inodes(&self) -> u64 {
        self.nodes.len() as u64
    }

    /// All inodes.
    pub fn nodes(&self) -> impl Iterator<Item = (&Ino, &Node)> {
        self.nodes.iter().map(|(ino, node)| (ino, node.as_ref()))
    }

    /// An inode by number.
    pub fn node(&self, ino: Ino) -> Option<&Node> {
        self.nodes.get(&ino).map(Arc::as_ref)
    }

    /// The inode of a handle.
    pub fn file(&self, file: FileId) -> Result<&Node, Refusal> {
        let node = self.node(file.ino).ok_or(Refusal::Stale)?;
        if node.attr.generation == file.generation { Ok(node) } else { Err(Refusal::Stale) }
    }

    /// The entries of the directory of a handle.
    pub fn dir(&self, file: FileId) -> Result<&BTreeMap<String, Ino>, Refusal> {
        match &self.file(file)?.body {
            Body::Dir { entries, .. } => Ok(entries),
            _ => Err(Refusal::NotDirectory),
        }
    }

    /// Handles of all inodes of a kind.
    pub fn handles(&self, wanted: impl Fn(&Body) -> bool) -> Vec<FileId> {
        self.nodes.values().filter(|node| wanted(&node.body)).map(|node| node.attr.id()).collect()
    }

    /// The path of a directory.
    pub fn path_of(&self, dir: Ino) -> String {
        let mut names = Vec::new();
        let mut at = dir;
        while at != self.root {
            let Some(Body::Dir { parent, .. }) = self.node(at).map(|node| &node.body) else { break };
            let Some(Body::Dir { entries, .. }) = self.node(*parent).map(|node| &node.body) else { break };
            names.extend(entries.iter().find(|(_, ino)| **ino == at).map(|(name, _)| name.clone()));
            at = *parent;
        }
        names.reverse();
        names.join("/")
    }

    fn node_mut(&mut self, ino: Ino) -> Result<&mut Node, Refusal> {
        self.nodes.get_mut(&ino).map(Arc::make_mut).ok_or(Refusal::Stale)
    }

    /// Takes over the times that are known from now on.
    pub fn settle_times(&mut self, found: &Attr) {
        if let Some(node) = self.nodes.get_mut(&found.ino) {
            Arc::make_mut(node).learn(found);
        }
    }

    /// Takes over what an answer says of an inode, after checking that it is what the model expects.
    pub fn learn(&mut self, answer: &Attr) -> Result<(), String> {
        let Some(node) = self.nodes.get_mut(&answer.ino).map(Arc::make_mut) else {
            return Err(format!("an answer about inode {}, which is not there", answer.ino));
        };
        let compared = if !node.times_known && answer.ctime <= node.attr.ctime {
            Err(format!("inode {} changed, but its ctime did not grow: {answer:?}", answer.ino))
        } else {
            node.compare(answer)
        };
        node.learn(answer);
        compared
    }
}
