//! Whole-file writes that become visible in one step.
//!
//! The bytes stream into segments while nobody sees them; one record then replaces the content of the file, which
//! keeps its inode, so that mounted clients get the new content and no stale handle.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use holdfast_base::limits::{
    BULK_WRITE_MIN_BYTES, FILE_SIZE_MAX_BYTES, FRAME_MAX_BYTES, NFS_IO_MAX_BYTES, UPLOAD_WRITE_BACK_BYTES,
};

use super::ops::paths::{resolve, split_last};
use super::ops::{add_entry, count_bytes, count_inode, split, wcc};
use super::tx::{Step, Stop, Tx, check_new_name};
use super::{Volume, VolumeUsage};
use crate::durable::Pending;
use crate::error::{Error, Result};
use crate::format::inode::Inode;
use crate::format::record::Change;
use crate::segments::{Synced, Unsynced};
use crate::types::{Attr, Caller, FileKind};

/// Decides, from the file as it is (`None` if there is none), whether an upload may take its place.
pub type Precondition<'a> = &'a (dyn Fn(Option<&Attr>) -> bool + Send + Sync);

/// Owner and mode of an uploaded file; `None` keeps what an existing file has, or takes root and 0644.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PutOwner {
    /// Owner.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
    /// Permission bits.
    pub mode: Option<u32>,
}

/// What an upload did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutOutcome {
    /// The file now.
    pub attr: Attr,
    /// Whether there was none before.
    pub created: bool,
}

/// Content on its way into a volume. Dropping it leaves no trace but dead bytes in a segment.
pub struct Upload {
    volume: Arc<Volume>,
    buffer: BytesMut,
    stored: Option<Unsynced>,
    stored_bytes: u64,
    /// Of those, bytes that were not put on stable storage on the way.
    unsynced_bytes: u64,
}

impl Volume {
    /// Begins an upload.
    pub fn upload(self: &Arc<Self>) -> Upload {
        Upload {
            volume: self.clone(),
            buffer: BytesMut::new(),
            stored: None,
            stored_bytes: 0,
            unsynced_bytes: 0,
        }
    }
}

impl Upload {
    /// Bytes taken so far.
    pub fn len(&self) -> u64 {
        self.stored_bytes + self.buffer.len() as u64
    }

    /// Whether no byte was taken.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes more bytes; returns when they are in memory bounds, not when they are durable.
    ///
    /// # Errors
    /// [`Error::QuotaExceeded`] as soon as the upload alone is over the volume's limit, [`Error::FileTooLarge`],
    /// [`Error::Io`] if the disk fails.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<()> {
        let len = self.len() + bytes.len() as u64;
        let VolumeUsage { used_bytes, limit_bytes, .. } = self.volume.usage();
        if len > FILE_SIZE_MAX_BYTES {
            return Err(Error::FileTooLarge);
        }
        if len > limit_bytes {
            return Err(Error::QuotaExceeded { used: used_bytes, limit: limit_bytes, unit: "bytes" });
        }
        while !bytes.is_empty() {
            let room = NFS_IO_MAX_BYTES as usize - self.buffer.len();
            self.buffer.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
            if self.buffer.len() == NFS_IO_MAX_BYTES as usize {
                self.spill().await?;
            }
        }
        Ok(())
    }

    /// Puts the buffer into the open segment.
    async fn spill(&mut self) -> Result<()> {
        self.volume.patiently(self.volume.admit_bulk()).await?;
        let bytes = self.buffer.split().freeze();
        let len = bytes.len() as u64;
        let stored = self.volume.store_frames(0, split(self.stored_bytes, bytes)).await?;
        self.stored_bytes += len;
        self.unsynced_bytes += len;
        if self.unsynced_bytes >= UPLOAD_WRITE_BACK_BYTES {
            stored.write_back().await?;
            self.unsynced_bytes = 0;
        }
        match &mut self.stored {
            Some(all) => all.absorb(stored),
            none => *none = Some(stored),
        }
        Ok(())
    }

    /// Makes the bytes the content of the file at `path`, or makes the file; parents must exist.
    ///
    /// # Errors
    /// [`Error::NotSync`] if `may_replace` says no, [`Error::IsDirectory`], [`Error::Invalid`] for a special
    /// file, [`Error::QuotaExceeded`], and those of path resolution. Nothing has changed then.
    pub async fn finish(
        mut self,
        path: &[u8],
        owner: PutOwner,
        may_replace: Precondition<'_>,
    ) -> Result<Pending<PutOutcome>> {
        let in_frames = self.stored_bytes > 0 || self.buffer.len() >= BULK_WRITE_MIN_BYTES;
        if in_frames && !self.buffer.is_empty() {
            self.spill().await?;
        }
        let stored = match self.stored.take() {
            Some(stored) => Some(stored.synced().await?),
            None => None,
        };
        let content = Content { inline: self.buffer.split().freeze(), stored, len: self.stored_bytes };
        let caller = Caller::root();
        self.volume.write_op(|tx| put(tx, &caller, path, owner, may_replace, &content)).await
    }
}

