//! Directory entries: one row for each hash of a name.
//!
//! An entry's cookie is its name's keyed 57-bit hash and a slot within the row, so that it is known from the
//! name alone, never changes, and listings in cookie order need no second row. Hashes are keyed with a secret
//! of the volume: a tenant cannot choose names that collide. The cookie fits a positive signed 64-bit number,
//! as `telldir` wants it, and is never 0, 1 or 2, which stand for the start, `.` and `..`.

use bytes::Bytes;
use smallvec::SmallVec;

use super::codec::{Put, Take};
use crate::error::{Error, Result};
use crate::types::{FileKind, Ino};

/// Bits of a cookie that number the entries of one row.
const SLOT_BITS: u32 = 5;
/// Most entries in one row.
pub(crate) const SLOTS: u8 = 1 << SLOT_BITS;

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dirent {
    pub slot: u8,
    pub kind: FileKind,
    pub ino: Ino,
    pub name: Bytes,
}

/// All names of one directory with the same hash: nearly always one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub entries: SmallVec<[Dirent; 1]>,
}

/// The hash of a name: 57 bits, at least 1.
pub(crate) fn name_hash(key: &[u8; 32], name: &[u8]) -> u64 {
    let digest = blake3::keyed_hash(key, name);
    let mut low = [0; 8];
    low.copy_from_slice(&digest.as_bytes()[..8]);
    (u64::from_le_bytes(low) >> 7).max(1)
}

/// The cookie of a slot in the row of `hash`.
pub(crate) fn cookie(hash: u64, slot: u8) -> u64 {
    hash << SLOT_BITS | u64::from(slot)
}

/// Where a listing goes on after `cookie`: the row, and the first slot in it.
pub(crate) fn resume(cookie: u64) -> (u64, u8) {
    let next = cookie.saturating_add(1);
    (next >> SLOT_BITS, (next & u64::from(SLOTS - 1)) as u8)
}

impl Bucket {
    pub(crate) fn find(&self, name: &[u8]) -> Option<&Dirent> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// A copy with `name` pointing at `ino`, replacing what it pointed at. `None` if all slots are taken.
    pub(crate) fn with(&self, name: &[u8], ino: Ino, kind: FileKind) -> Option<Self> {
        let mut next = self.clone();
        if let Some(entry) = next.entries.iter_mut().find(|entry| entry.name == name) {
            (entry.ino, entry.kind) = (ino, kind);
            return Some(next);
        }
        let slot = (0..SLOTS).find(|slot| self.entries.iter().all(|entry| entry.slot != *slot))?;
        let place = next.entries.iter().position(|entry| entry.slot > slot).unwrap_or(next.entries.len());
        next.entries.insert(place, Dirent { slot, kind, ino, name: Bytes::copy_from_slice(name) });
        Some(next)
    }

    /// A copy without `name`; `None` when nothing is left.
    pub(crate) fn without(&self, name: &[u8]) -> Option<Self> {
        let mut next = self.clone();
        next.entries.retain(|entry| entry.name != name);
        (!next.entries.is_empty()).then_some(next)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.put_varint(self.entries.len() as u64);
        for entry in &self.entries {
            out.put_u8(entry.slot);
            out.put_u8(entry.kind as u8);
            out.put_varint(entry.ino);
            out.put_bytes(&entry.name);
        }
    }

    pub(crate) fn decode(take: &mut Take) -> Result<Self> {
        let count = take.varint()?;
        if count == 0 || count > u64::from(SLOTS) {
            return Err(Error::corrupt("a directory row with a wrong number of entries"));
        }
        let mut entries = SmallVec::new();
        for _ in 0..count {
            let slot = take.u8()?;
            let kind = FileKind::from_number(take.u8()?).ok_or_else(|| Error::corrupt("an entry's kind"))?;
            entries.push(Dirent { slot, kind, ino: take.varint()?, name: take.bytes()? });
        }
        Ok(Self { entries })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_slots_while_names_come_and_go() {
        let row = Bucket::default().with(b"a", 2, FileKind::Regular).unwrap();
        let row = row.with(b"b", 3, FileKind::Directory).unwrap();
        let row = row.without(b"a").unwrap();
        assert_eq!(row.find(b"b").unwrap().slot, 1);
        let row = row.with(b"c", 4, FileKind::Regular).unwrap();
        assert_eq!(row.find(b"c").unwrap().slot, 0);
        assert_eq!(row.entries[0].name, "c");
        let mut out = Vec::new();
        row.encode(&mut out);
        assert_eq!(Bucket::decode(&mut Take::new(out.into())).unwrap(), row);
    }

    #[test]
    fn a_full_row_refuses() {
        let mut row = Bucket::default();
        for index in 0..SLOTS {
            row = row.with(&[b'x', index], u64::from(index) + 2, FileKind::Regular).unwrap();
        }
        assert!(row.with(b"one more", 99, FileKind::Regular).is_none());
    }

    #[test]
    fn cookies_are_positive_and_resume_behind_themselves() {
        let hash = name_hash(&[7; 32], b"name");
        let at = cookie(hash, 3);
        assert!(at <= i64::MAX as u64 && at > 2);
        assert_eq!(resume(at), (hash, 4));
        assert_eq!(resume(cookie(hash, SLOTS - 1)), (hash + 1, 0));
        assert_eq!(resume(0), (0, 1));
    }
}
