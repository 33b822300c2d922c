//! The lock manager as a plain state machine: requests in, outcomes, changes to keep and grants to announce out.
//!
//! Locks are granted in the order in which they were asked for, as far as they are compatible with what is held; a
//! request that does not wait may overtake those that do, as it may on a local file.
//!
//! A lock that was waited for is set before its client is told. Until the client is known to know, it is a *promise*:
//! if the client cannot be told, or does not want it any more, it is taken back, and the owner has what it had before.
//!
//! Nothing here does I/O or asks a clock. Changes must be kept in the order in which they come out.

use std::sync::Arc;
use std::time::Instant;

use holdfast_base::limits::{
    LOCK_WAITERS_MAX, LOCK_WAITERS_PER_CLIENT_MAX, LOCK_WAITERS_PER_FILE_MAX, LOCKS_MAX,
    LOCKS_PER_CLIENT_MAX, LOCKS_PER_VOLUME_MAX,
};
use holdfast_wire::nfs3::FileHandle;
use holdfast_wire::nlm4::LockStat4;

use super::change::Change;
use super::deadlock;
use super::owner::{Contact, FileKey, Owner};
use super::promises::{Promise, Promises};
use super::range::ByteRange;
use super::ranges::Held;
use super::shares::Share;
use super::table::Table;
use super::waiting::{Form, Waiter, Waiting};
use crate::limits::LOCK_WAIT_MAX;

/// A request for a lock.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub file: FileKey,
    pub owner: Arc<Owner>,
    pub range: ByteRange,
    pub exclusive: bool,
    /// Wait in line if somebody is in the way.
    pub block: bool,
    /// The lock was held before the state was lost.
    pub reclaim: bool,
    /// The client's NSM state; 0 if it does not say.
    pub state: u32,
    pub contact: Contact,
    pub form: Form,
    /// The handle that the client used.
    pub handle: FileHandle,
}

/// What is to be done outside after a step, in this order.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// To be kept durably, before anybody learns of the step.
    pub changes: Vec<Change>,
    /// To be announced to their clients, after the changes are kept.
    pub promises: Vec<Promise>,
}

/// The manager.
#[derive(Debug, Default)]
pub(crate) struct Manager {
    pub(super) table: Table,
    pub(super) waiting: Waiting,
    pub(super) promises: Promises,
    outbox: Outbox,
    /// Until then only what was held before may be set.
    grace_until: Option<Instant>,
}

impl Manager {
    /// A manager of what was kept. With `grace_until`, some of it may have been lost.
    pub fn new(table: Table, grace_until: Option<Instant>) -> Self {
        Self { table, grace_until, ..Self::default() }
    }

    /// What the steps so far have left to be done.
    pub fn take_outbox(&mut self) -> Outbox {
        std::mem::take(&mut self.outbox)
    }

