//! One part of the replay cache: the calls of some clients, within its share of the bounds.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::CallId;
use crate::limits::{REPLAY_RETENTION, REPLAY_SHARD_BYTES_MAX, REPLAY_SHARD_ENTRIES_MAX, REPLAY_WAITERS_MAX};

/// What a shard knows of a call.
pub(super) enum Seen {
    Never,
    Answered(Bytes),
    Running,
    RunningElsewhere(oneshot::Receiver<Bytes>),
}

#[derive(Default)]
pub(super) struct Shard {
    clients: HashMap<IpAddr, Client>,
    /// Replies kept, of all clients.
    replies: usize,
    /// Their bytes.
    bytes: usize,
}

#[derive(Default)]
struct Client {
    calls: HashMap<CallId, State>,
    /// Answered calls, oldest first. One that was forgotten since is still here.
    answered: VecDeque<(CallId, Instant)>,
}

enum State {
    Running { connection: u64, waiters: Vec<oneshot::Sender<Bytes>> },
    Answered { reply: Bytes, at: Instant },
}

impl Shard {
    pub fn begin(&mut self, client: IpAddr, call: CallId, connection: u64, now: Instant) -> Seen {
        let calls = &mut self.clients.entry(client).or_default().calls;
        match calls.get_mut(&call) {
            Some(State::Answered { reply, at }) if now - *at <= REPLAY_RETENTION => {
                return Seen::Answered(reply.clone());
            }
            Some(State::Running { connection: first, waiters }) => {
                waiters.retain(|waiter| !waiter.is_closed());
                if *first == connection || waiters.len() == REPLAY_WAITERS_MAX {
                    return Seen::Running;
                }
                let (sender, receiver) = oneshot::channel();
                waiters.push(sender);
                return Seen::RunningElsewhere(receiver);
            }
            Some(State::Answered { reply, .. }) => {
                self.replies -= 1;
                self.bytes -= reply.len();
            }
            None => {}
        }
        calls.insert(call, State::Running { connection, waiters: Vec::new() });
        Seen::Never
    }

    pub fn answered(&mut self, client: IpAddr, call: CallId, reply: Bytes, now: Instant) {
        let Some(own) = self.clients.get_mut(&client) else { return };
        let Some(state) = own.calls.get_mut(&call) else { return };
        let before = std::mem::replace(state, State::Answered { reply: reply.clone(), at: now });
        own.answered.push_back((call, now));
        self.replies += 1;
        self.bytes += reply.len();
        if let State::Running { waiters, .. } = before {
            for waiter in waiters {
                // A waiter that is gone needs no reply.
                let _ = waiter.send(reply.clone());
            }
        }
        self.drop_expired(client, now);
        while self.replies > REPLAY_SHARD_ENTRIES_MAX || self.bytes > REPLAY_SHARD_BYTES_MAX {
            self.make_room();
        }
    }

    pub fn forget(&mut self, client: IpAddr, call: CallId) {
        let Some(own) = self.clients.get_mut(&client) else { return };
        if matches!(own.calls.get(&call), Some(State::Running { .. })) {
            own.calls.remove(&call);
        }
        if own.calls.is_empty() {
            self.clients.remove(&client);
        }
    }

    fn drop_expired(&mut self, client: IpAddr, now: Instant) {
        while let Some(own) = self.clients.get(&client)
            && own.answered.front().is_some_and(|(_, at)| now - *at > REPLAY_RETENTION)
        {
            self.drop_oldest(client);
        }
    }

    /// Drops a sixteenth of the replies of the client that has most of them.
    fn make_room(&mut self) {
        let largest = self.clients.iter().max_by_key(|(_, own)| own.answered.len());
        let Some((client, count)) = largest.map(|(client, own)| (*client, own.answered.len())) else {
            return;
        };
        for _ in 0..count.div_ceil(16) {
            self.drop_oldest(client);
        }
    }

