//! Locks that were granted to a client which does not know it yet.

use std::collections::HashMap;
use std::time::Instant;

use holdfast_base::limits::LOCK_WAITERS_MAX;

use super::change::Change;
use super::manager::Manager;
use super::owner::{FileKey, Owner};
use super::range::ByteRange;
use super::ranges::Held;
use super::waiting::Waiter;
use crate::limits::LOCK_PROMISE_MAX;

/// A grant to be announced.
#[derive(Clone, Debug)]
pub(crate) struct Promise {
    /// The cookie of GRANTED.
    pub id: u64,
    pub waiter: Waiter,
    /// What the owner held before, cut to the range.
    before: Vec<Held>,
    /// From then on the client is taken to know.
    settles: Instant,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Promises {
    open: HashMap<u64, Promise>,
    last_id: u64,
}

impl Promises {
    pub(super) fn make(&mut self, waiter: Waiter, before: Vec<Held>, now: Instant) -> Promise {
        self.open.retain(|_, promise| now < promise.settles);
        self.last_id += 1;
        let promise = Promise { id: self.last_id, waiter, before, settles: now + LOCK_PROMISE_MAX };
        // One that is not remembered cannot be taken back; it ends as every lock does.
        if self.open.len() < LOCK_WAITERS_MAX {
            self.open.insert(promise.id, promise.clone());
        }
        promise
    }

    /// The owner has acted on what it was promised: it knows.
    pub(super) fn settle(&mut self, file: FileKey, owner: &Owner, range: ByteRange) {
        self.open.retain(|_, promise| {
            let waiter = &promise.waiter;
            waiter.file != file || *waiter.owner != *owner || !waiter.range.overlaps(range)
        });
    }

    /// Drops the promises of these owners.
    pub(super) fn forget(&mut self, of: impl Fn(&Waiter) -> bool) {
        self.open.retain(|_, promise| !of(&promise.waiter));
    }

    /// Takes the promise of one request.
    pub(super) fn take_for(&mut self, file: FileKey, owner: &Owner, range: ByteRange) -> Option<Promise> {
        let of = |promise: &&Promise| {
            let waiter = &promise.waiter;
            waiter.file == file && *waiter.owner == *owner && waiter.range == range
        };
        let id = self.open.values().find(of)?.id;
        self.open.remove(&id)
    }
}

impl Manager {
    /// The client has been told of a promise, and has taken it.
    pub fn taken(&mut self, id: u64) {
        self.promises.open.remove(&id);
    }

    /// The client cannot be told, or does not want it: whether anything was taken back.
    pub fn not_taken(&mut self, id: u64, now: Instant) -> bool {
        match self.promises.open.remove(&id) {
            Some(promise) => {
                self.take_back(promise, now);
                true
            }
            None => false,
        }
    }

    /// The address of the client that a promise was made to.
    pub fn promised_to(&self, id: u64) -> Option<std::net::IpAddr> {
        self.promises.open.get(&id).map(|promise| promise.waiter.contact.client)
    }

    pub(super) fn take_back(&mut self, promise: Promise, now: Instant) {
        let Waiter { file, owner, range, .. } = promise.waiter;
        let mut taken = vec![range];
        // What is given back comes first: a client that has nothing for a moment would be forgotten.
        for Held { owner, range, exclusive } in promise.before {
            // A part that had become a read lock may have let others in.
            if self.test(file, &owner, range, exclusive).is_none() {
                taken = taken.into_iter().flat_map(|left| left.without(range)).flatten().collect();
                self.make(Change::Set { file, owner, range, exclusive });
            }
        }
        for range in taken {
            self.make(Change::Clear { file, owner: owner.clone(), range });
        }
        self.serve(file, now);
    }
}
