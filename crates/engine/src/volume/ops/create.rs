//! CREATE, MKDIR, SYMLINK, MKNOD.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::limits;

use super::setattr::{Setting, set_attributes};
use super::{add_entry, count_inode, wcc};
use crate::durable::Pending;
use crate::error::{Error, Result};
use crate::format::inode::Inode;
use crate::format::record::Change;
use crate::types::{Caller, CreateMode, Entry, FileKind, SetAttr, SetTime, Special};
use crate::volume::tx::{Step, Tx, check_new_name, may, require};
use crate::volume::{FileId, Volume};

impl Volume {
    /// Makes a regular file, or finds it, as `how` says (RFC 1813 section 3.3.8).
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::IsDirectory`] (unchecked, the name is a directory), and those of every
    /// operation that adds an entry: [`Error::NotDirectory`], [`Error::AccessDenied`], [`Error::NameTooLong`],
    /// [`Error::QuotaExceeded`], [`Error::Stale`].
    pub async fn create(
        &self,
        caller: &Caller,
        dir: FileId,
        name: &[u8],
        how: CreateMode,
    ) -> Result<Pending<Entry>> {
        self.write_op(|tx| create(tx, caller, dir, name, how)).await
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// [`Error::Exists`] and those of every operation that adds an entry.
    pub async fn mkdir(
        &self,
        caller: &Caller,
        dir: FileId,
        name: &[u8],
        attributes: SetAttr,
    ) -> Result<Pending<Entry>> {
        self.write_op(|tx| {
            let (dir, mut inode) = prepare(tx, caller, dir, name, FileKind::Directory, &attributes)?;
            inode.attr.size = super::dir_size(0);
            place(tx, caller, &dir, name, inode, attributes)
        })
        .await
    }

    /// Makes a symbolic link to `target`.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::NameTooLong`] for a target over 4,096 bytes, and those of every operation
    /// that adds an entry.
    pub async fn symlink(
        &self,
        caller: &Caller,
        dir: FileId,
        name: &[u8],
        target: &[u8],
        attributes: SetAttr,
    ) -> Result<Pending<Entry>> {
        if target.len() > limits::PATH_MAX_BYTES {
            return Err(Error::NameTooLong);
        }
        if target.is_empty() || target.contains(&0) {
            return Err(Error::Invalid("a link target may not be empty nor hold NUL"));
        }
        self.write_op(|tx| {
            let attributes = SetAttr { mode: Some(attributes.mode.unwrap_or(0o777)), ..attributes };
            let (dir, mut inode) = prepare(tx, caller, dir, name, FileKind::Symlink, &attributes)?;
            inode.target = Bytes::copy_from_slice(target);
            inode.attr.size = target.len() as u64;
            place(tx, caller, &dir, name, inode, attributes)
        })
        .await
    }

    /// Makes a special file.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::NotPermitted`] for a device by anybody but root, and those of every operation
    /// that adds an entry.
    pub async fn mknod(
        &self,
        caller: &Caller,
        dir: FileId,
        name: &[u8],
        special: Special,
        attributes: SetAttr,
    ) -> Result<Pending<Entry>> {
        let (kind, rdev) = match special {
            Special::Fifo => (FileKind::Fifo, (0, 0)),
            Special::Socket => (FileKind::Socket, (0, 0)),
            Special::CharDevice(major, minor) => (FileKind::CharDevice, (major, minor)),
            Special::BlockDevice(major, minor) => (FileKind::BlockDevice, (major, minor)),
        };
        let is_device = matches!(kind, FileKind::CharDevice | FileKind::BlockDevice);
        if is_device && !caller.is_root() {
            return Err(Error::NotPermitted);
        }
        self.write_op(|tx| {
            let (dir, mut inode) = prepare(tx, caller, dir, name, kind, &attributes)?;
            inode.attr.rdev = rdev;
            place(tx, caller, &dir, name, inode, attributes)
        })
        .await
    }
}

