//! Every bound in one table. A queue, cache, body, list or retry without a row here is a defect.
//!
//! Units are in the names. Constants that depend on each other are compared at compile time below.

use std::time::Duration;

/// Longest name of a directory entry, bytes (POSIX NAME_MAX).
pub const NAME_MAX_BYTES: usize = 255;
/// Longest path and longest symbolic link target, bytes (POSIX PATH_MAX).
pub const PATH_MAX_BYTES: usize = 4096;
/// Most hard links to one inode (PATHCONF linkmax).
pub const LINK_MAX: u32 = 65_000;
/// Most symbolic links followed while one path is resolved over HTTP.
pub const SYMLINK_DEPTH_MAX: usize = 40;
/// Largest file offset plus one: 2^63 - 1.
pub const FILE_SIZE_MAX_BYTES: u64 = i64::MAX as u64;

/// Largest READ and WRITE payload, bytes (FSINFO rtmax and wtmax).
pub const NFS_IO_MAX_BYTES: u32 = 1 << 20;
/// Largest RPC record accepted, bytes: one WRITE and its headers.
pub const RPC_RECORD_MAX_BYTES: usize = NFS_IO_MAX_BYTES as usize + 4096;
/// Most fragments in one RPC record.
pub const RPC_FRAGMENTS_MAX: usize = 32;
/// Most requests of one connection that run at once; past it the connection is not read.
pub const CONNECTION_IN_FLIGHT_MAX: usize = 256;
/// Most request and reply bytes of one connection held at once; past it the connection is not read.
pub const CONNECTION_BYTES_MAX: usize = 16 << 20;
/// Most NFS connections of one server.
pub const CONNECTIONS_MAX: usize = 4096;

