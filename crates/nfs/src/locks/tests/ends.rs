//! Locks that end without an UNLOCK, and the time after a loss.

use std::sync::Arc;
use std::time::{Duration, Instant};

use holdfast_wire::nlm4::LockStat4::{Blocked, Denied, DeniedGracePeriod, Granted};
use holdfast_wire::nlm4::{ShareAccess, ShareMode};
use uuid::Uuid;

use crate::locks::manager::{Manager, Request};
use crate::locks::owner::{ClientKey, Owner, Scope};
use crate::locks::shares::Share;
use crate::locks::table::Table;
use crate::locks::tests::support::{address, client, contact, file, owner, range, request};

#[test]
fn a_client_that_begins_anew_frees_its_own_locks_only() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let (low, high) = (range(0, 0), range(1, 1));
    manager.lock(request(1, 1, low, true, false), now);
    manager.lock(request(2, 1, high, true, false), now);
    manager.lock(request(3, 1, low, true, true), now);
    let share = Share { owner: owner(1), mode: ShareMode::DenyBoth, access: ShareAccess::Both };
    manager.share(file(2), share, false, contact(1), now);
    manager.take_outbox();
    // Another name, and another machine that uses the name.
    assert_eq!(manager.free_named(b"box2", address(1), now), 0);
    assert_eq!(manager.free_named(b"box1", address(2), now), 0);
    assert_eq!(manager.free_named(b"box1.example", address(1), now), 1);
    assert_eq!(manager.take_outbox().promises.len(), 1, "who waits gets the lock");
    assert!(manager.table().file(&file(2)).is_none());
    assert!(manager.test(file(1), &owner(9), high, true).is_some());
}

#[test]
fn a_newer_state_frees_what_the_older_one_locked() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let of = |byte, state| Request { state, ..request(1, 1, range(byte, byte), true, false) };
    assert_eq!(manager.lock(of(0, 3), now), Granted);
    assert_eq!(manager.lock(of(2, 3), now), Granted);
    // It does not say, or a message is late: nothing.
    assert_eq!(manager.lock(of(4, 0), now), Granted);
    assert_eq!(manager.lock(of(6, 1), now), Granted);
    assert_eq!(manager.table().held(), 4);
    assert_eq!(manager.lock(of(8, 5), now), Granted);
    assert_eq!(manager.table().held(), 1);
    assert_eq!(manager.table().client(&client(1)).map(|known| known.state), Some(5));
}

#[test]
fn an_attachment_ends_with_its_locks_whatever_the_address() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    let attached = |id: u128, from: u8, block| {
        let client =
            ClientKey { scope: Scope::Attachment(Uuid::from_u128(id)), name: b"box".as_slice().into() };
        let owner = Owner { client: Arc::new(client), svid: 1, handle: b"1@box".as_slice().into() };
        let base = request(from, 1, range(0, 0), true, block);
        Request { owner: Arc::new(owner), ..base }
    };
    assert_eq!(manager.lock(attached(1, 1, false), now), Granted);
    // The same sandbox at another address is the same owner; another one of the same image is not.
    assert_eq!(manager.lock(attached(1, 2, false), now), Granted);
    assert_eq!(manager.lock(attached(2, 1, false), now), Denied);
    assert_eq!(manager.lock(attached(2, 1, true), now), Blocked);
    manager.take_outbox();
    assert_eq!(manager.free_attachment(Uuid::from_u128(1), now), 1);
    assert_eq!(manager.take_outbox().promises.len(), 1);
    assert_eq!(manager.free_attachment(Uuid::from_u128(2), now), 1);
    assert_eq!((manager.table().held(), manager.waiting()), (0, 0));
}

#[test]
fn files_and_volumes_take_their_locks_with_them() {
    let (mut manager, now) = (Manager::default(), Instant::now());
    for ino in 1..4 {
        manager.lock(request(1, ino, range(0, 0), true, false), now);
        manager.lock(request(2, ino, range(0, 0), true, true), now);
    }
    manager.free_file(file(1));
    assert_eq!((manager.table().held(), manager.waiting()), (2, 2));
    manager.free_volume(file(1).volume);
    assert_eq!((manager.table().held(), manager.waiting()), (0, 0));
    assert_eq!(manager.table().clients().count(), 0);
}

#[test]
fn after_a_loss_only_old_locks_are_given_out() {
    let now = Instant::now();
    let until = now + Duration::from_secs(30);
    let mut manager = Manager::new(Table::default(), Some(until));
    let byte = range(0, 0);
    let reclaim = |number, block| Request { reclaim: true, ..request(number, 1, byte, true, block) };
    assert_eq!(manager.lock(request(1, 1, byte, true, true), now), DeniedGracePeriod);
    assert_eq!(manager.lock(reclaim(1, false), now), Granted);
    assert_eq!(manager.lock(reclaim(2, true), now), Denied, "two cannot have held it");
    assert_eq!(manager.lock(request(1, 1, byte, true, false), now), Granted, "it has it already");
    let share = |number| Share { owner: owner(number), mode: ShareMode::DenyNone, access: ShareAccess::Read };
    assert_eq!(manager.share(file(2), share(1), false, contact(1), now), DeniedGracePeriod);
    assert_eq!(manager.share(file(2), share(1), true, contact(1), now), Granted);
    assert_eq!(manager.unlock(file(1), &owner(1), byte, now), Granted);
    // Afterwards nothing can be known of what was held before.
    assert_eq!(manager.lock(reclaim(1, false), until), DeniedGracePeriod);
    assert_eq!(manager.lock(request(1, 1, byte, true, false), until), Granted);
    assert_eq!(manager.lock(reclaim(1, false), until), Granted);
}
