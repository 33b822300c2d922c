//! Which uploaded segments keep their local file as a read cache: the last few of the whole node.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::Segments;

/// A queue of kept files, oldest first, with a bound for the node.
pub(crate) struct KeptSegments {
    queue: Mutex<VecDeque<(Weak<Segments>, u64)>>,
    max: usize,
}

impl KeptSegments {
    pub(crate) fn new(max: usize) -> Self {
        Self { queue: Mutex::default(), max }
    }

    /// Keeps a file, and forgets the oldest if there are too many.
    pub(super) fn keep(&self, segments: &Arc<Segments>, number: u64) {
        let evicted = {
            let mut queue = self.queue.lock();
            queue.push_back((Arc::downgrade(segments), number));
            let excess = queue.len().saturating_sub(self.max);
            queue.drain(..excess).collect::<Vec<_>>()
        };
        let busy = evicted.into_iter().filter(|(weak, number)| {
            let owner = weak.upgrade();
            owner.is_some_and(|owner| !owner.evict(*number))
        });
        let busy: Vec<_> = busy.collect();
        // A long upload points at what it wrote only at its end: its files wait for their turn again.
        self.queue.lock().extend(busy);
    }
}
