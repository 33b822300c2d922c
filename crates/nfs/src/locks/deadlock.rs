//! Whether waiting would never end: whoever is in the way waits, in the end, for who asks.
//!
//! As in POSIX, an owner is one thread of control. A circle that runs through the locks of another server, or through
//! anything but locks, is not seen.

use std::collections::{HashMap, HashSet};

use super::owner::{FileKey, Owner};
use super::range::ByteRange;
use super::table::Table;
use super::waiting::{Waiter, Waiting};

/// Whether `owner` may not wait for this lock.
pub(crate) fn would_never_end(
    table: &Table,
    waiting: &Waiting,
    file: FileKey,
    owner: &Owner,
    range: ByteRange,
    exclusive: bool,
) -> bool {
    let mut requests: HashMap<&Owner, Vec<&Waiter>> = HashMap::new();
    waiting.iter().for_each(|waiter| requests.entry(&*waiter.owner).or_default().push(waiter));
    let mut seen: HashSet<&Owner> = HashSet::new();
    let mut ahead: Vec<&Owner> = holders(table, file, owner, range, exclusive).collect();
    while let Some(holder) = ahead.pop() {
        if *holder == *owner {
            return true;
        }
        if !seen.insert(holder) {
            continue;
        }
        for request in requests.get(holder).into_iter().flatten() {
            ahead.extend(holders(table, request.file, holder, request.range, request.exclusive));
        }
    }
    false
}

fn holders<'a>(
    table: &'a Table,
    file: FileKey,
    owner: &'a Owner,
    range: ByteRange,
    exclusive: bool,
) -> impl Iterator<Item = &'a Owner> {
    let locks = table.file(&file).into_iter();
    locks.flat_map(move |locks| locks.ranges.in_the_way(owner, range, exclusive)).map(|held| &*held.owner)
}
