//! The byte-range locks of one file, as POSIX has them: an owner holds at most one lock on a byte, a new one replaces
//! what the owner held there, and its neighbours of the same kind melt into one.

use std::sync::Arc;

use super::owner::Owner;
use super::range::ByteRange;

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub owner: Arc<Owner>,
    pub range: ByteRange,
    pub exclusive: bool,
}

/// All locks of one file, sorted by their first byte.
#[derive(Clone, Debug, Default)]
pub(crate) struct RangeLocks {
    held: Vec<Held>,
}

impl RangeLocks {
    pub fn iter(&self) -> impl Iterator<Item = &Held> {
        self.held.iter()
    }

    /// How many locks there are.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// The locks of others that are in the way of this one, in the order of their first bytes.
    pub fn in_the_way(
        &self,
        owner: &Owner,
        range: ByteRange,
        exclusive: bool,
    ) -> impl Iterator<Item = &Held> {
        self.held
            .iter()
            .take_while(move |held| held.range.start <= range.last)
            .filter(move |held| (exclusive || held.exclusive) && held.range.overlaps(range))
            .filter(move |held| *held.owner != *owner)
    }

    /// What an owner holds in a range, each piece with its own bounds.
    pub fn of(&self, owner: &Owner, range: ByteRange) -> Vec<Held> {
        let within = |held: &&Held| held.range.overlaps(range) && *held.owner == *owner;
        self.held.iter().filter(within).cloned().collect()
    }

    /// Whether an owner holds all of a range in this very way.
    pub fn holds(&self, owner: &Owner, range: ByteRange, exclusive: bool) -> bool {
        // One's own locks of one kind never touch each other: they would be one.
        let whole = |held: &Held| held.range.start <= range.start && range.last <= held.range.last;
        self.held.iter().any(|held| whole(held) && held.exclusive == exclusive && *held.owner == *owner)
    }

    /// Sets a lock, whoever is in the way.
    pub fn set(&mut self, owner: &Arc<Owner>, range: ByteRange, exclusive: bool) {
        self.clear(owner, range);
        let mut whole = range;
        self.held.retain(|held| {
            let melts = held.exclusive == exclusive && held.range.touches(range) && held.owner == *owner;
            if melts {
                whole = whole.joined(held.range);
            }
            !melts
        });
        self.insert(Held { owner: owner.clone(), range: whole, exclusive });
    }

    /// Takes an owner's locks off a range.
    pub fn clear(&mut self, owner: &Owner, range: ByteRange) {
        let cut = self.of(owner, range);
        if cut.is_empty() {
            return;
        }
        self.held.retain(|held| !(held.range.overlaps(range) && *held.owner == *owner));
        for held in cut {
            for left in held.range.without(range).into_iter().flatten() {
                self.insert(Held { range: left, ..held.clone() });
            }
        }
    }

    /// Takes off all locks whose owners are among `whose`.
    pub fn clear_all(&mut self, whose: impl Fn(&Owner) -> bool) {
        self.held.retain(|held| !whose(&held.owner));
    }

    fn insert(&mut self, lock: Held) {
        let at = self.held.partition_point(|held| held.range.start <= lock.range.start);
        self.held.insert(at, lock);
    }
}
