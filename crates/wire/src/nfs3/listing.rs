//! Byte accounting for directory replies, so that a server honours `count`, `dircount` and `maxcount` exactly.
//!
//! The RFC counts the encoded `resok` structure with all XDR overhead: attributes, verifier, entries with their list
//! words, the end of the list and `eof`, but not the status in front of it (RFC 1813 sections 3.3.16 and 3.3.17).
//! A server offers one entry after the other; the first refusal ends the reply. If the very first entry is refused
//! the answer is NFS3ERR_TOOSMALL.

use crate::limits::DIRECTORY_ENTRIES_MAX;
use crate::nfs3::{Entry3, EntryPlus3, FATTR3_BYTES};
use crate::xdr::padding;

const WORD_BYTES: usize = 4;
const VERIFIER_BYTES: usize = 8;

/// A reply without entries: attributes, verifier, end of list, `eof`.
const fn empty_reply_bytes(has_dir_attributes: bool) -> usize {
    optional_bytes(has_dir_attributes, FATTR3_BYTES) + VERIFIER_BYTES + WORD_BYTES + WORD_BYTES
}

const fn optional_bytes(present: bool, value_bytes: usize) -> usize {
    WORD_BYTES + if present { value_bytes } else { 0 }
}

const fn opaque_bytes(length_bytes: usize) -> usize {
    WORD_BYTES + length_bytes + padding(length_bytes)
}

impl Entry3 {
    /// Encoded size of an entry with a name of `name_bytes`, list word included.
    pub const fn encoded_bytes(name_bytes: usize) -> usize {
        WORD_BYTES + 8 + opaque_bytes(name_bytes) + 8
    }
}

impl EntryPlus3 {
    /// Encoded size of an entry with a name of `name_bytes`, list word included. `handle_bytes` is the length of the
    /// handle if there is one.
    pub const fn encoded_bytes(
        name_bytes: usize,
        has_attributes: bool,
        handle_bytes: Option<usize>,
    ) -> usize {
        let handle = match handle_bytes {
            Some(length) => optional_bytes(true, opaque_bytes(length)),
            None => optional_bytes(false, 0),
        };
        Entry3::encoded_bytes(name_bytes) + optional_bytes(has_attributes, FATTR3_BYTES) + handle
    }
}

/// What is left of a READDIR reply.
#[derive(Clone, Copy, Debug)]
pub struct ReadDirBudget {
    left_bytes: usize,
    left_entries: usize,
}

impl ReadDirBudget {
    /// A reply of at most `count` bytes; `None` if not even an empty one fits: NFS3ERR_TOOSMALL.
    pub fn new(count: u32, has_dir_attributes: bool) -> Option<Self> {
        let left_bytes = (count as usize).checked_sub(empty_reply_bytes(has_dir_attributes))?;
        Some(Self { left_bytes, left_entries: DIRECTORY_ENTRIES_MAX })
    }

    /// Takes the room for one more entry, or answers `false` and takes nothing.
    pub fn take(&mut self, name_bytes: usize) -> bool {
        let size = Entry3::encoded_bytes(name_bytes);
        if size > self.left_bytes || self.left_entries == 0 {
            return false;
        }
        self.left_bytes -= size;
        self.left_entries -= 1;
        true
    }
}

/// What is left of a READDIRPLUS reply.
#[derive(Clone, Copy, Debug)]
pub struct ReadDirPlusBudget {
    names: ReadDirBudget,
    left_bytes: usize,
}

impl ReadDirPlusBudget {
    /// A reply of at most `maxcount` bytes whose inode numbers, names and cookies, as READDIR would encode them, take
    /// at most `dircount`; `None` if not even an empty reply fits: NFS3ERR_TOOSMALL.
    ///
    /// The first entry is let through if it fits `maxcount`, whatever `dircount` says: `dircount` is a hint, and
    /// clients send small ones.
    pub fn new(dircount: u32, maxcount: u32, has_dir_attributes: bool) -> Option<Self> {
        let left_bytes = (maxcount as usize).checked_sub(empty_reply_bytes(has_dir_attributes))?;
        let names = ReadDirBudget { left_bytes: dircount as usize, left_entries: DIRECTORY_ENTRIES_MAX };
        Some(Self { names, left_bytes })
    }

    /// Takes the room for one more entry, or answers `false` and takes nothing. `handle_bytes` is the length of the
    /// handle if there is one.
    pub fn take(&mut self, name_bytes: usize, has_attributes: bool, handle_bytes: Option<usize>) -> bool {
        let size = EntryPlus3::encoded_bytes(name_bytes, has_attributes, handle_bytes);
        if size > self.left_bytes {
            return false;
        }
        if !self.names.take(name_bytes) {
            if self.names.left_entries < DIRECTORY_ENTRIES_MAX {
                return false;
            }
            self.names = ReadDirBudget { left_bytes: 0, left_entries: DIRECTORY_ENTRIES_MAX - 1 };
        }
        self.left_bytes -= size;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::nfs3::{ReadDirOk, ReadDirPlusOk};
    use crate::sample::{Sample, Source};
    use crate::xdr::Encode;

    proptest! {
        /// The budget for exactly a reply's encoded size admits it; one byte less does not.
        #[test]
        fn readdir_accounts_to_the_byte(seed in any::<u64>()) {
            let reply = ReadDirOk::sample(&mut Source::new(seed));
            let size = reply.to_bytes().len() as u32;
            let fits = |count| {
                ReadDirBudget::new(count, reply.dir_attributes.is_some())
                    .is_some_and(|mut budget| reply.entries.iter().all(|entry| budget.take(entry.name.len())))
            };
            prop_assert!(fits(size));
            prop_assert!(!fits(size - 1));
        }

        /// The same for `maxcount`.
        #[test]
        fn readdirplus_accounts_to_the_byte(seed in any::<u64>()) {
            let reply = ReadDirPlusOk::sample(&mut Source::new(seed));
            let size = reply.to_bytes().len() as u32;
            let fits = |maxcount| {
                let budget = ReadDirPlusBudget::new(u32::MAX, maxcount, reply.dir_attributes.is_some());
                budget.is_some_and(|mut budget| {
                    reply.entries.iter().all(|entry| {
                        let handle_bytes = entry.handle.map(|handle| handle.as_bytes().len());
                        budget.take(entry.name.len(), entry.attributes.is_some(), handle_bytes)
                    })
                })
            };
            prop_assert!(fits(size));
            prop_assert!(!fits(size - 1));
        }
    }

    #[test]
    fn dircount_ends_a_reply_but_never_refuses_its_first_entry() {
        let entry = Entry3::encoded_bytes(10) as u32;
        let mut exact = ReadDirPlusBudget::new(2 * entry, 1 << 20, true).unwrap();
        assert_eq!([(); 3].map(|()| exact.take(10, true, Some(32))), [true, true, false]);
        let mut tiny = ReadDirPlusBudget::new(1, 1 << 20, true).unwrap();
        assert_eq!([(); 2].map(|()| tiny.take(10, true, Some(32))), [true, false]);
    }
}
