//! The table against an array of bytes, and the manager against what must always hold.

use std::time::{Duration, Instant};

use holdfast_wire::nlm4::{LockStat4, ShareAccess, ShareMode};
use proptest::prelude::*;

use crate::locks::change::Change;
use crate::locks::manager::Manager;
use crate::locks::owner::Owner;
use crate::locks::ranges::RangeLocks;
use crate::locks::shares::Share;
use crate::locks::table::Table;
use crate::locks::tests::support::{address, client, contact, file, owner, range, request};

const BYTES: usize = 16;
const OWNERS: usize = 3;

/// What each owner holds of each byte.
type Oracle = [[Option<bool>; BYTES]; OWNERS];

fn check(locks: &RangeLocks, oracle: &Oracle) {
    for (number, bytes) in oracle.iter().enumerate() {
        let who = owner(number as u8);
        let held: Vec<_> = locks.iter().filter(|held| held.owner == who).collect();
        for (byte, wanted) in bytes.iter().enumerate() {
            let mut on = held.iter().filter(|held| held.range.overlaps(range(byte as u64, byte as u64)));
            assert_eq!(on.next().map(|held| held.exclusive), *wanted, "owner {number}, byte {byte}");
            assert!(on.next().is_none(), "two locks of one owner on a byte");
        }
        for pair in held.windows(2) {
            let one = pair[0].exclusive == pair[1].exclusive && pair[0].range.touches(pair[1].range);
            assert!(!one, "neighbours of one kind are one lock");
        }
    }
    assert!(locks.iter().is_sorted_by_key(|held| held.range.start));
}