/// Bytes of data that share one checksum in a segment, and the largest extent.
pub const FRAME_MAX_BYTES: usize = 128 << 10;
/// Writes of at least this many bytes go to a segment file; smaller ones travel in the journal record.
pub const BULK_WRITE_MIN_BYTES: usize = 64 << 10;
/// File bytes covered by one extent page of the index.
pub const EXTENT_PAGE_SPAN_BYTES: u64 = 8 << 20;
/// Size of one reused buffer for reading a run of frames from a local segment file, bytes.
pub const READ_BUFFER_BYTES: usize = 5 << 18;
/// Such buffers kept for reuse on the whole node.
pub const READ_BUFFERS_MAX: usize = 16;
/// Bulk writes of one volume that are in hand at once, from the copy to the sync; the next ones wait.
pub const VOLUME_BULK_WRITES_MAX: usize = 8;
/// Copies and syncs of bulk data that go on at once on the whole node, at most two of one volume.
pub const BULK_STEPS_MAX: usize = 4;
/// Bytes of an upload after which it waits until they are on stable storage.
pub const UPLOAD_WRITE_BACK_BYTES: u64 = 4 << 20;
/// A segment is sealed when it reaches this many bytes.
pub const SEGMENT_MAX_BYTES: u64 = 64 << 20;
/// Size of one journal segment file.
pub const JOURNAL_SEGMENT_BYTES: u64 = 64 << 20;
/// Journal bytes held in memory before they are written; past it operations wait.
pub const JOURNAL_BUFFER_MAX_BYTES: usize = 16 << 20;
/// Journal bytes in memory that a lone waiter writes by itself; more is left to the journal's thread.
pub const JOURNAL_ALONE_MAX_BYTES: usize = 64 << 10;
/// Journal bytes on disk past which every volume with old records is checkpointed.
pub const JOURNAL_SOFT_MAX_BYTES: u64 = 1 << 30;
/// Journal bytes on disk past which operations wait for a checkpoint.
pub const JOURNAL_HARD_MAX_BYTES: u64 = 2 << 30;
/// Spare journal segments kept for reuse.
pub const JOURNAL_SPARE_SEGMENTS_MAX: usize = 8;
/// Volumes that are checkpointed at once.
pub const CHECKPOINTS_MAX: usize = 4;
/// How long a volume whose checkpoint failed is left alone.
pub const CHECKPOINT_RETRY: Duration = Duration::from_secs(1);
/// How often the journal is shipped to the object store where nobody waits for it, milliseconds.
pub const SHIP_EVERY_MS: u64 = 1000;
/// Bytes of the journal in one shipping object (a single larger write goes alone), and most bytes of segment files in it.
pub const SHIP_OBJECT_MAX_BYTES: u64 = 8 << 20;
/// Bytes of one segment that are put into the store as the segment rather than inside a shipping object.
pub const SHIP_CARRIED_MAX_BYTES: u64 = 4 << 20;
/// Longest wait of an answer of class `object` for the object store, seconds.
pub const OBJECT_WAIT_SECONDS: u64 = 15;
/// Pause before an answer's shipping is tried again, milliseconds.
pub const SHIP_RETRY_MS: u64 = 250;
/// Inline data bytes of one volume in memory that start a checkpoint.
pub const CHECKPOINT_INLINE_BYTES: usize = 48 << 20;
/// Changed index entries of one volume in memory that start a checkpoint.
pub const CHECKPOINT_ENTRIES: usize = 100_000;
/// Bytes of a volume in segment files on the local disk only that start a checkpoint.
pub const CHECKPOINT_SPOOL_BYTES: u64 = 512 << 20;
/// Oldest change of a volume, seconds, that starts a checkpoint.
pub const CHECKPOINT_AGE_SECONDS: u64 = 10;
/// Inline data bytes of one volume past which its changes are slowed down.
pub const VOLUME_DIRTY_SOFT_BYTES: u64 = 96 << 20;
/// Inline data bytes of one volume past which its writers wait for the running checkpoint.
pub const VOLUME_DIRTY_MAX_BYTES: u64 = 192 << 20;
/// Changed index entries of one volume past which its changes are slowed down.
pub const VOLUME_DIRTY_SOFT_ENTRIES: u64 = 250_000;
/// Changed index entries of one volume past which its writers wait for the running checkpoint.
pub const VOLUME_DIRTY_MAX_ENTRIES: u64 = 500_000;
/// Inline data bytes of all volumes of a node past which those that hold much are slowed down.
pub const NODE_DIRTY_SOFT_BYTES: u64 = 256 << 20;
/// Inline data bytes of all volumes of a node at which each is left its least share.
pub const NODE_DIRTY_MAX_BYTES: u64 = 768 << 20;
/// The part of its own bounds that a volume keeps when the node is full.
pub const NODE_SHARE_LEAST: f64 = 1.0 / 16.0;
/// Journal bytes of one volume that no checkpoint has put away, past which its changes are slowed down.
pub const VOLUME_JOURNAL_SOFT_BYTES: u64 = 512 << 20;
/// The same, past which its writers wait.
pub const VOLUME_JOURNAL_MAX_BYTES: u64 = 1 << 30;
/// Longest that one change is delayed by back-pressure short of a hard bound.
pub const WRITE_DELAY_MAX: Duration = Duration::from_millis(200);
/// Uploaded segments whose local file stays as a read cache, on the whole node (64 MiB each).
pub const KEPT_SEGMENTS_MAX: usize = 48;
/// Bytes of a volume in segment files not yet in the store past which its bulk writes are slowed down.
pub const VOLUME_SPOOL_SOFT_BYTES: u64 = 2 << 30;
/// The same, past which its bulk writes wait.
pub const VOLUME_SPOOL_MAX_BYTES: u64 = 4 << 30;
/// Most keys in a volume's key ring: its own and those of its ancestors.
pub const KEY_RING_MAX_KEYS: usize = 1025;
/// Longest data key as a master key or a key-management service wraps it, bytes.
pub const WRAPPED_KEY_MAX_BYTES: usize = 8192;
/// Volumes held open at once; the least recently used idle one is closed for the next.
pub const OPEN_VOLUMES_MAX: usize = 1024;
/// A volume without operations for this long is closed.
pub const VOLUME_IDLE_SECONDS: u64 = 300;
/// Inodes that are made between two openings of a volume: each opening numbers them from a start of its own, so
/// that no number that a client saw is given out again, whatever a crash took back.
pub const INODES_PER_OPENING_MAX: u64 = 1 << 32;
/// Differences that a check tells one by one; it counts them all.
pub const CHECK_PROBLEMS_MAX: usize = 1000;
/// Bytes of a volume that died in its segments before it looks for segments to rewrite.
pub const REWRITE_AFTER_BYTES: u64 = 64 << 20;
/// Live bytes that one look moves at most, or a segment more.
pub const REWRITE_MAX_BYTES: u64 = 256 << 20;
/// Pieces of files that one look moves at most, or a run of rows more.
pub const REWRITE_MAX_PIECES: usize = 200_000;
/// Segments below this many bytes are merged,
pub const REWRITE_SMALL_BYTES: u64 = 8 << 20;
/// once there are this many of them.
pub const REWRITE_SMALL_SEGMENTS: usize = 16;
/// Seconds between two collections of what was given up.
pub const COLLECT_SECONDS: u64 = 30;
/// Collections from one sweep of the whole store to the next: a day's.
pub const SWEEP_ROUNDS: u64 = 24 * 3600 / COLLECT_SECONDS;
/// Snapshots of one volume.
pub const SNAPSHOTS_MAX: u64 = 1000;
/// Longest name of a snapshot, bytes.
pub const SNAPSHOT_NAME_MAX_BYTES: usize = 250;
/// Snapshots held open for reading at once; the least recently used idle one is closed for the next.
pub const OPEN_SNAPSHOTS_MAX: usize = 256;
/// Entries in one answer of a directory listing inside the engine.
pub const LIST_PAGE_MAX_ENTRIES: usize = 4096;
/// Bytes of one extended header in a tar archive (long names and the like).
pub const TAR_EXTENDED_MAX_BYTES: u64 = 1 << 20;
/// Files of at most this size are imported many at once; larger ones one at a time.
pub const TAR_SMALL_FILE_MAX_BYTES: u64 = 256 << 10;
/// Small files of one import that are written at once.
pub const TAR_IMPORTS_AT_ONCE: usize = 32;
/// Files of at most this size are read whole before they go into an export, and read again if they changed.
pub const TAR_STEADY_FILE_MAX_BYTES: u64 = 1 << 20;
/// Files with several names that one export remembers.
pub const TAR_LINKS_MAX: usize = 100_000;
/// API keys whose rate of requests is remembered at once.
pub const RATE_BUCKETS_MAX: usize = 10_000;
/// Entries in one list of a volume through E2B's API, which has no pages.
pub const VOLUME_LIST_MAX_ENTRIES: usize = 100_000;