    /// Everything that is held.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_in_grace(&self, now: Instant) -> bool {
        self.grace_until.is_some_and(|until| now < until)
    }

    /// Makes a change and keeps it.
    pub(super) fn make(&mut self, change: Change) {
        self.table.apply(&change);
        self.outbox.changes.push(change);
    }

    /// TEST: who is in the way, if anybody is.
    pub fn test(&self, file: FileKey, owner: &Owner, range: ByteRange, exclusive: bool) -> Option<Held> {
        self.table.file(&file)?.ranges.in_the_way(owner, range, exclusive).next().cloned()
    }

    /// LOCK.
    pub fn lock(&mut self, request: Request, now: Instant) -> LockStat4 {
        self.notice_restart(&request, now);
        let Request { file, ref owner, range, exclusive, .. } = request;
        if self.holds(file, owner, range, exclusive) {
            // Sent twice, or an answer to a promise that did not reach the client.
            self.promises.settle(file, owner, range);
            self.waiting.remove(file, owner, range);
            return LockStat4::Granted;
        }
        if request.reclaim != self.is_in_grace(now) {
            return LockStat4::DeniedGracePeriod;
        }
        if self.test(file, owner, range, exclusive).is_some() {
            return self.wait_or_deny(request, now);
        }
        if !self.has_room(file, owner) {
            return LockStat4::DeniedNoLocks;
        }
        self.waiting.remove(file, owner, range);
        self.promises.settle(file, owner, range);
        self.meet(owner, request.contact, request.state);
        self.make(Change::Set { file, owner: owner.clone(), range, exclusive });
        // A write lock that became a read lock lets others in.
        self.serve(file, now);
        LockStat4::Granted
    }

    fn wait_or_deny(&mut self, request: Request, now: Instant) -> LockStat4 {
        let Request { file, owner, range, exclusive, contact, form, handle, .. } = request;
        if !request.block || request.reclaim {
            return LockStat4::Denied;
        }
        self.waiting.retain(|waiter| now < waiter.expires);
        if deadlock::would_never_end(&self.table, &self.waiting, file, &owner, range, exclusive) {
            self.waiting.remove(file, &owner, range);
            return LockStat4::Deadlock;
        }
        let full = self.waiting.len() >= LOCK_WAITERS_MAX
            || self.waiting.len_of(&file) >= LOCK_WAITERS_PER_FILE_MAX
            || self.waiting.len_by(&owner.client) >= LOCK_WAITERS_PER_CLIENT_MAX;
        if full && !self.waiting.has(file, &owner, range) {
            return LockStat4::DeniedNoLocks;
        }
        let expires = now + LOCK_WAIT_MAX;
        self.waiting.add(Waiter { file, owner, range, exclusive, contact, form, handle, expires });
        LockStat4::Blocked
    }

    /// CANCEL: whether the request is out of its line, or its grant taken back.
    pub fn cancel(&mut self, file: FileKey, owner: &Owner, range: ByteRange, now: Instant) -> bool {
        if self.waiting.remove(file, owner, range) {
            return true;
        }
        match self.promises.take_for(file, owner, range) {
            Some(promise) => {
                self.take_back(promise, now);
                true
            }
            None => false,
        }
    }

    /// UNLOCK. What is not locked is given back as well.
    pub fn unlock(&mut self, file: FileKey, owner: &Arc<Owner>, range: ByteRange, now: Instant) -> LockStat4 {
        self.promises.settle(file, owner, range);
        let held = self.table.file(&file).map(|locks| locks.ranges.of(owner, range)).unwrap_or_default();
        let splits = held.iter().any(|held| held.range.without(range).iter().flatten().count() == 2);
        if splits && !self.has_room(file, owner) {
            return LockStat4::DeniedNoLocks;
        }
        if !held.is_empty() {
            self.make(Change::Clear { file, owner: owner.clone(), range });
            self.serve(file, now);
        }
        LockStat4::Granted
    }

    /// SHARE.
    pub fn share(
        &mut self,
        file: FileKey,
        share: Share,
        reclaim: bool,
        contact: Contact,
        now: Instant,
    ) -> LockStat4 {
        let locks = self.table.file(&file);
        if locks.is_some_and(|locks| locks.shares.iter().any(|held| *held == share)) {
            return LockStat4::Granted;
        }
        if reclaim != self.is_in_grace(now) {
            return LockStat4::DeniedGracePeriod;
        }
        if locks.is_some_and(|locks| !locks.shares.admits(&share)) {
            return LockStat4::Denied;
        }
        if !self.has_room(file, &share.owner) {
            return LockStat4::DeniedNoLocks;
        }
        let Share { owner, mode, access } = share;
        self.meet(&owner, contact, 0);
        self.make(Change::Share { file, owner, mode, access });
        LockStat4::Granted
    }

    /// UNSHARE.
    pub fn unshare(&mut self, file: FileKey, owner: &Arc<Owner>) {
        let locks = self.table.file(&file);
        if locks.is_some_and(|locks| locks.shares.iter().any(|held| held.owner == *owner)) {
            self.make(Change::Unshare { file, owner: owner.clone() });
        }
    }

    /// Grants what has become possible on a file.
    pub(super) fn serve(&mut self, file: FileKey, now: Instant) {
        self.waiting.retain_in(file, |waiter| now < waiter.expires);
        loop {
            let ranges = self.table.file(&file).map(|locks| &locks.ranges);
            let free = |waiter: &Waiter| {
                let mut holders = ranges
                    .into_iter()
                    .flat_map(|held| held.in_the_way(&waiter.owner, waiter.range, waiter.exclusive));
                holders.next().is_none()
            };
            let Some(waiter) = self.waiting.take_first(file, free) else { return };
            if !self.has_room(file, &waiter.owner) {
                // Its next question is answered with the reason.
                continue;
            }
            self.promise(waiter, now);
        }
    }

    fn promise(&mut self, waiter: Waiter, now: Instant) {
        let Waiter { file, owner, range, exclusive, .. } = &waiter;
        let held = self.table.file(file).map(|locks| locks.ranges.of(owner, *range)).unwrap_or_default();
        let before = held.into_iter().map(|held| Held { range: held.range.common(*range), ..held }).collect();
        self.meet(owner, waiter.contact, 0);
        self.make(Change::Set { file: *file, owner: owner.clone(), range: *range, exclusive: *exclusive });
        let promise = self.promises.make(waiter, before, now);
        self.outbox.promises.push(promise);
    }

    pub(super) fn holds(&self, file: FileKey, owner: &Owner, range: ByteRange, exclusive: bool) -> bool {
        self.table.file(&file).is_some_and(|locks| locks.ranges.holds(owner, range, exclusive))
    }

    /// Whether two more locks fit: a new one may split another in two.
    fn has_room(&self, file: FileKey, owner: &Owner) -> bool {
        let by_client = self.table.client(&owner.client).map_or(0, |client| client.held);
        by_client + 2 <= LOCKS_PER_CLIENT_MAX
            && self.table.held_in(file.volume) + 2 <= LOCKS_PER_VOLUME_MAX
            && self.table.held() + 2 <= LOCKS_MAX
    }

    /// Remembers how a client is reached, before it gets something.
    fn meet(&mut self, owner: &Owner, contact: Contact, state: u32) {
        let known = self.table.client(&owner.client);
        let state = if state == 0 { known.map_or(0, |known| known.state) } else { state };
        if known.is_none_or(|known| known.contact != contact || known.state != state) {
            self.make(Change::Client { client: owner.client.clone(), contact, state });
        }
    }

    /// A client whose state is newer than the one it locked with has restarted since: what it held is gone.
    fn notice_restart(&mut self, request: &Request, now: Instant) {
        let known = self.table.client(&request.owner.client).map_or(0, |client| client.state);
        let newer = (request.state.wrapping_sub(known) as i32) > 0;
        if known != 0 && request.state != 0 && newer {
            self.free_client(&request.owner.client, now);
        }
    }
}