/// The bytes of a file that reaches past every number: the last of them stands for all that follow.
fn last(byte: usize) -> u64 {
    if byte == BYTES - 1 { u64::MAX } else { byte as u64 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Setting, clearing, splitting, melting and finding who is in the way agree with an array of bytes.
    #[test]
    fn ranges_agree_with_an_array_of_bytes(
        steps in prop::collection::vec((0..3u8, 0..OWNERS, 0..BYTES, 0..BYTES, any::<bool>()), 1..60)
    ) {
        let mut locks = RangeLocks::default();
        let mut oracle: Oracle = [[None; BYTES]; OWNERS];
        for (what, number, one, other, exclusive) in steps {
            let (first, end) = (one.min(other), one.max(other));
            let (who, span) = (owner(number as u8), range(first as u64, last(end)));
            let blocked = oracle.iter().enumerate().any(|(holder, bytes)| {
                holder != number
                    && bytes[first..=end].iter().flatten().any(|held| exclusive || *held)
            });
            prop_assert_eq!(locks.in_the_way(&who, span, exclusive).next().is_some(), blocked);
            let all = oracle[number][first..=end].iter().all(|held| *held == Some(exclusive));
            prop_assert_eq!(locks.holds(&who, span, exclusive), all);
            match what {
                0 => {
                    locks.clear(&who, span);
                    oracle[number][first..=end].fill(None);
                }
                1 => {
                    locks.set(&who, span, exclusive);
                    oracle[number][first..=end].fill(Some(exclusive));
                }
                _ if exclusive => {
                    locks.clear_all(|owner| *owner == *who);
                    oracle[number] = [None; BYTES];
                }
                _ => {}
            }
            check(&locks, &oracle);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Lock { number: u8, ino: u64, first: u64, last: u64, exclusive: bool, block: bool },
    Unlock { number: u8, ino: u64, first: u64, last: u64 },
    Cancel { number: u8, ino: u64, first: u64, last: u64 },
    Share { number: u8, ino: u64, mode: u32, access: u32 },
    Unshare { number: u8, ino: u64 },
    Answer { taken: bool },
    Restart { number: u8 },
    FreeFile { ino: u64 },
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    let (number, ino) = (0..4u8, 1..3u64);
    let ends = (0..8u64, 0..8u64).prop_map(|(one, other)| (one.min(other), one.max(other)));
    let place = (number.clone(), ino.clone(), ends);
    prop_oneof![
        8 => (place.clone(), any::<bool>(), any::<bool>()).prop_map(
            |((number, ino, (first, last)), exclusive, block)| Step::Lock { number, ino, first, last, exclusive, block }
        ),
        5 => place.clone().prop_map(|(number, ino, (first, last))| Step::Unlock { number, ino, first, last }),
        1 => place.prop_map(|(number, ino, (first, last))| Step::Cancel { number, ino, first, last }),
        1 => (number.clone(), ino.clone(), 0..4u32, 0..4u32)
            .prop_map(|(number, ino, mode, access)| Step::Share { number, ino, mode, access }),
        1 => (number.clone(), ino.clone()).prop_map(|(number, ino)| Step::Unshare { number, ino }),
        3 => any::<bool>().prop_map(|taken| Step::Answer { taken }),
        1 => number.prop_map(|number| Step::Restart { number }),
        1 => ino.prop_map(|ino| Step::FreeFile { ino }),
        1 => Just(Step::Wait),
    ]
}

fn take(manager: &mut Manager, step: Step, promised: &mut Vec<u64>, now: &mut Instant) {
    match step {
        Step::Lock { number, ino, first, last, exclusive, block } => {
            let outcome = manager.lock(request(number, ino, range(first, last), exclusive, block), *now);
            let wanted = [LockStat4::Granted, LockStat4::Denied, LockStat4::Blocked, LockStat4::Deadlock];
            assert!(wanted.contains(&outcome) && (block || outcome != LockStat4::Blocked), "{outcome:?}");
        }
        Step::Unlock { number, ino, first, last } => {
            let outcome = manager.unlock(file(ino), &owner(number), range(first, last), *now);
            assert_eq!(outcome, LockStat4::Granted);
        }
        Step::Cancel { number, ino, first, last } => {
            manager.cancel(file(ino), &owner(number), range(first, last), *now);
        }
        Step::Share { number, ino, mode, access } => {
            let mode = ShareMode::from_u32(mode).unwrap();
            let share = Share { owner: owner(number), mode, access: ShareAccess::from_u32(access).unwrap() };
            manager.share(file(ino), share, false, contact(number), *now);
        }
        Step::Unshare { number, ino } => manager.unshare(file(ino), &owner(number)),
        Step::Answer { taken } => match promised.pop() {
            Some(id) if taken => manager.taken(id),
            Some(id) => drop(manager.not_taken(id, *now)),
            None => {}
        },
        Step::Restart { number } => {
            manager.free_named(&client(number).name, address(number), *now);
        }
        Step::FreeFile { ino } => manager.free_file(file(ino)),
        Step::Wait => *now += Duration::from_secs(40),
    }
}

/// What holds after every step.
fn check_manager(manager: &Manager, now: Instant) {
    for ino in 1..3 {
        let Some(locks) = manager.table().file(&file(ino)) else { continue };
        let held: Vec<_> = locks.ranges.iter().collect();
        for one in &held {
            let other = locks.ranges.in_the_way(&one.owner, one.range, one.exclusive).next();
            assert!(other.is_none(), "{one:?} and {other:?}");
        }
    }
    for waiter in manager.waiting.iter().filter(|waiter| now < waiter.expires) {
        let free = manager.test(waiter.file, &waiter.owner, waiter.range, waiter.exclusive).is_none();
        assert!(!free, "{waiter:?} waits for nobody");
    }
    let (mut by_client, mut all) = (std::collections::HashMap::new(), 0);
    let mut count = |owner: &Owner| {
        *by_client.entry(owner.client.clone()).or_insert(0) += 1;
        all += 1;
    };
    for locks in (1..3).filter_map(|ino| manager.table().file(&file(ino))) {
        locks.ranges.iter().for_each(|held| count(&held.owner));
        locks.shares.iter().for_each(|share| count(&share.owner));
    }
    assert_eq!((manager.table().held(), manager.table().held_in(file(1).volume)), (all, all));
    let known: std::collections::HashMap<_, _> =
        manager.table().clients().map(|(client, known)| (client.clone(), known.held)).collect();
    assert_eq!(known, by_client);
}

/// A table's content, in one order.
fn content(table: &Table) -> Vec<String> {
    let mut content: Vec<_> = table.snapshot().iter().map(|change| format!("{change:?}")).collect();
    content.sort();
    content
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// No two locks exclude each other, nobody waits for nothing, counts are exact, and the changes that come out make
    /// the same table again.
    #[test]
    fn any_history_keeps_the_rules(steps in prop::collection::vec(step(), 1..80)) {
        let (mut manager, mut now) = (Manager::default(), Instant::now());
        let (mut replayed, mut promised) = (Table::default(), Vec::new());
        for step in steps {
            take(&mut manager, step, &mut promised, &mut now);
            let outbox = manager.take_outbox();
            outbox.changes.iter().for_each(|change: &Change| replayed.apply(change));
            promised.extend(outbox.promises.iter().map(|promise| promise.id));
            check_manager(&manager, now);
            prop_assert_eq!(content(&replayed), content(manager.table()));
        }
        let mut again = Table::default();
        manager.table().snapshot().iter().for_each(|change| again.apply(change));
        prop_assert_eq!(content(&again), content(manager.table()));
    }
}