fn create(tx: &mut Tx<'_>, caller: &Caller, dir: FileId, name: &[u8], how: CreateMode) -> Step<Entry> {
    let parent = tx.dir(dir)?;
    let existing = match name {
        b"." | b".." => return Err(Error::Exists.into()),
        _ => {
            require(&parent, caller, may::EXECUTE)?;
            check_new_name(name)?;
            tx.find(parent.attr.ino, name)?
        }
    };
    match (existing, how) {
        (Some(ino), CreateMode::Unchecked(attributes)) => {
            let inode = tx.inode(ino)?;
            reuse(tx, caller, &parent, &inode, attributes)
        }
        (Some(ino), CreateMode::Exclusive(verifier)) => {
            let inode = tx.inode(ino)?;
            if inode.verifier != Some(verifier) {
                return Err(Error::Exists.into());
            }
            Ok(Entry { attr: inode.attr, dir: wcc(&parent, &parent) })
        }
        (Some(_), CreateMode::Guarded(_)) => Err(Error::Exists.into()),
        (None, CreateMode::Unchecked(attributes) | CreateMode::Guarded(attributes)) => {
            let (dir, inode) = prepare(tx, caller, dir, name, FileKind::Regular, &attributes)?;
            place(tx, caller, &dir, name, inode, attributes)
        }
        (None, CreateMode::Exclusive(verifier)) => {
            // The client sets the mode with a SETATTR that follows.
            let none = SetAttr { mode: Some(0), ..SetAttr::default() };
            let (dir, mut inode) = prepare(tx, caller, dir, name, FileKind::Regular, &none)?;
            inode.verifier = Some(verifier);
            place(tx, caller, &dir, name, inode, SetAttr::default())
        }
    }
}

/// An unchecked create of a name that is there: only a size is taken over, as open(O_CREAT|O_TRUNC) needs it.
fn reuse(
    tx: &mut Tx<'_>,
    caller: &Caller,
    parent: &Inode,
    inode: &Arc<Inode>,
    attributes: SetAttr,
) -> Step<Entry> {
    match inode.attr.kind {
        FileKind::Regular => {}
        FileKind::Directory => return Err(Error::IsDirectory.into()),
        _ => return Err(Error::Exists.into()),
    }
    let mut attr = inode.attr;
    if attributes.size.is_some() {
        let only_size = SetAttr { size: attributes.size, ..SetAttr::default() };
        attr = set_attributes(tx, caller, inode, &only_size)?.after;
    }
    Ok(Entry { attr, dir: wcc(parent, parent) })
}

/// Checks that `name` can be made in `dir`, and begins its inode.
fn prepare(
    tx: &mut Tx<'_>,
    caller: &Caller,
    dir: FileId,
    name: &[u8],
    kind: FileKind,
    attributes: &SetAttr,
) -> Step<(Arc<Inode>, Inode)> {
    let dir = tx.dir(dir)?;
    if matches!(name, b"." | b"..") {
        return Err(Error::Exists.into());
    }
    check_new_name(name)?;
    require(&dir, caller, may::EXECUTE)?;
    if tx.find(dir.attr.ino, name)?.is_some() {
        return Err(Error::Exists.into());
    }
    require(&dir, caller, may::WRITE)?;
    if kind == FileKind::Directory && dir.attr.nlink >= limits::LINK_MAX {
        return Err(Error::TooManyLinks.into());
    }
    let default = if kind == FileKind::Directory { 0o755 } else { 0o644 };
    let inode = tx.new_inode(kind, caller, &dir, attributes.mode.unwrap_or(default));
    Ok((dir, inode))
}

/// Commits a new inode under its name.
fn place(
    tx: &mut Tx<'_>,
    caller: &Caller,
    dir: &Inode,
    name: &[u8],
    mut inode: Inode,
    attributes: SetAttr,
) -> Step<Entry> {
    // The mode is in the inode already; a size would be a hole, which a new file may well have.
    let rest = SetAttr { mode: None, ..attributes };
    let settles = rest.uid.is_some() || rest.gid.is_some() || rest.size.is_some_and(|size| size > 0);
    let times = rest.atime != SetTime::Keep || rest.mtime != SetTime::Keep;
    if settles || times {
        let mut setting = Setting::new(tx, caller, &inode);
        setting.apply_to_new(&rest, &mut inode)?;
    }
    if !caller.is_root() && inode.attr.mode & 0o2000 != 0 && !inode.is_dir() {
        // As chmod does: setgid only for a group that the maker is in.
        if !caller.in_group(inode.attr.gid) {
            inode.attr.mode &= !0o2000;
        }
    }
    let mut counters = tx.counters();
    count_inode(&mut counters)?;
    let (entry, mut parent) = add_entry(tx, dir, name, &inode)?;
    if inode.is_dir() {
        parent.attr.nlink += 1;
    }
    let made = Entry { attr: inode.attr, dir: wcc(dir, &parent) };
    tx.commit(vec![Change::Inode(Arc::new(inode)), entry, Change::Inode(Arc::new(parent))], counters)?;
    Ok(made)
}