/// All bytes of an upload: either inline or in frames.
struct Content {
    inline: Bytes,
    stored: Option<Synced>,
    len: u64,
}

impl Content {
    fn len(&self) -> u64 {
        self.len + self.inline.len() as u64
    }

    fn changes(&self, ino: u64) -> Vec<Change> {
        debug_assert!(self.inline.len() < FRAME_MAX_BYTES);
        let mut changes = Vec::new();
        let mut offset = 0;
        for stored in self.stored.iter().flat_map(Synced::frames) {
            changes.push(Change::Frame { ino, offset, len: stored.len, at: stored.at, skip: 0 });
            offset += u64::from(stored.len);
        }
        if !self.inline.is_empty() {
            changes.push(Change::Data { ino, offset, bytes: self.inline.clone() });
        }
        changes
    }
}

fn put(
    tx: &mut Tx<'_>,
    caller: &Caller,
    path: &[u8],
    owner: PutOwner,
    may_replace: Precondition<'_>,
    content: &Content,
) -> Step<PutOutcome> {
    let existing = match resolve(tx, caller, path, true) {
        Ok(inode) => Some(inode),
        Err(Stop::Failed(Error::NotFound)) => None,
        Err(stop) => return Err(stop),
    };
    if !may_replace(existing.as_ref().map(|inode| &inode.attr)) {
        return Err(Error::NotSync.into());
    }
    match existing {
        Some(inode) => replace(tx, &inode, owner, content),
        None => make(tx, caller, path, owner, content),
    }
}

fn replace(tx: &mut Tx<'_>, inode: &Arc<Inode>, owner: PutOwner, content: &Content) -> Step<PutOutcome> {
    match inode.attr.kind {
        FileKind::Regular => {}
        FileKind::Directory => return Err(Error::IsDirectory.into()),
        _ => return Err(Error::Invalid("not a regular file").into()),
    }
    let ino = inode.attr.ino;
    let mut counters = tx.counters();
    count_bytes(&mut counters, content.len(), inode.attr.used)?;
    let mut next = Inode::clone(inode);
    next.verifier = None;
    set_content(&mut next, owner, content);
    next.attr.ctime = tx.change_time(inode);
    next.attr.mtime = next.attr.ctime;
    let attr = wcc(inode, &next).after;
    let mut changes = vec![Change::Cut { ino, from: 0 }];
    changes.extend(content.changes(ino));
    changes.push(Change::Inode(Arc::new(next)));
    tx.commit(changes, counters)?;
    Ok(PutOutcome { attr, created: false })
}

fn make(
    tx: &mut Tx<'_>,
    caller: &Caller,
    path: &[u8],
    owner: PutOwner,
    content: &Content,
) -> Step<PutOutcome> {
    let (parent, name) = split_last(path)?;
    let dir = resolve(tx, caller, &parent, true)?;
    if !dir.is_dir() {
        return Err(Error::NotDirectory.into());
    }
    check_new_name(&name)?;
    if tx.find(dir.attr.ino, &name)?.is_some() {
        // The path led nowhere though its last name is there: a link to nothing.
        return Err(Error::NotFound.into());
    }
    let mut inode = tx.new_inode(FileKind::Regular, caller, &dir, 0o644);
    set_content(&mut inode, owner, content);
    let mut counters = tx.counters();
    count_inode(&mut counters)?;
    count_bytes(&mut counters, content.len(), 0)?;
    let (entry, parent) = add_entry(tx, &dir, &name, &inode)?;
    let attr = inode.attr;
    let mut changes = vec![Change::Inode(Arc::new(inode)), entry, Change::Inode(Arc::new(parent))];
    changes.extend(content.changes(attr.ino));
    tx.commit(changes, counters)?;
    Ok(PutOutcome { attr, created: true })
}

fn set_content(inode: &mut Inode, owner: PutOwner, content: &Content) {
    inode.attr.size = content.len();
    inode.attr.used = content.len();
    inode.attr.uid = owner.uid.unwrap_or(inode.attr.uid);
    inode.attr.gid = owner.gid.unwrap_or(inode.attr.gid);
    inode.attr.mode = owner.mode.map_or(inode.attr.mode, |mode| mode & 0o7777);
}
