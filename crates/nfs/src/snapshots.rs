//! `.snapshots`: a directory in the root of every volume that nobody made and nobody can change, with one directory
//! for each snapshot in it, by its name.
//!
//! It is found by LOOKUP and is not listed: a copy of the whole tree does not copy the past as well. A file of the
//! same name that somebody made hides it. Everything below is read-only. File numbers in a snapshot differ from
//! those of the volume, so that no program takes a file and its past for two links of one.

use holdfast_engine::{Attr, Error, FileId, FileKind, ListEntry, Listing, SnapshotInfo, Volume};
use holdfast_wire::nfs3::{Fattr3, FileHandle};
use uuid::Uuid;

use crate::attributes;
use crate::handle::View;
use crate::session::Target;

/// The directory's name.
pub(crate) const NAME: &[u8] = b".snapshots";
/// Added to file numbers that are not those of a volume's own inodes.
const NOT_LIVE: u64 = 1 << 63;
/// The file number of the directory: no inode has it.
const DIRECTORY: u64 = u64::MAX;
/// What a handle of the directory names.
pub(crate) const DIRECTORY_FILE: FileId = FileId { ino: DIRECTORY, generation: 0 };
/// Cookies of snapshots begin here, behind those of `.` and `..`.
const FIRST_COOKIE: u64 = 3;

/// What a handle keeps of a snapshot's id.
pub(crate) fn tag(snapshot: Uuid) -> u64 {
    snapshot.as_u64_pair().0
}

/// The file number of an inode as a view shows it.
pub(crate) fn fileid(view: View, ino: u64) -> u64 {
    match view {
        View::Live => ino,
        View::Snapshots => DIRECTORY,
        View::Snapshot(tag) => (ino ^ tag) | NOT_LIVE,
    }
}

/// The attributes of the directory: those of the root, but for what makes it what it is. Its times tell one set of
/// snapshots from another.
pub(crate) fn directory(root: &Attr, snapshots: &[SnapshotInfo]) -> Attr {
    let mut time = root.ctime.max(snapshots.last().map_or(root.ctime, |last| last.created));
    let mixed = snapshots.iter().fold(0, |mixed: u64, snapshot| mixed.rotate_left(1) ^ tag(snapshot.id));
    time.nanos = (mixed % 1_000_000_000) as u32;
    Attr {
        ino: DIRECTORY_FILE.ino,
        generation: DIRECTORY_FILE.generation,
        kind: FileKind::Directory,
        mode: 0o555,
        nlink: 2 + snapshots.len() as u32,
        uid: 0,
        gid: 0,
        size: 4096,
        used: 0,
        atime: time,
        mtime: time,
        ctime: time,
        ..*root
    }
}

impl Target<'_> {
    /// The directory's attributes now.
    pub async fn directory_attr(&self) -> Result<Attr, Error> {
        let root = self.volume.getattr(self.volume.root()).await?;
        Ok(directory(&root, &self.volume.snapshots().await?))
    }

    /// LOOKUP in the directory: the object, its attributes, and the directory's.
    pub async fn lookup_snapshot(&self, name: &[u8]) -> Result<(FileHandle, Fattr3, Fattr3), Error> {
        let root = self.volume.getattr(self.volume.root()).await?;
        let snapshots = self.volume.snapshots().await?;
        let own = self.attributes(&directory(&root, &snapshots));
        match name {
            b"." => Ok((self.handle_in(View::Snapshots, DIRECTORY_FILE), own, own)),
            b".." => Ok((self.handle_in(View::Live, root.id()), self.attributes_in(View::Live, &root), own)),
            _ => {
                let found = snapshots.iter().find(|snapshot| snapshot.name.as_bytes() == name);
                let snapshot = found.ok_or(Error::NotFound)?;
                let (view, root) = (View::Snapshot(tag(snapshot.id)), self.snapshot_root(snapshot.id).await?);
                Ok((self.handle_in(view, root.id()), self.attributes_in(view, &root), own))
            }
        }
    }

    /// LOOKUP of the directory from the root, or from the root of a snapshot.
    pub async fn lookup_directory(&self, from: &Attr) -> Result<(FileHandle, Fattr3, Fattr3), Error> {
        let head = self.head().await?;
        let root = head.getattr(head.root()).await?;
        let own = directory(&root, &head.snapshots().await?);
        let handle = self.handle_in(View::Snapshots, DIRECTORY_FILE);
        Ok((handle, self.attributes_in(View::Snapshots, &own), self.attributes(from)))
    }

    /// Whether `name` in this target, looked up in vain or not at all, leads to the directory.
    pub fn leads_to_directory(&self, name: &[u8]) -> bool {
        let is_root = self.file.ino == Volume::ROOT;
        match self.view() {
            View::Live => is_root && name == NAME,
            View::Snapshots => false,
            View::Snapshot(_) => is_root && name == b"..",
        }
    }

    /// A part of the directory's listing, after a cookie.
    pub async fn list_snapshots(&self, after: u64, limit: usize) -> Result<Listing, Error> {
        let root = self.volume.getattr(self.volume.root()).await?;
        let mut snapshots = self.volume.snapshots().await?;
        let dir = directory(&root, &snapshots);
        // A cookie tells a snapshot for ever, whatever comes and goes.
        let cookie = |snapshot: &SnapshotInfo| (tag(snapshot.id) >> 1).max(FIRST_COOKIE);
        snapshots.sort_unstable_by_key(cookie);
        snapshots.retain(|snapshot| cookie(snapshot) > after);
        let end = snapshots.len() <= limit;
        snapshots.truncate(limit);
        let entries = snapshots
            .iter()
            .map(|snapshot| ListEntry {
                ino: fileid(View::Snapshot(tag(snapshot.id)), Volume::ROOT),
                kind: FileKind::Directory,
                name: snapshot.name.clone().into(),
                cookie: cookie(snapshot),
                attr: None,
            })
            .collect();
        Ok(Listing { entries, end, dir, parent: root.ino })
    }

    async fn snapshot_root(&self, snapshot: Uuid) -> Result<Attr, Error> {
        let view = self.open_snapshot(snapshot).await?;
        view.getattr(view.root()).await
    }

    /// Attributes of a file in some view of the volume.
    fn attributes_in(&self, view: View, attr: &Attr) -> Fattr3 {
        Fattr3 { fileid: fileid(view, attr.ino), ..attributes::fattr(self.fsid(), attr) }
    }
}