/// Live attachments of one filesystem.
pub const ATTACHMENTS_PER_FILESYSTEM_MAX: u64 = 1000;
/// Networks that one attachment is bound to.
pub const ATTACHMENT_NETWORKS_MAX: usize = 32;
/// Longest text that says who an attachment is for, bytes.
pub const ATTACHMENT_OWNER_MAX_BYTES: usize = 250;
/// Longest life of an attachment that expires: a year.
pub const ATTACHMENT_LIFETIME_MAX: Duration = Duration::from_secs(31_536_000);
/// How often the server looks for attachments that ended by themselves or through another server.
pub const ATTACHMENT_POLL: Duration = Duration::from_millis(500);
/// How often the times of last use of attachments are written down.
pub const ATTACHMENT_ACTIVITY_EVERY: Duration = Duration::from_secs(30);
/// How long an attachment that has ended is kept, for every server to hear of it.
pub const ATTACHMENT_ENDED_KEPT: Duration = Duration::from_secs(60);
/// Attachments whose state a node has in memory; the next one takes the place of another.
pub const ATTACHMENTS_KNOWN_MAX: usize = 65_536;
/// Directories above one in a part of a filesystem that are looked at for whether it is still in that part.
pub const ATTACHMENT_DEPTH_MAX: usize = 4096;

/// Longest name by which a client of the lock manager calls itself, bytes.
pub const LOCK_CLIENT_NAME_MAX_BYTES: usize = 255;
/// Longest name of a lock's owner within its client, bytes.
pub const LOCK_OWNER_MAX_BYTES: usize = 255;
/// Most locks and share reservations of one client.
pub const LOCKS_PER_CLIENT_MAX: usize = 8192;
/// Most locks and share reservations in one volume.
pub const LOCKS_PER_VOLUME_MAX: usize = 32_768;
/// Most locks and share reservations of a node.
pub const LOCKS_MAX: usize = 262_144;
/// Most requests that wait for locks of one file.
pub const LOCK_WAITERS_PER_FILE_MAX: usize = 1024;
/// Most requests of one client that wait for locks.
pub const LOCK_WAITERS_PER_CLIENT_MAX: usize = 256;
/// Most requests of a node that wait for locks.
pub const LOCK_WAITERS_MAX: usize = 16_384;
/// Most calls to clients of the lock manager that run at once.
pub const LOCK_CALLBACKS_MAX: usize = 64;
/// Longest record of the lock log, bytes: two names and some numbers.
pub const LOCK_RECORD_MAX_BYTES: usize = 1024;
/// The lock log is never written anew below this size, bytes.
pub const LOCK_LOG_MIN_BYTES: u64 = 1 << 20;
/// The lock log is written anew when it has grown to so many times what it said last time.
pub const LOCK_LOG_GROWTH_MAX: u64 = 4;

/// Longest wait of an operation for room in the journal or in its volume, milliseconds; then it fails as unavailable.
/// Shorter than a client's own time-out, so that the client hears "later" rather than nothing.
pub const ADMISSION_TIMEOUT_MS: u64 = 15_000;

