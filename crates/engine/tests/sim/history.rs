//! What one volume has been: its state after every operation since the last check, and what was promised of it.
//!
//! An operation of the engine is over in the same turn of its task in which its record was appended. So the order
//! in which answers come is the order of the volume's records, whatever ran at the same time.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::Arc;

use holdfast_base::VolumeId;
use holdfast_engine::{FileId, Ino};

use crate::model::{Outcome, Tree};

/// A volume as its clients know it.
pub struct Tracked {
    pub id: VolumeId,
    past: RefCell<Past>,
}

struct Past {
    states: Vec<Arc<Tree>>,
    /// The number of the first of `states`.
    first: usize,
    /// The number of the last state that was promised to survive.
    promised: usize,
    handles: HashSet<FileId>,
    inodes: HashSet<Ino>,
}

impl Tracked {
    /// A volume in its first state, which is durable.
    pub fn new(id: VolumeId, tree: Tree) -> Self {
        let handles = tree.handles(|_| true);
        let past = Past {
            states: vec![Arc::new(tree)],
            first: 0,
            promised: 0,
            inodes: handles.iter().map(|file| file.ino).collect(),
            handles: handles.into_iter().collect(),
        };
        Self { id, past: RefCell::new(past) }
    }

    /// The state now.
    pub fn now(&self) -> Arc<Tree> {
        let past = self.past.borrow();
        past.states[past.states.len() - 1].clone()
    }

    /// The number of the state now.
    pub fn index(&self) -> usize {
        let past = self.past.borrow();
        past.first + past.states.len() - 1
    }

    /// The states from one on, the newest first.
    pub fn since(&self, index: usize) -> Vec<Arc<Tree>> {
        let past = self.past.borrow();
        past.states[index - past.first..].iter().rev().cloned().collect()
    }

    /// The states that a crash may leave, the newest first.
    pub fn possible(&self) -> Vec<Arc<Tree>> {
        let promised = self.past.borrow().promised;
        self.since(promised)
    }

    /// What an operation would come to.
    pub fn try_apply(&self, apply: impl FnOnce(&mut Tree) -> Outcome) -> (Tree, Outcome) {
        let mut next = Tree::clone(&self.now());
        let outcome = apply(&mut next);
        (next, outcome)
    }

    /// Notes the state after an operation; gives its number.
    pub fn push(&self, tree: Tree) -> usize {
        self.past.borrow_mut().states.push(Arc::new(tree));
        self.index()
    }

    /// Notes what an answer added to the state now.
    pub fn amend(&self, tree: Tree) {
        let mut past = self.past.borrow_mut();
        let last = past.states.len() - 1;
        past.states[last] = Arc::new(tree);
    }

    /// Notes that a state, and all before it, survives from now on.
    pub fn promise(&self, index: usize) {
        let mut past = self.past.borrow_mut();
        past.promised = past.promised.max(index);
    }

    /// Goes on from the state that was found after a restart.
    pub fn restart_from(&self, tree: Tree) {
        let mut past = self.past.borrow_mut();
        past.first += past.states.len();
        past.promised = past.first;
        past.states = vec![Arc::new(tree)];
    }

    /// Notes a handle that was given out; says whether it, and its inode number, is new.
    pub fn is_new(&self, file: FileId) -> bool {
        let mut past = self.past.borrow_mut();
        let new_handle = past.handles.insert(file);
        past.inodes.insert(file.ino) && new_handle
    }

    /// Every handle that was ever given out.
    pub fn handles(&self) -> Vec<FileId> {
        let mut all: Vec<_> = self.past.borrow().handles.iter().copied().collect();
        all.sort_by_key(|file| (file.ino, file.generation));
        all
    }
}
