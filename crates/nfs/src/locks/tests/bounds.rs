//! Bounds are kept, and giving back always works but where it would need more room.

use std::time::Instant;

use holdfast_base::limits::{LOCK_WAITERS_PER_CLIENT_MAX, LOCKS_PER_CLIENT_MAX};
use holdfast_wire::nlm4::LockStat4::{Blocked, DeniedNoLocks, Granted};

use crate::locks::manager::Manager;
use crate::locks::tests::support::{file, owner, process, range, request};

#[test]
fn a_client_has_a_bound_and_others_go_on() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let byte = |byte: u64| range(2 * byte, 2 * byte);
    let mut held = 0;
    while manager.lock(request(1, 1 + held % 64, byte(held / 64), true, false), now) == Granted {
        held += 1;
    }
    assert_eq!(manager.table().held(), LOCKS_PER_CLIENT_MAX - 1);
    let more = request(1, 1, range(u64::MAX, u64::MAX), true, false);
    assert_eq!(manager.lock(more.clone(), now), DeniedNoLocks);
    assert_eq!(manager.lock(request(2, 1, range(u64::MAX, u64::MAX), true, false), now), Granted);
    // What it has, it has; and what it gives back makes room.
    assert_eq!(manager.lock(request(1, 1, byte(0), true, false), now), Granted);
    assert_eq!(manager.unlock(file(1), &owner(1), byte(0), now), Granted);
    assert_eq!(manager.unlock(file(1), &owner(1), byte(1), now), Granted);
    assert_eq!(manager.lock(request(1, 1, byte(0), true, false), now), Granted);
}

#[test]
fn an_unlock_that_needs_room_is_refused_without_it() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    assert_eq!(manager.lock(request(1, 1, range(0, u64::MAX), true, false), now), Granted);
    let mut holes = 0;
    while manager.unlock(file(1), &owner(1), range(2 * holes + 1, 2 * holes + 1), now) == Granted {
        holes += 1;
    }
    assert_eq!(manager.table().held(), LOCKS_PER_CLIENT_MAX - 1);
    // All at once needs none.
    assert_eq!(manager.unlock(file(1), &owner(1), range(0, u64::MAX), now), Granted);
    assert_eq!((manager.table().held(), manager.table().clients().count()), (0, 0));
}

#[test]
fn a_client_has_a_bound_of_requests_that_wait() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    manager.lock(request(1, 1, range(0, u64::MAX), true, false), now);
    let of = |svid| crate::locks::manager::Request {
        owner: process(2, svid),
        ..request(2, 1, range(0, 0), true, true)
    };
    for svid in 0..LOCK_WAITERS_PER_CLIENT_MAX as u32 {
        assert_eq!(manager.lock(of(svid), now), Blocked);
    }
    assert_eq!(manager.lock(of(u32::MAX), now), DeniedNoLocks);
    assert_eq!(manager.lock(of(0), now), Blocked, "one that waits may ask again");
    assert_eq!(manager.lock(request(3, 1, range(0, 0), true, true), now), Blocked);
}
