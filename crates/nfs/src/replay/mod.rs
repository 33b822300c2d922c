//! The replay cache: a retransmitted call that must not run twice gets the reply that its first transmission got.
//!
//! A call is known by the client's address without its port, so that it is known again after a reconnect, by its
//! transaction id, and by a checksum of procedure, user and arguments, because transaction ids begin anew when a client does. While
//! the first transmission runs, a second one on the same connection is dropped (its reply will come), and one on
//! another connection waits for the same reply (the first connection is likely gone).
//!
//! In memory and bounded. A client that floods it pushes out its own replies first. A restart of the server loses it.

mod shard;

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use holdfast_engine::Caller;
use parking_lot::Mutex;
use tokio::sync::oneshot;

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
pub(crate) struct Ticket {
    shards: Arc<Shards>,
    client: IpAddr,
    call: CallId,
}

impl Ticket {
    /// Keeps the reply and gives it to those who wait for it.
    pub fn answered(self, reply: Bytes) {
        self.shards.of(self.client).lock().answered(self.client, self.call, reply, Instant::now());
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Does nothing to a call that has been answered.
        self.shards.of(self.client).lock().forget(self.client, self.call);
    }
}

/// The replies of all clients.
#[derive(Default)]
pub(crate) struct Replays {
    shards: Arc<Shards>,
}

#[derive(Default)]
struct Shards {
    shards: [Mutex<Shard>; REPLAY_SHARDS],
    hasher: RandomState,
}

impl Shards {
    fn of(&self, client: IpAddr) -> &Mutex<Shard> {
        &self.shards[self.hasher.hash_one(client) as usize % REPLAY_SHARDS]
    }
}

impl Replays {
    /// Enters a call.
    pub fn begin(&self, peer: &Peer, xid: u32, procedure: u32, caller: &Caller, args: &[u8]) -> Seen {
        let checksum = self.shards.hasher.hash_one((procedure, caller.uid, caller.gid, args));
        let call = CallId { xid, checksum };
        let client = peer.address.ip();
        match self.shards.of(client).lock().begin(client, call, peer.id, Instant::now()) {
            shard::Seen::Never => Seen::Never(Ticket { shards: Arc::clone(&self.shards), client, call }),
            shard::Seen::Answered(reply) => Seen::Answered(reply),
            shard::Seen::Running => Seen::Running,
            shard::Seen::RunningElsewhere(reply) => Seen::RunningElsewhere(reply),
        }
    }
}
