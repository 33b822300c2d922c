//! What an operation sees under the volume's lock: rows, permissions, and one commit.

use std::sync::Arc;

use holdfast_base::{Durability, Timestamp, limits};

use super::load::{Loaded, Need};
use super::records;
use super::state::State;
use super::{FileId, Volume};
use crate::error::Error;
use crate::format::entry::{Bucket, name_hash};
use crate::format::extent::Page;
use crate::format::inode::Inode;
use crate::format::meta::Counters;
use crate::format::record::{Change, Record};
use crate::journal::Lsn;
use crate::types::{Attr, Caller, FileKind, Ino};

/// Why an operation did not finish.
pub(crate) enum Stop {
    /// A row is not in memory: read it and start over.
    Missing(Need),
    /// It failed.
    Failed(Error),
}

impl From<Need> for Stop {
    fn from(need: Need) -> Self {
        Self::Missing(need)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

pub(crate) type Step<T> = Result<T, Stop>;

/// Permission bits of one class, as in a mode.
pub(crate) mod may {
    pub(crate) const READ: u32 = 4;
    pub(crate) const WRITE: u32 = 2;
    pub(crate) const EXECUTE: u32 = 1;
}

/// See the module.
pub(crate) struct Tx<'a> {
    volume: &'a Volume,
    state: &'a mut State,
    loaded: &'a Loaded,
    now: Timestamp,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(volume: &'a Volume, state: &'a mut State, loaded: &'a Loaded) -> Self {
        Self { volume, state, loaded, now: volume.clock.now() }
    }

    /// The time of this operation.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// A change time for an inode: now, and always later than the last one, so that clients see a change.
    pub(crate) fn change_time(&self, inode: &Inode) -> Timestamp {
        let last = inode.attr.ctime;
        if self.now > last {
            return self.now;
        }
        match last.nanos {
            999_999_999 => Timestamp { seconds: last.seconds + 1, nanos: 0 },
            nanos => Timestamp { nanos: nanos + 1, ..last },
        }
    }

    pub(crate) fn counters(&self) -> Counters {
        self.state.counters
    }

    /// What an answer has to wait for: the record, and the class that the volume has now.
    pub(crate) fn awaited(&self) -> (Lsn, Durability) {
        (self.state.awaited_lsn(), self.state.settings.durability)
    }

    pub(crate) fn generation(&self) -> u32 {
        self.volume.epoch as u32
    }

    pub(crate) fn state(&self) -> &State {
        self.state
    }

    pub(crate) fn loaded(&self) -> &Loaded {
        self.loaded
    }

    /// The inode of a handle.
    pub(crate) fn file(&self, file: FileId) -> Step<Arc<Inode>> {
        let inode = self.state.inode(file.ino, self.loaded)?;
        Ok(inode.filter(|inode| inode.attr.generation == file.generation).ok_or(Error::Stale)?)
    }

    /// The inode that an entry points at. An entry without an inode is damage.
    pub(crate) fn inode(&self, ino: Ino) -> Step<Arc<Inode>> {
        let inode = self.state.inode(ino, self.loaded)?;
        Ok(inode.ok_or_else(|| Error::corrupt(format!("inode {ino} of an entry is missing")))?)
    }

    /// The directory of a handle.
    pub(crate) fn dir(&self, file: FileId) -> Step<Arc<Inode>> {
        let inode = self.file(file)?;
        if inode.is_dir() { Ok(inode) } else { Err(Error::NotDirectory.into()) }
    }

    pub(crate) fn hash(&self, name: &[u8]) -> u64 {
        name_hash(&self.volume.hash_key, name)
    }

    /// The row that a name would be in.
    pub(crate) fn row(&self, dir: Ino, hash: u64) -> Step<Arc<Bucket>> {
        Ok(self.state.entry(dir, hash, self.loaded)?.unwrap_or_default())
    }

    /// The inode number of a name, if it is there.
    pub(crate) fn find(&self, dir: Ino, name: &[u8]) -> Step<Option<Ino>> {
        let row = self.state.entry(dir, self.hash(name), self.loaded)?;
        Ok(row.and_then(|row| row.find(name).map(|entry| entry.ino)))
    }

    pub(crate) fn page(&self, ino: Ino, page: u64) -> Step<Option<Arc<Page>>> {
        Ok(self.state.page(ino, page, self.loaded)?)
    }

    /// A new inode, with the next number.
    pub(crate) fn new_inode(&self, kind: FileKind, caller: &Caller, dir: &Inode, mode: u32) -> Inode {
        // A setgid directory gives its group, and to directories the bit itself.
        let inherits = dir.attr.mode & 0o2000 != 0;
        let gid = if inherits { dir.attr.gid } else { caller.gid };
        let is_dir = kind == FileKind::Directory;
        let setgid = if inherits && is_dir { 0o2000 } else { 0 };
        let now = self.now;
        Inode {
            attr: Attr {
                ino: self.state.counters.next_ino,
                generation: self.generation(),
                kind,
                mode: mode & 0o7777 | setgid,
                nlink: if is_dir { 2 } else { 1 },
                uid: caller.uid,
                gid,
                size: 0,
                used: 0,
                rdev: (0, 0),
                atime: now,
                mtime: now,
                ctime: now,
            },
            parent: if is_dir { dir.attr.ino } else { 0 },
            entries: 0,
            target: bytes::Bytes::new(),
            verifier: None,
        }
    }

    /// Appends the operation's record to the journal and makes it true.
    pub(crate) fn commit(&mut self, changes: Vec<Change>, counters: Counters) -> Step<Lsn> {
        let record = Record { changes, counters };
        self.state.missing_for(&record, self.loaded)?;
        let mut scratch = std::mem::take(&mut self.state.scratch);
        scratch.clear();
        let (volume, previous) = (self.volume, self.state.lsn);
        let encoded = records::encode(&record, volume.keys.as_deref(), volume.id, previous, &mut scratch);
        let lsn = encoded.and_then(|()| volume.journal.append(volume.id, previous, &scratch));
        self.state.active_logged += scratch.len() as u64;
        self.state.scratch = scratch;
        let lsn = lsn?;
        let ships = self.volume.shipping.is_for_all();
        if ships || self.state.settings.durability == Durability::Object {
            self.state.note_unshipped(&record.changes);
        }
        self.state.apply(lsn, record, self.loaded, self.volume.clock.monotonic());
        if self.state.active_bytes >= limits::CHECKPOINT_INLINE_BYTES
            || self.state.active.len() >= limits::CHECKPOINT_ENTRIES
        {
            self.volume.ask_for_checkpoint();
        }
        Ok(lsn)
    }
}

/// Whether the mode bits let the caller do all of `wanted` (bits of [`may`]).
pub(crate) fn permits(inode: &Inode, caller: &Caller, wanted: u32) -> bool {
    let attr = &inode.attr;
    if caller.is_root() {
        // Root still needs somebody's execute bit to run a file.
        return wanted & may::EXECUTE == 0 || inode.is_dir() || attr.mode & 0o111 != 0;
    }
    let bits = if caller.uid == attr.uid {
        attr.mode >> 6
    } else if caller.in_group(attr.gid) {
        attr.mode >> 3
    } else {
        attr.mode
    };
    bits & wanted == wanted
}

/// Refuses with EACCES what the mode bits do not allow.
pub(crate) fn require(inode: &Inode, caller: &Caller, wanted: u32) -> Step<()> {
    if permits(inode, caller, wanted) { Ok(()) } else { Err(Error::AccessDenied.into()) }
}

/// Refuses names that no entry can have.
pub(crate) fn check_new_name(name: &[u8]) -> Step<()> {
    if name.len() > limits::NAME_MAX_BYTES {
        return Err(Error::NameTooLong.into());
    }
    if name.is_empty() || name.contains(&b'/') || name.contains(&0) {
        return Err(Error::Invalid("a name may not be empty nor hold / or NUL").into());
    }
    Ok(())
}

/// In a sticky directory only the owners of the entry and of the directory, and root, may remove or rename it.
pub(crate) fn check_sticky(dir: &Inode, entry: &Inode, caller: &Caller) -> Step<()> {
    let sticky = dir.attr.mode & 0o1000 != 0;
    let owns = caller.is_root() || caller.uid == dir.attr.uid || caller.uid == entry.attr.uid;
    if sticky && !owns { Err(Error::NotPermitted.into()) } else { Ok(()) }
}
