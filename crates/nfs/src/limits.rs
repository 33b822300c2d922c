//! The front end's own bounds, beside those of [`holdfast_base::limits`] that several crates share.

use std::time::Duration;

use holdfast_base::limits::{CONNECTION_BYTES_MAX, NFS_IO_MAX_BYTES};

/// Least room for one receive; a connection that fills it gets more.
pub(crate) const RECEIVE_MIN_BYTES: usize = 4 << 10;
/// Most room for one receive of small records; a large record gets what it needs.
pub(crate) const RECEIVE_MAX_BYTES: usize = 64 << 10;
/// Reply bytes that are sent before another call begins: what can go out does not wait for what comes later.
pub(crate) const SEND_EARLY_BYTES: usize = 256 << 10;
/// A send buffer that has grown past this is given back when it is empty.
pub(crate) const SEND_BUFFER_KEEP_BYTES: usize = 256 << 10;
/// A half-received record and replies that the peer does not take close the connection after this time, at most
/// twice of it.
pub(crate) const PEER_STALL_MAX: Duration = Duration::from_secs(60);
/// How long the calls of a connection that has ended may take to finish.
pub(crate) const FINISH_CALLS_MAX: Duration = Duration::from_secs(60);
/// How long the calls of a server that drains may take to finish and to be answered.
pub(crate) const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Quiet time before the first TCP keepalive probe.
pub(crate) const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
/// Time between two TCP keepalive probes.
pub(crate) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// Unanswered TCP keepalive probes that end a connection.
pub(crate) const KEEPALIVE_PROBES: u32 = 4;
/// Connections that wait to be accepted.
pub(crate) const LISTEN_BACKLOG: u32 = 1024;
/// Longest datagram of PORTMAP and NSM, bytes: two names of the longest kind and some numbers.
pub(crate) const DATAGRAM_MAX_BYTES: usize = 4 << 10;
/// Pause after an error of accept, which may be a lack of file descriptors.
pub(crate) const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Longest path of MNT, bytes (RFC 1813 section 5.1.3, MNTPATHLEN).
pub(crate) const MOUNT_PATH_MAX_BYTES: usize = 1024;
/// Mounts remembered for DUMP; the oldest is forgotten for the next.
pub(crate) const MOUNTS_MAX: usize = 1024;
/// Most entries in one answer of EXPORT.
pub(crate) const EXPORT_LIST_MAX: usize = 4096;

/// Preferred READDIR reply, bytes (FSINFO dtpref).
pub(crate) const READDIR_PREFERRED_BYTES: u32 = 64 << 10;

/// Independent parts of the replay cache; a client's calls are all in one.
pub(crate) const REPLAY_SHARDS: usize = 16;
/// Replies kept in one part of the replay cache.
pub(crate) const REPLAY_SHARD_ENTRIES_MAX: usize = 16 << 10;
/// Bytes of replies kept in one part of the replay cache.
pub(crate) const REPLAY_SHARD_BYTES_MAX: usize = 8 << 20;
/// How long a reply may be replayed. Within the bounds above a reply lives this long; longer only raises the risk that
/// a client has begun its transaction ids anew.
pub(crate) const REPLAY_RETENTION: Duration = Duration::from_secs(300);
/// Connections that may wait for the end of one running call which they have retransmitted.
pub(crate) const REPLAY_WAITERS_MAX: usize = 8;

/// A request for a lock that is not repeated for this long is out of its line. Linux repeats it every 30 s.
pub(crate) const LOCK_WAIT_MAX: Duration = Duration::from_secs(180);
/// A client that was told of its lock, and has not said otherwise for this long, has it.
pub(crate) const LOCK_PROMISE_MAX: Duration = Duration::from_secs(60);
/// How long only old locks are given out after a loss: Linux reclaims within seconds of a NOTIFY.
pub(crate) const LOCK_GRACE: Duration = Duration::from_secs(30);
/// Most locked files that are looked at, whether they still exist, when a request finds no room.
pub(crate) const LOCK_SWEEP_FILES_MAX: usize = 64;
/// How long the lock log may take to end.
pub(crate) const LOCK_END_MAX: Duration = Duration::from_secs(5);
/// How long a connection to a client may take.
pub(crate) const CALLBACK_CONNECT_MAX: Duration = Duration::from_secs(2);
/// How long a client may take to answer a call.
pub(crate) const CALLBACK_CALL_MAX: Duration = Duration::from_secs(3);
/// Longest answer of a client, bytes: a cookie and a status.
pub(crate) const CALLBACK_REPLY_MAX_BYTES: usize = 4 << 10;
/// The pauses before each attempt to call a client.
pub(crate) const CALLBACK_ATTEMPTS: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)];

const _: () = assert!(RECEIVE_MIN_BYTES <= RECEIVE_MAX_BYTES);
// A full receive buffer and one largest reply leave room, or a connection could stop for ever.
const _: () = assert!(RECEIVE_MAX_BYTES + 2 * NFS_IO_MAX_BYTES as usize <= CONNECTION_BYTES_MAX);
const _: () = assert!(READDIR_PREFERRED_BYTES <= NFS_IO_MAX_BYTES);
