//! The states of attachments, in memory, bounded.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use holdfast_base::limits::ATTACHMENTS_KNOWN_MAX;
use holdfast_base::{AttachmentId, Timestamp};
use parking_lot::RwLock;

use super::Attached;

/// Stands for no time: before every use.
const NEVER: i64 = i64::MIN;

/// An attachment that may be used.
#[derive(Debug)]
pub(crate) struct Live {
    pub attached: Attached,
    /// Seconds since the epoch of the last use.
    used: AtomicI64,
    /// The one that was given out last.
    told: AtomicI64,
}

impl Live {
    /// Notes a use.
    pub fn touch(&self, now: Timestamp) {
        // A store of what is there already would take the line from the other cores.
        if self.used.load(Ordering::Relaxed) < now.seconds {
            self.used.fetch_max(now.seconds, Ordering::Relaxed);
        }
    }

    pub(super) fn last_activity(&self) -> Option<Timestamp> {
        let seconds = self.used.load(Ordering::Relaxed);
        (seconds != NEVER).then_some(Timestamp { seconds, nanos: 0 })
    }

    fn take_activity(&self) -> Option<Timestamp> {
        let used = self.last_activity()?;
        (self.told.swap(used.seconds, Ordering::Relaxed) != used.seconds).then_some(used)
    }
}

/// What is known of an attachment.
#[derive(Clone, Debug)]
pub(super) enum State {
    Live(Arc<Live>),
    Ended,
}

/// All states.
#[derive(Debug, Default)]
pub(super) struct Table {
    states: RwLock<HashMap<AttachmentId, State>>,
}

impl Table {
    pub fn get(&self, id: AttachmentId) -> Option<State> {
        self.states.read().get(&id).cloned()
    }

    pub fn set(&self, id: AttachmentId, state: State) {
        let states = &mut *self.states.write();
        make_room(states, id);
        states.insert(id, state);
    }

    /// What is known of an attachment that was just found to be live: it may have ended since it was looked up.
    pub fn learn(&self, attached: Attached) -> State {
        let states = &mut *self.states.write();
        let id = attached.id;
        make_room(states, id);
        let new = || {
            let (used, told) = (AtomicI64::new(NEVER), AtomicI64::new(NEVER));
            State::Live(Arc::new(Live { attached, used, told }))
        };
        states.entry(id).or_insert_with(new).clone()
    }

    pub fn take_activity(&self) -> Vec<(AttachmentId, Timestamp)> {
        let states = self.states.read();
        let live = states.iter().filter_map(|(id, state)| match state {
            State::Live(live) => Some((*id, live.take_activity()?)),
            State::Ended => None,
        });
        live.collect()
    }
}

/// What is forgotten is asked for again: those that have ended first, and without any, whichever.
fn make_room(states: &mut HashMap<AttachmentId, State>, id: AttachmentId) {
    if states.len() < ATTACHMENTS_KNOWN_MAX || states.contains_key(&id) {
        return;
    }
    states.retain(|_, state| matches!(state, State::Live(_)));
    if states.len() >= ATTACHMENTS_KNOWN_MAX
        && let Some(any) = states.keys().next().copied()
    {
        states.remove(&any);
    }
}

#[cfg(test)]
mod tests {
    use holdfast_base::{UidPolicy, VolumeId};
    use uuid::Uuid;

    use super::*;

    fn attached(id: u128) -> Attached {
        Attached {
            id: AttachmentId(Uuid::from_u128(id)),
            volume: VolumeId(Uuid::nil()),
            read_only: false,
            directory: None,
            uid_policy: UidPolicy::Root,
            networks: Vec::new(),
            expires_at: None,
        }
    }

    #[test]
    fn what_ended_while_it_was_looked_up_has_ended() {
        let table = Table::default();
        table.set(attached(1).id, State::Ended);
        assert!(matches!(table.learn(attached(1)), State::Ended));
        assert!(matches!(table.learn(attached(2)), State::Live(_)));
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_ended_first() {
        let table = Table::default();
        table.learn(attached(0));
        for id in 1..=ATTACHMENTS_KNOWN_MAX as u128 {
            table.set(attached(id).id, State::Ended);
        }
        assert!(table.get(attached(0).id).is_some());
        assert!(table.states.read().len() <= 2);
        for id in 1..=ATTACHMENTS_KNOWN_MAX as u128 + 5 {
            table.learn(attached(id));
        }
        assert_eq!(table.states.read().len(), ATTACHMENTS_KNOWN_MAX);
    }

    #[test]
    fn each_use_is_told_once() {
        let table = Table::default();
        let State::Live(live) = table.learn(attached(1)) else { panic!("it is live") };
        assert!(table.take_activity().is_empty());
        let at = |seconds| Timestamp { seconds, nanos: 5 };
        live.touch(at(7));
        live.touch(at(6));
        let told = Timestamp { seconds: 7, nanos: 0 };
        assert_eq!(table.take_activity(), [(attached(1).id, told)]);
        assert!(table.take_activity().is_empty());
        assert_eq!(live.last_activity(), Some(told));
    }
}
