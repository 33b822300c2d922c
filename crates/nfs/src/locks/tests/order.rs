//! Who gets a lock when: lines, promises, deadlocks.

use std::time::{Duration, Instant};

use holdfast_wire::nlm4::LockStat4::{Blocked, Deadlock, Denied, Granted};

use crate::limits::LOCK_WAIT_MAX;
use crate::locks::manager::Manager;
use crate::locks::tests::support::{file, owner, process, range, request};

fn promised(manager: &mut Manager) -> Vec<(u64, u32)> {
    let promises = manager.take_outbox().promises;
    promises
        .iter()
        .map(|promise| (promise.id, u32::from(promise.waiter.owner.client.name[3] - b'0')))
        .collect()
}

#[test]
fn those_who_wait_are_served_in_turn() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let all = range(0, u64::MAX);
    assert_eq!(manager.lock(request(1, 1, all, true, true), now), Granted);
    for (number, exclusive) in [(2, false), (3, false), (4, true), (5, false)] {
        assert_eq!(manager.lock(request(number, 1, all, exclusive, true), now), Blocked);
    }
    // Asking again keeps the place in line.
    assert_eq!(manager.lock(request(2, 1, all, false, true), now), Blocked);
    assert_eq!(manager.waiting(), 4);
    assert!(promised(&mut manager).is_empty());
    assert_eq!(manager.unlock(file(1), &owner(1), all, now), Granted);
    // Readers go together; the writer waits for them.
    let order: Vec<u32> = promised(&mut manager).into_iter().map(|(_, number)| number).collect();
    assert_eq!(order, [2, 3, 5]);
    for number in [2, 3] {
        manager.unlock(file(1), &owner(number), all, now);
        assert!(promised(&mut manager).is_empty());
    }
    manager.unlock(file(1), &owner(5), all, now);
    assert_eq!(promised(&mut manager)[0].1, 4);
}

#[test]
fn a_promise_that_is_not_taken_goes_to_the_next() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let all = range(0, 9);
    manager.lock(request(1, 1, all, true, true), now);
    manager.lock(request(2, 1, all, true, true), now);
    manager.lock(request(3, 1, all, true, true), now);
    manager.unlock(file(1), &owner(1), all, now);
    let (id, to) = promised(&mut manager)[0];
    assert_eq!(to, 2);
    assert!(manager.not_taken(id, now));
    let (id, to) = promised(&mut manager)[0];
    assert_eq!(to, 3);
    // Asking is as good as taking: after it the promise cannot be taken back.
    assert_eq!(manager.lock(request(3, 1, all, true, true), now), Granted);
    assert!(!manager.not_taken(id, now));
    assert_eq!(manager.lock(request(2, 1, all, true, false), now), Denied);
}

#[test]
fn a_promise_taken_back_gives_back_what_was_held() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let all = range(0, 9);
    manager.lock(request(1, 1, all, false, true), now);
    manager.lock(request(2, 1, all, false, true), now);
    assert_eq!(manager.lock(request(2, 1, all, true, true), now), Blocked);
    manager.unlock(file(1), &owner(1), all, now);
    let (id, _) = promised(&mut manager)[0];
    assert!(manager.test(file(1), &owner(1), all, false).is_some_and(|held| held.exclusive));
    assert!(manager.not_taken(id, now));
    let held = manager.test(file(1), &owner(1), all, true).unwrap();
    assert!(!held.exclusive && held.owner == owner(2));
}

#[test]
fn cancel_leaves_the_line_or_gives_the_grant_back() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let all = range(0, 9);
    manager.lock(request(1, 1, all, true, true), now);
    assert!(!manager.cancel(file(1), &owner(2), all, now));
    manager.lock(request(2, 1, all, true, true), now);
    assert!(manager.cancel(file(1), &owner(2), all, now));
    assert_eq!(manager.waiting(), 0);
    manager.lock(request(2, 1, all, true, true), now);
    manager.unlock(file(1), &owner(1), all, now);
    assert_eq!(promised(&mut manager).len(), 1);
    // The cancel crossed the grant.
    assert!(manager.cancel(file(1), &owner(2), all, now));
    assert!(manager.test(file(1), &owner(3), all, true).is_none());
}

#[test]
fn circles_are_refused_and_mere_chains_are_not() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let byte = range(0, 0);
    for number in 1..=3 {
        assert_eq!(manager.lock(request(number, number.into(), byte, true, true), now), Granted);
    }
    assert_eq!(manager.lock(request(1, 2, byte, true, true), now), Blocked);
    assert_eq!(manager.lock(request(2, 3, byte, true, true), now), Blocked);
    assert_eq!(manager.lock(request(3, 1, byte, true, true), now), Deadlock);
    // Without waiting it is only denied.
    assert_eq!(manager.lock(request(3, 1, byte, true, false), now), Denied);
    manager.cancel(file(3), &owner(2), byte, now);
    assert_eq!(manager.lock(request(3, 1, byte, true, true), now), Blocked);
}

#[test]
fn two_readers_who_both_want_to_write_are_a_circle() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let byte = range(0, 0);
    manager.lock(request(1, 1, byte, false, true), now);
    manager.lock(request(2, 1, byte, false, true), now);
    assert_eq!(manager.lock(request(1, 1, byte, true, true), now), Blocked);
    assert_eq!(manager.lock(request(2, 1, byte, true, true), now), Deadlock);
}

#[test]
fn a_request_that_is_not_repeated_is_forgotten() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let byte = range(0, 0);
    manager.lock(request(1, 1, byte, true, true), now);
    manager.lock(request(2, 1, byte, true, true), now);
    let soon = now + LOCK_WAIT_MAX - Duration::from_secs(1);
    manager.lock(request(3, 1, byte, true, true), soon);
    manager.unlock(file(1), &owner(1), byte, now + LOCK_WAIT_MAX);
    let order: Vec<u32> = promised(&mut manager).into_iter().map(|(_, number)| number).collect();
    assert_eq!(order, [3]);
}

#[test]
fn processes_of_one_client_exclude_each_other() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let byte = range(0, 0);
    let of =
        |svid| crate::locks::manager::Request { owner: process(1, svid), ..request(1, 1, byte, true, false) };
    assert_eq!(manager.lock(of(7), now), Granted);
    assert_eq!(manager.lock(of(7), now), Granted);
    assert_eq!(manager.lock(of(8), now), Denied);
}
