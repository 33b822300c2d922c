//! The tree of one view, counted from its rows: inodes, entries, and the data of files.

use std::collections::BTreeMap;

use crate::format::entry::{Bucket, name_hash};
use crate::format::extent::{Page, Source};
use crate::format::frame::end_of;
use crate::format::inode::Inode;
use crate::format::meta::Counters;
use crate::types::{FileKind, Ino, ROOT_INO};
use holdfast_base::limits::EXTENT_PAGE_SPAN_BYTES;

/// What is known of one inode: what its row says, and what was counted.
struct Seen {
    kind: FileKind,
    nlink: u32,
    parent: Ino,
    entries: u64,
    size: u64,
    used: u64,
    /// Counted: entries that name it, entries in it, directories in it, bytes of data.
    names: u64,
    children: u64,
    directories: u64,
    data: u64,
}

/// See the module.
#[derive(Default)]
pub(super) struct Tree {
    inodes: BTreeMap<Ino, Seen>,
    /// Live bytes of each segment, and where the last used frame ends.
    pub(super) segments: BTreeMap<u64, (u64, u64)>,
    pub(super) problems: Vec<String>,
}

impl Tree {
    pub(super) fn len(&self) -> u64 {
        self.inodes.len() as u64
    }

    fn wrong(&mut self, what: String) {
        self.problems.push(what);
    }

    pub(super) fn inode(&mut self, inode: &Inode) {
        let attr = &inode.attr;
        let seen = Seen {
            kind: attr.kind,
            nlink: attr.nlink,
            parent: inode.parent,
            entries: inode.entries,
            size: attr.size,
            used: attr.used,
            names: 0,
            children: 0,
            directories: 0,
            data: 0,
        };
        self.inodes.insert(attr.ino, seen);
    }

    pub(super) fn row(&mut self, hash_key: &[u8; 32], dir: Ino, hash: u64, bucket: &Bucket) {
        if self.inodes.get(&dir).is_none_or(|seen| seen.kind != FileKind::Directory) {
            self.wrong(format!("entries in inode {dir}, which is no directory"));
        }
        for entry in &bucket.entries {
            let name = String::from_utf8_lossy(&entry.name);
            if name_hash(hash_key, &entry.name) != hash {
                self.wrong(format!("entry `{name}` of directory {dir} lies in a row of another hash"));
            }
            let is_dir = entry.kind == FileKind::Directory;
            match self.inodes.get_mut(&entry.ino) {
                None => {
                    self.wrong(format!("entry `{name}` of directory {dir} names no inode ({})", entry.ino))
                }
                Some(seen) => {
                    seen.names += 1;
                    let (kind, parent) = (seen.kind, seen.parent);
                    if kind != entry.kind {
                        self.wrong(format!(
                            "entry `{name}` of directory {dir} is of another kind than its inode"
                        ));
                    }
                    if is_dir && parent != dir {
                        let what = format!(
                            "directory {} lies in {dir} and says that it lies in {parent}",
                            entry.ino
                        );
                        self.wrong(what);
                    }
                }
            }
            if let Some(seen) = self.inodes.get_mut(&dir) {
                seen.children += 1;
                seen.directories += u64::from(is_dir);
            }
        }
    }

    pub(super) fn page(&mut self, ino: Ino, number: u64, page: &Page) {
        let start = number.saturating_mul(EXTENT_PAGE_SPAN_BYTES);
        let mut data = 0;
        let mut end = 0;
        for piece in page.pieces() {
            data += u64::from(piece.len);
            end = start.saturating_add(u64::from(piece.end()));
            if let Source::Frame { at, .. } = &piece.source {
                let (_, last) = self.segments.entry(at.segment).or_default();
                *last = (*last).max(end_of(*at));
            }
        }
        for (segment, live) in page.segment_use() {
            self.segments.entry(segment).or_default().0 += live;
        }
        match self.inodes.get_mut(&ino) {
            Some(seen) if seen.kind == FileKind::Regular => {
                seen.data += data;
                if end > seen.size {
                    self.wrong(format!("file {ino} has data behind its end"));
                }
            }
            _ => self.wrong(format!("data of inode {ino}, which is no file")),
        }
    }

    /// Compares what was counted with what the inodes and the volume's counters say.
    pub(super) fn finish(&mut self, counters: &Counters) {
        let mut problems = Vec::new();
        for (ino, seen) in &self.inodes {
            let is_dir = seen.kind == FileKind::Directory;
            let names = if *ino == ROOT_INO {
                0
            } else if is_dir {
                1
            } else {
                u64::from(seen.nlink)
            };
            if seen.names != names {
                problems.push(format!("inode {ino} has {} names and should have {names}", seen.names));
            }
            if is_dir && u64::from(seen.nlink) != 2 + seen.directories {
                problems.push(format!(
                    "directory {ino} has {} links and {} directories",
                    seen.nlink, seen.directories
                ));
            }
            if seen.entries != seen.children {
                problems.push(format!(
                    "directory {ino} counts {} entries and has {}",
                    seen.entries, seen.children
                ));
            }
            if seen.used != seen.data {
                problems.push(format!("inode {ino} counts {} bytes and has {}", seen.used, seen.data));
            }
            if is_dir && !self.reaches_root(*ino) {
                problems.push(format!("directory {ino} cannot be reached from the root"));
            }
        }
        let used: u64 = self.inodes.values().map(|seen| seen.used).sum();
        if used != counters.used_bytes {
            problems.push(format!("the volume counts {} bytes and has {used}", counters.used_bytes));
        }
        if self.len() != counters.used_inodes {
            problems.push(format!(
                "the volume counts {} inodes and has {}",
                counters.used_inodes,
                self.len()
            ));
        }
        if self.inodes.keys().next_back().is_some_and(|last| *last >= counters.next_ino) {
            problems.push(format!("the next inode would be {}, which is taken", counters.next_ino));
        }
        self.problems.append(&mut problems);
    }

    fn reaches_root(&self, mut ino: Ino) -> bool {
        for _ in 0..=self.inodes.len() {
            if ino == ROOT_INO {
                return true;
            }
            match self.inodes.get(&ino) {
                Some(seen) => ino = seen.parent,
                None => return false,
            }
        }
        false
    }
}
