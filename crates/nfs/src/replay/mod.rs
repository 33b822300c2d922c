//! The replay cache: a retransmitted call that must not run twice gets the reply that its first transmission got.
//!
//! A call is known by the client's address without its port, so that it is known again after a reconnect, by its
//! transaction id, and by a checksum of all its bytes, because transaction ids begin anew when a client does. While
//! the first transmission runs, a second one on the same connection is dropped (its reply will come), and one on
//! another connection waits for the same reply (the first connection is likely gone).
//!
//! In memory and bounded. A client that floods it pushes out its own replies first. A restart of the server loses it.

mod shard;

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::connection::Peer;
use crate::limits::REPLAY_SHARDS;
use shard::Shard;

/// What identifies a call among those of its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CallId {
    xid: u32,
    checksum: u64,
}

/// What is to be done with a call.
#[derive(Debug)]
pub(crate) enum Seen {
    /// Run it, and say how it ended.
    Never(Ticket),
    /// Send this record again.
    Answered(Bytes),
    /// Nothing: the first transmission will be answered on this connection.
    Running,
    /// Send the record that comes from here, if one comes.
    RunningElsewhere(oneshot::Receiver<Bytes>),
}

/// The right to run a call. Dropped without an answer, the call may be run again.
#[derive(Debug)]
pub(crate) struct Ticket {
    client: IpAddr,
    call: CallId,
}

/// The replies of all clients.
pub(crate) struct Replays {
    shards: [Mutex<Shard>; REPLAY_SHARDS],
    hasher: RandomState,
}

impl Default for Replays {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

impl Replays {
    /// Enters a call, given its whole record.
    pub fn begin(&self, peer: &Peer, xid: u32, record: &[u8]) -> Seen {
        let call = CallId { xid, checksum: self.hasher.hash_one(record) };
        let client = peer.address.ip();
        match self.shard(client).lock().begin(client, call, peer.id, Instant::now()) {
            shard::Seen::Never => Seen::Never(Ticket { client, call }),
            shard::Seen::Answered(reply) => Seen::Answered(reply),
            shard::Seen::Running => Seen::Running,
            shard::Seen::RunningElsewhere(reply) => Seen::RunningElsewhere(reply),
        }
    }

    /// Keeps the reply of a call and gives it to those who wait for it.
    pub fn answered(&self, ticket: &Ticket, reply: &Bytes) {
        self.shard(ticket.client).lock().answered(ticket.client, ticket.call, reply, Instant::now());
    }

    /// Forgets a call that has no reply worth keeping, if it has not been answered.
    pub fn forget(&self, ticket: &Ticket) {
        self.shard(ticket.client).lock().forget(ticket.client, ticket.call);
    }

    fn shard(&self, client: IpAddr) -> &Mutex<Shard> {
        &self.shards[self.hasher.hash_one(client) as usize % REPLAY_SHARDS]
    }
}
