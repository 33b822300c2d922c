//! Changes that carry no content: attributes, links, other places.

use bytes::Bytes;
use holdfast_api::files::{Changes, FilesError, Metadata, Ownership, Parents};
use holdfast_api::paths::FilePath;
use holdfast_engine::{Attr, Caller, Error, FileId, FileKind, SetAttr, Volume};

use super::convert::{failed, metadata};
use super::{make_parents, regular};

/// Sets attributes of what is at `path`.
pub(super) async fn attributes(
    volume: &Volume,
    path: &FilePath,
    follow: bool,
    changes: Changes,
) -> Result<Metadata, FilesError> {
    let caller = Caller::root();
    let (attr, target) = volume.stat_path(&caller, &path.to_bytes(), follow).await.map_err(failed)?;
    if changes.size.is_some() {
        regular(&attr)?;
    }
    let Changes { mode, uid, gid, size } = changes;
    let attributes = SetAttr { mode, uid, gid, size, ..SetAttr::default() };
    let changed = volume.setattr(&caller, attr.id(), attributes, None).await.map_err(failed)?;
    let after = changed.durable().await.map_err(failed)?.into_inner().after;
    Ok(metadata(&after, (after.kind == FileKind::Symlink).then_some(target)))
}

/// Makes a symbolic link.
pub(super) async fn symlink(
    volume: &Volume,
    path: &FilePath,
    target: Bytes,
    ownership: Ownership,
) -> Result<Metadata, FilesError> {
    let (dir, name) = place(volume, path, ownership).await?;
    let Ownership { uid, gid, mode } = ownership;
    let attributes = SetAttr { mode, uid, gid, ..SetAttr::default() };
    let made = volume.symlink(&Caller::root(), dir, &name, &target, attributes).await.map_err(failed)?;
    let made = made.durable().await.map_err(failed)?.into_inner();
    Ok(metadata(&made.attr, Some(target)))
}

/// Gives a file another name.
pub(super) async fn link(
    volume: &Volume,
    path: &FilePath,
    existing: &FilePath,
) -> Result<Metadata, FilesError> {
    let caller = Caller::root();
    let (attr, target) = volume.stat_path(&caller, &existing.to_bytes(), false).await.map_err(failed)?;
    if attr.kind == FileKind::Directory {
        return Err(FilesError::IsADirectory);
    }
    let (dir, name) = place(volume, path, owner_of(&attr)).await?;
    let linked = volume.link(&caller, attr.id(), dir, &name).await.map_err(failed)?;
    let linked = linked.durable().await.map_err(failed)?.into_inner();
    Ok(metadata(&linked.attr, (attr.kind == FileKind::Symlink).then_some(target)))
}

/// Moves an entry.
pub(super) async fn rename(volume: &Volume, from: &FilePath, to: &FilePath) -> Result<Metadata, FilesError> {
    let caller = Caller::root();
    // Before parents are made: they would be left behind where there is nothing to move.
    let (attr, target) = volume.stat_path(&caller, &from.to_bytes(), false).await.map_err(failed)?;
    if to.components().starts_with(from.components()) && to != from {
        return Err(if attr.kind == FileKind::Directory {
            FilesError::IntoItself
        } else {
            FilesError::NotADirectory
        });
    }
    let (from_dir, from_name) = place(volume, from, Ownership::default()).await?;
    let (to_dir, to_name) = place(volume, to, owner_of(&attr)).await?;
    let moved = volume.rename(&caller, from_dir, &from_name, to_dir, &to_name).await;
    let moved = moved.map_err(|error| match error {
        // Through links: the names themselves were compared above.
        Error::Invalid(_) => FilesError::IntoItself,
        other => failed(other),
    })?;
    moved.durable().await.map_err(failed)?;
    let now = volume.getattr(attr.id()).await.map_err(failed)?;
    Ok(metadata(&now, (now.kind == FileKind::Symlink).then_some(target)))
}

/// The directory and the name that a path means; missing parents are made for this owner.
async fn place(
    volume: &Volume,
    path: &FilePath,
    ownership: Ownership,
) -> Result<(FileId, Bytes), FilesError> {
    let (Some(parent), Some(name)) = (path.parent(), path.name()) else { return Err(FilesError::Exists) };
    make_parents(volume, path, ownership, Parents::default()).await?;
    let (dir, _) = volume.stat_path(&Caller::root(), &parent.to_bytes(), true).await.map_err(failed)?;
    Ok((dir.id(), name.clone()))
}

fn owner_of(attr: &Attr) -> Ownership {
    Ownership { uid: Some(attr.uid), gid: Some(attr.gid), mode: None }
}