    fn drop_oldest(&mut self, client: IpAddr) {
        let Some(own) = self.clients.get_mut(&client) else { return };
        let Some((call, at)) = own.answered.pop_front() else { return };
        if let Some(State::Answered { at: newest, .. }) = own.calls.get(&call)
            && *newest == at
            && let Some(State::Answered { reply, .. }) = own.calls.remove(&call)
        {
            self.replies -= 1;
            self.bytes -= reply.len();
        }
        if own.calls.is_empty() {
            self.clients.remove(&client);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const TWO: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn call(xid: u32) -> CallId {
        CallId { xid, checksum: 1 }
    }

    fn run(shard: &mut Shard, client: IpAddr, xid: u32, now: Instant) {
        assert!(matches!(shard.begin(client, call(xid), 1, now), Seen::Never));
        shard.answered(client, call(xid), Bytes::from(vec![7; 100]), now);
    }

    fn is_kept(shard: &mut Shard, client: IpAddr, xid: u32, now: Instant) -> bool {
        match shard.begin(client, call(xid), 1, now) {
            Seen::Answered(reply) => reply.len() == 100,
            _ => {
                shard.forget(client, call(xid));
                false
            }
        }
    }

    #[test]
    fn a_flood_pushes_out_its_own_replies() {
        let (mut shard, now) = (Shard::default(), Instant::now());
        run(&mut shard, TWO, 1, now);
        for xid in 0..3 * REPLAY_SHARD_ENTRIES_MAX as u32 {
            run(&mut shard, ONE, xid, now);
            assert!(shard.replies <= REPLAY_SHARD_ENTRIES_MAX && shard.bytes <= REPLAY_SHARD_BYTES_MAX);
        }
        assert_eq!(shard.bytes, shard.replies * 100);
        assert!(is_kept(&mut shard, TWO, 1, now));
        assert!(!is_kept(&mut shard, ONE, 0, now));
        assert!(is_kept(&mut shard, ONE, 3 * REPLAY_SHARD_ENTRIES_MAX as u32 - 1, now));
    }

    #[test]
    fn replies_expire() {
        let (mut shard, now) = (Shard::default(), Instant::now());
        run(&mut shard, ONE, 1, now);
        assert!(is_kept(&mut shard, ONE, 1, now + REPLAY_RETENTION));
        let late = now + REPLAY_RETENTION + Duration::from_secs(1);
        run(&mut shard, ONE, 1, late);
        assert_eq!((shard.replies, shard.bytes), (1, 100));
        // The first answer's place in the queue must not drop the second answer.
        run(&mut shard, ONE, 2, late);
        assert!(is_kept(&mut shard, ONE, 1, late));
        assert_eq!(shard.replies, 2);
    }

    #[test]
    fn running_calls_are_dropped_here_and_waited_for_elsewhere() {
        let (mut shard, now) = (Shard::default(), Instant::now());
        assert!(matches!(shard.begin(ONE, call(1), 1, now), Seen::Never));
        assert!(matches!(shard.begin(ONE, call(1), 1, now), Seen::Running));
        let Seen::RunningElsewhere(mut waiter) = shard.begin(ONE, call(1), 2, now) else {
            panic!("not waiting")
        };
        let other = CallId { checksum: 2, ..call(1) };
        assert!(matches!(shard.begin(ONE, other, 1, now), Seen::Never));
        assert!(matches!(shard.begin(TWO, call(1), 1, now), Seen::Never));
        shard.answered(ONE, call(1), Bytes::from_static(b"reply"), now);
        assert_eq!(waiter.try_recv().unwrap(), "reply");

        let Seen::RunningElsewhere(mut waiter) = shard.begin(TWO, call(1), 2, now) else {
            panic!("not waiting")
        };
        shard.forget(TWO, call(1));
        assert!(waiter.try_recv().is_err());
        assert!(matches!(shard.begin(TWO, call(1), 2, now), Seen::Never));
    }
}