/// Time for one attempt of a store call, milliseconds, beside what its bytes take.
pub const STORE_ATTEMPT_TIMEOUT_MS: u64 = 10_000;
/// Slowest transfer that is waited for, bytes per second: the time for an attempt grows with its bytes.
pub const STORE_MIN_BYTES_PER_SECOND: u64 = 1 << 20;
/// Most attempts of one store call.
pub const STORE_ATTEMPTS_MAX: u32 = 4;
/// First pause between two attempts, milliseconds; each further one is twice as long.
pub const STORE_BACKOFF_MIN_MS: u64 = 50;
/// Longest pause between two attempts, milliseconds.
pub const STORE_BACKOFF_MAX_MS: u64 = 2_000;
/// Retries that may be saved up: when they are used up, calls fail at their first attempt.
pub const STORE_RETRY_BUDGET_MAX: u32 = 50;
/// Successful calls that earn one retry: retries add at most a tenth to the load of a store in trouble.
pub const STORE_CALLS_PER_RETRY: u32 = 10;
/// Failed attempts in a row that open a store's circuit.
pub const STORE_CIRCUIT_FAILURES: u32 = 8;
/// First pause of an open circuit before a call may try the store, milliseconds; doubled while that fails.
pub const STORE_CIRCUIT_PAUSE_MIN_MS: u64 = 500;
/// Longest pause of an open circuit, milliseconds.
pub const STORE_CIRCUIT_PAUSE_MAX_MS: u64 = 10_000;
/// Largest body that is read into memory to check its length; longer ones are checked while they stream.
pub const STORE_BODY_BUFFER_MAX_BYTES: u64 = SEGMENT_MAX_BYTES + (1 << 20);
/// Objects in one page of a listing.
pub const STORE_LIST_PAGE_OBJECTS: usize = 1000;
/// Objects deleted at once.
pub const STORE_DELETES_AT_ONCE: usize = 16;

const _: () = assert!(BULK_WRITE_MIN_BYTES <= FRAME_MAX_BYTES);
const _: () = assert!(FRAME_MAX_BYTES as u64 <= EXTENT_PAGE_SPAN_BYTES);
const _: () = assert!(NFS_IO_MAX_BYTES as usize <= JOURNAL_BUFFER_MAX_BYTES);
const _: () = assert!(RPC_RECORD_MAX_BYTES <= CONNECTION_BYTES_MAX);
const _: () = assert!((CHECKPOINT_INLINE_BYTES as u64) < VOLUME_DIRTY_SOFT_BYTES);
const _: () = assert!(VOLUME_DIRTY_SOFT_BYTES < VOLUME_DIRTY_MAX_BYTES);
const _: () = assert!((CHECKPOINT_ENTRIES as u64) < VOLUME_DIRTY_SOFT_ENTRIES);
const _: () = assert!(VOLUME_DIRTY_SOFT_ENTRIES < VOLUME_DIRTY_MAX_ENTRIES);
const _: () = assert!(VOLUME_DIRTY_MAX_BYTES <= NODE_DIRTY_MAX_BYTES);
const _: () = assert!(CHECKPOINT_SPOOL_BYTES < VOLUME_SPOOL_SOFT_BYTES);
const _: () = assert!(VOLUME_SPOOL_SOFT_BYTES < VOLUME_SPOOL_MAX_BYTES);
const _: () = assert!(VOLUME_JOURNAL_SOFT_BYTES < VOLUME_JOURNAL_MAX_BYTES);
const _: () = assert!(VOLUME_JOURNAL_MAX_BYTES <= JOURNAL_HARD_MAX_BYTES);
const _: () = assert!(JOURNAL_SOFT_MAX_BYTES < JOURNAL_HARD_MAX_BYTES);
const _: () = assert!(SHIP_CARRIED_MAX_BYTES <= SHIP_OBJECT_MAX_BYTES);
const _: () = assert!(JOURNAL_SEGMENT_BYTES < JOURNAL_SOFT_MAX_BYTES);
const _: () = assert!(LOCK_CLIENT_NAME_MAX_BYTES + LOCK_OWNER_MAX_BYTES + 128 <= LOCK_RECORD_MAX_BYTES);
const _: () = assert!(LOCKS_PER_CLIENT_MAX <= LOCKS_PER_VOLUME_MAX && LOCKS_PER_VOLUME_MAX <= LOCKS_MAX);
const _: () = assert!(LOCK_WAITERS_PER_FILE_MAX <= LOCK_WAITERS_MAX);
const _: () = assert!(STORE_BACKOFF_MIN_MS <= STORE_BACKOFF_MAX_MS);
const _: () = assert!(STORE_CIRCUIT_PAUSE_MIN_MS <= STORE_CIRCUIT_PAUSE_MAX_MS);
const _: () = assert!(STORE_CIRCUIT_FAILURES > STORE_ATTEMPTS_MAX);
