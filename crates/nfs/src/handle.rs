//! File handles: opaque to clients, authenticated, self-describing, valid for ever.
//!
//! Layout (62 bytes): version 1, flags 1 (bit 0: read-only), volume 16, inode number 8 (big endian), generation 4 (big
//! endian), attachment 16 (zero for a direct export), then the first 16 bytes of keyed BLAKE3 over all before it.
//! A handle of a file in a snapshot, or of the directory of snapshots, has version 2 (64 bytes): before the hash, of
//! which it has 10 bytes, stand the first 8 bytes of the snapshot's id, zero for the directory.
//! No state is behind a handle: it outlives restarts and moves as long as the key does. Whether its file still exists
//! is for the engine to say.

use holdfast_base::VolumeId;
use holdfast_engine::FileId;
use holdfast_wire::nfs3::FileHandle;
use uuid::Uuid;

const VERSION: u8 = 1;
const READ_ONLY: u8 = 1;
const BODY_BYTES: usize = 1 + 1 + 16 + 8 + 4 + 16;
const MAC_BYTES: usize = 16;
/// Length of the handles of a volume's own files; those of snapshots are longer.
pub(crate) const HANDLE_BYTES: usize = BODY_BYTES + MAC_BYTES;

const SNAPSHOT_VERSION: u8 = 2;
const SNAPSHOT_BODY_BYTES: usize = BODY_BYTES + 8;
/// What the protocol leaves for it. A guess is right once in 2^80 calls, and what it opens can only be read.
const SNAPSHOT_MAC_BYTES: usize = 10;
const SNAPSHOT_HANDLE_BYTES: usize = SNAPSHOT_BODY_BYTES + SNAPSHOT_MAC_BYTES;

const _: () = assert!(HANDLE_BYTES <= holdfast_wire::limits::FILE_HANDLE_MAX_BYTES);
const _: () = assert!(SNAPSHOT_HANDLE_BYTES <= holdfast_wire::limits::FILE_HANDLE_MAX_BYTES);

/// What of a volume a handle shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum View {
    /// The volume as it is.
    #[default]
    Live,
    /// The directory of its snapshots.
    Snapshots,
    /// A snapshot, by the first 8 bytes of its id.
    Snapshot(u64),
}

/// What all handles of one mount share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub volume: VolumeId,
    pub read_only: bool,
    /// Zero for a direct export.
    pub attachment: Uuid,
    /// The volume, or one of its snapshots.
    pub view: View,
}

/// The content of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    pub grant: Grant,
    pub file: FileId,
}

/// The key under which handles are sealed.
pub(crate) struct HandleKey([u8; 32]);

impl HandleKey {
    /// A key for handles only, derived from the node's secret.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(blake3::derive_key("holdfast nfs file handles v1", secret))
    }

    /// The handle of a file.
    pub fn seal(&self, handle: &Handle) -> FileHandle {
        match handle.grant.view {
            View::Live => {
                let mut bytes = [0; HANDLE_BYTES];
                fill(&mut bytes, handle, VERSION);
                let mac = self.mac(&bytes[..BODY_BYTES]);
                bytes[BODY_BYTES..].copy_from_slice(&mac);
                new_handle(&bytes)
            }
            View::Snapshots => self.seal_snapshot(handle, 0),
            View::Snapshot(tag) => self.seal_snapshot(handle, tag),
        }
    }

    fn seal_snapshot(&self, handle: &Handle, tag: u64) -> FileHandle {
        let mut bytes = [0; SNAPSHOT_HANDLE_BYTES];
        fill(&mut bytes, handle, SNAPSHOT_VERSION);
        bytes[BODY_BYTES..SNAPSHOT_BODY_BYTES].copy_from_slice(&tag.to_be_bytes());
        let mac = self.mac(&bytes[..SNAPSHOT_BODY_BYTES]);
        bytes[SNAPSHOT_BODY_BYTES..].copy_from_slice(&mac[..SNAPSHOT_MAC_BYTES]);
        new_handle(&bytes)
    }

    /// The content of a genuine handle; `None` for anything that this key did not seal.
    pub fn open(&self, handle: &FileHandle) -> Option<Handle> {
        let bytes = handle.as_bytes();
        let (version, body_bytes) = match bytes.len() {
            HANDLE_BYTES => (VERSION, BODY_BYTES),
            SNAPSHOT_HANDLE_BYTES => (SNAPSHOT_VERSION, SNAPSHOT_BODY_BYTES),
            _ => return None,
        };
        let (body, mac) = bytes.split_at(body_bytes);
        // Without an early end: how long the comparison takes must not tell how much of a guess was right.
        let differs =
            self.mac(body).iter().zip(mac).fold(0, |differs, (ours, theirs)| differs | (ours ^ theirs));
        if differs != 0 || body[0] != version || body[1] & !READ_ONLY != 0 {
            return None;
        }
        let view = match body.get(BODY_BYTES..) {
            None | Some([]) => View::Live,
            Some(tag) => match u64::from_be_bytes(tag.try_into().ok()?) {
                0 => View::Snapshots,
                tag => View::Snapshot(tag),
            },
        };
        let grant = Grant {
            volume: VolumeId(uuid(&body[2..18])?),
            read_only: body[1] & READ_ONLY != 0,
            attachment: uuid(&body[30..46])?,
            view,
        };
        let ino = u64::from_be_bytes(body[18..26].try_into().ok()?);
        let generation = u32::from_be_bytes(body[26..30].try_into().ok()?);
        Some(Handle { grant, file: FileId { ino, generation } })
    }

    fn mac(&self, body: &[u8]) -> [u8; MAC_BYTES] {
        let hash = blake3::keyed_hash(&self.0, body);
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(&hash.as_bytes()[..MAC_BYTES]);
        mac
    }
}

