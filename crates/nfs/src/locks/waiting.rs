//! Who waits for locks, in line for each file. In memory only: a client that waits asks again from time to time, and
//! after a restart its next question puts it back in line.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use holdfast_wire::nfs3::FileHandle;

use super::owner::{ClientKey, Contact, FileKey, Owner};
use super::range::ByteRange;

/// Which form of a procedure a client uses, and so which form of GRANTED it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The reply is the answer.
    Reply,
    /// The answer is a call of its own.
    Message,
}

/// A request that waits.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    pub file: FileKey,
    pub owner: Arc<Owner>,
    pub range: ByteRange,
    pub exclusive: bool,
    pub contact: Contact,
    pub form: Form,
    /// The handle that the client used; it compares it with that of the grant.
    pub handle: FileHandle,
    /// Forgotten then, unless the client asks again before.
    pub expires: Instant,
}

impl Waiter {
    /// Whether both are the same request, sent twice.
    fn repeats(&self, file: FileKey, owner: &Owner, range: ByteRange) -> bool {
        self.file == file && *self.owner == *owner && self.range == range
    }
}

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    lines: HashMap<FileKey, Vec<Waiter>>,
    count: usize,
}

impl Waiting {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.count
    }

    /// How many wait for one file.
    pub fn len_of(&self, file: &FileKey) -> usize {
        self.lines.get(file).map_or(0, Vec::len)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Waiter> {
        self.lines.values().flatten()
    }

    /// How many requests of a client wait.
    pub fn len_by(&self, client: &ClientKey) -> usize {
        self.iter().filter(|waiter| *waiter.owner.client == *client).count()
    }

    /// Puts a request at the end of its line; one that is there already keeps its place.
    pub fn add(&mut self, waiter: Waiter) {
        let line = self.lines.entry(waiter.file).or_default();
        let same = |known: &&mut Waiter| known.repeats(waiter.file, &waiter.owner, waiter.range);
        match line.iter_mut().find(same) {
            Some(known) => *known = waiter,
            None => {
                line.push(waiter);
                self.count += 1;
            }
        }
    }

    /// Whether a request waits.
    pub fn has(&self, file: FileKey, owner: &Owner, range: ByteRange) -> bool {
        let line = self.lines.get(&file);
        line.is_some_and(|line| line.iter().any(|waiter| waiter.repeats(file, owner, range)))
    }

    /// Takes a request out of its line; whether it was there.
    pub fn remove(&mut self, file: FileKey, owner: &Owner, range: ByteRange) -> bool {
        let before = self.count;
        self.retain_in(file, |waiter| !waiter.repeats(file, owner, range));
        self.count < before
    }

    /// Takes the first request out of a file's line that `may` pass.
    pub fn take_first(&mut self, file: FileKey, may: impl Fn(&Waiter) -> bool) -> Option<Waiter> {
        let line = self.lines.get_mut(&file)?;
        let at = line.iter().position(may)?;
        let waiter = line.remove(at);
        self.count -= 1;
        if line.is_empty() {
            self.lines.remove(&file);
        }
        Some(waiter)
    }

    /// Keeps those of all lines that are to be kept.
    pub fn retain(&mut self, keep: impl Fn(&Waiter) -> bool) {
        for file in self.lines.keys().copied().collect::<Vec<_>>() {
            self.retain_in(file, &keep);
        }
    }

    /// Keeps those of one line that are to be kept.
    pub fn retain_in(&mut self, file: FileKey, keep: impl Fn(&Waiter) -> bool) {
        let Some(line) = self.lines.get_mut(&file) else { return };
        let before = line.len();
        line.retain(|waiter| keep(waiter));
        self.count -= before - line.len();
        if line.is_empty() {
            self.lines.remove(&file);
        }
    }
}