/// The part that all versions share.
fn fill(body: &mut [u8], handle: &Handle, version: u8) {
    body[0] = version;
    body[1] = if handle.grant.read_only { READ_ONLY } else { 0 };
    body[2..18].copy_from_slice(handle.grant.volume.0.as_bytes());
    body[18..26].copy_from_slice(&handle.file.ino.to_be_bytes());
    body[26..30].copy_from_slice(&handle.file.generation.to_be_bytes());
    body[30..46].copy_from_slice(handle.grant.attachment.as_bytes());
}

fn new_handle(bytes: &[u8]) -> FileHandle {
    FileHandle::new(bytes).expect("a handle is within the protocol's limit")
}

fn uuid(bytes: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(read_only: bool) -> Handle {
        let grant = Grant {
            volume: VolumeId(Uuid::from_u128(7)),
            read_only,
            attachment: Uuid::nil(),
            view: View::Live,
        };
        Handle { grant, file: FileId { ino: 0x0102_0304_0506, generation: 9 } }
    }

    #[test]
    fn handles_open_with_their_key_and_no_other() {
        let key = HandleKey::new(&[1; 32]);
        for read_only in [false, true] {
            let sealed = key.seal(&sample(read_only));
            assert_eq!(sealed.as_bytes().len(), HANDLE_BYTES);
            assert_eq!(key.open(&sealed), Some(sample(read_only)));
            assert_eq!(HandleKey::new(&[2; 32]).open(&sealed), None);
        }
    }

    #[test]
    fn handles_of_snapshots_open_as_what_they_are() {
        let key = HandleKey::new(&[1; 32]);
        for view in [View::Snapshots, View::Snapshot(1 << 63 | 5)] {
            let mut handle = sample(true);
            handle.grant.view = view;
            let sealed = key.seal(&handle);
            assert_eq!(sealed.as_bytes().len(), SNAPSHOT_HANDLE_BYTES);
            assert_eq!(key.open(&sealed), Some(handle));
            for bit in 0..SNAPSHOT_HANDLE_BYTES * 8 {
                let mut bytes = sealed.as_bytes().to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(key.open(&FileHandle::new(&bytes).unwrap()), None, "bit {bit}");
            }
        }
    }

    #[test]
    fn no_bit_of_a_handle_can_be_changed() {
        let key = HandleKey::new(&[1; 32]);
        let sealed = key.seal(&sample(true));
        for bit in 0..HANDLE_BYTES * 8 {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open(&FileHandle::new(&bytes).unwrap()), None, "bit {bit}");
        }
        for length in [0, 1, HANDLE_BYTES - 1] {
            assert_eq!(key.open(&FileHandle::new(&sealed.as_bytes()[..length]).unwrap()), None);
        }
        assert_eq!(key.open(&FileHandle::new(&[0; 64]).unwrap()), None);
    }

    /// Handles outlive releases: this one was sealed by the first.
    #[test]
    fn the_layout_never_changes() {
        let sealed = HandleKey::new(&[1; 32]).seal(&sample(true));
        let body = &sealed.as_bytes()[..BODY_BYTES];
        let wanted: Vec<u8> =
            [&[1, 1][..], &[0; 15], &[7], &[0, 0, 1, 2, 3, 4, 5, 6], &[0, 0, 0, 9], &[0; 16]].concat();
        assert_eq!(body, wanted);
    }
}
