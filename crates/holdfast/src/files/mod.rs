//! The port [`Files`] of the HTTP front end, over the engine.
//!
//! Every method is one or a few engine operations as root, and an answer comes only after the engine said that the
//! change is durable. Nothing is kept between calls. In a crash, parents that an upload made may be there without the
//! file; everything else is one engine operation that happened or did not.

mod change;
mod content;
mod convert;
mod put;
mod snapshots;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use holdfast_api::files::{
    Changes, Directory, DirectoryEntry, DirectoryId, Files, FilesError, Made, Metadata, Opened, Ownership,
    Parents, PutRequest, Upload, View, VolumeLimits, VolumeUsage,
};
use holdfast_api::paths::FilePath;
use holdfast_base::{ByteSize, VolumeId, VolumeSettings};
use holdfast_engine::{Attr, Caller, Engine, Error, FileKind, SetAttr, Volume, VolumeSpec};
use holdfast_nfs::Locks;

use content::EngineContent;
use convert::{failed, metadata};

/// Mode of directories that nobody gave one.
const DIRECTORY_MODE: u32 = 0o755;

/// The volumes of one engine.
pub struct EngineFiles {
    engine: Arc<Engine>,
    locks: Locks,
}

impl EngineFiles {
    /// The port to `engine`, whose files are locked by `locks`.
    pub fn new(engine: Arc<Engine>, locks: Locks) -> Self {
        Self { engine, locks }
    }

    async fn volume(&self, id: VolumeId) -> Result<Arc<Volume>, FilesError> {
        self.engine.volume(id).await.map_err(failed)
    }
}

#[async_trait]
impl Files for EngineFiles {
    async fn create_volume(
        &self,
        volume: VolumeId,
        limits: VolumeLimits,
        settings: VolumeSettings,
    ) -> Result<(), FilesError> {
        let spec = VolumeSpec { limit_bytes: limits.bytes.0, limit_inodes: limits.inodes, settings };
        self.engine.create_volume(volume, spec).await.map_err(failed)?;
        Ok(())
    }

    async fn delete_volume(&self, volume: VolumeId) -> Result<(), FilesError> {
        self.engine.delete_volume(volume).await.map_err(failed)?;
        // Locks without a volume do no harm: the next request for one of them finds that out.
        if let Err(error) = self.locks.end_volume(volume).await {
            tracing::warn!(%volume, %error, "the locks of a deleted volume stay");
        }
        Ok(())
    }

    async fn set_limits(&self, volume: VolumeId, limits: VolumeLimits) -> Result<(), FilesError> {
        let changed = self.volume(volume).await?.set_limits(limits.bytes.0, limits.inodes).await;
        changed.map_err(failed)?.durable().await.map_err(failed)?;
        Ok(())
    }

    async fn set_settings(&self, volume: VolumeId, settings: VolumeSettings) -> Result<(), FilesError> {
        let changed = self.volume(volume).await?.set_settings(settings).await;
        changed.map_err(failed)?.durable().await.map_err(failed)?;
        Ok(())
    }

    async fn usage(&self, volume: VolumeId) -> Result<VolumeUsage, FilesError> {
        let usage = self.volume(volume).await?.usage();
        Ok(VolumeUsage {
            bytes: ByteSize(usage.used_bytes),
            inodes: usage.used_inodes,
            limits: VolumeLimits { bytes: ByteSize(usage.limit_bytes), inodes: usage.limit_inodes },
        })
    }

    async fn stat(&self, view: &View, path: &FilePath, follow: bool) -> Result<Metadata, FilesError> {
        let volume = self.view(view).await?;
        let (attr, target) =
            volume.stat_path(&Caller::root(), &path.to_bytes(), follow).await.map_err(failed)?;
        Ok(metadata(&attr, (attr.kind == FileKind::Symlink).then_some(target)))
    }

    async fn directory(&self, volume: VolumeId, path: &FilePath) -> Result<Option<DirectoryId>, FilesError> {
        let volume = self.volume(volume).await?;
        let (attr, _) = volume.stat_path(&Caller::root(), &path.to_bytes(), true).await.map_err(failed)?;
        if attr.kind != FileKind::Directory {
            return Err(FilesError::NotADirectory);
        }
        let found = DirectoryId { inode: attr.ino, generation: attr.generation };
        Ok((attr.ino != Volume::ROOT).then_some(found))
    }

    async fn list(
        &self,
        view: &View,
        dir: &FilePath,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Directory, FilesError> {
        let volume = self.view(view).await?;
        let caller = Caller::root();
        let (attr, _) = volume.stat_path(&caller, &dir.to_bytes(), true).await.map_err(failed)?;
        let listing =
            volume.list(&caller, attr.id(), after.unwrap_or(0), limit, true).await.map_err(failed)?;
        let entry = |entry: holdfast_engine::ListEntry| {
            let metadata = metadata(&entry.attr?, None);
            Some(DirectoryEntry { name: entry.name, cookie: entry.cookie, metadata })
        };
        Ok(Directory { entries: listing.entries.into_iter().filter_map(entry).collect(), end: listing.end })
    }

    async fn open(&self, view: &View, path: &FilePath) -> Result<Opened, FilesError> {
        let volume = self.view(view).await?;
        let (attr, _) = volume.stat_path(&Caller::root(), &path.to_bytes(), true).await.map_err(failed)?;
        regular(&attr)?;
        let metadata = metadata(&attr, None);
        Ok(Opened { metadata, content: Box::new(EngineContent::new(volume, &attr)) })
    }

    async fn put(
        &self,
        volume: VolumeId,
        path: &FilePath,
        request: PutRequest,
        body: Upload,
    ) -> Result<Made, FilesError> {
        put::put(self.volume(volume).await?, path, request, body).await
    }

    async fn remove(&self, volume: VolumeId, path: &FilePath, recursive: bool) -> Result<(), FilesError> {
        let volume = self.volume(volume).await?;
        volume.remove_path(&Caller::root(), &path.to_bytes(), recursive).await.map_err(failed)
    }

    async fn make_directory(
        &self,
        volume: VolumeId,
        path: &FilePath,
        ownership: Ownership,
        parents: Parents,
    ) -> Result<Made, FilesError> {
        let volume = self.volume(volume).await?;
        make_parents(&volume, path, ownership, parents).await?;
        let mode = ownership.mode.unwrap_or(DIRECTORY_MODE);
        let made = ensure_dir(&volume, &path.to_bytes(), mode, ownership).await.map_err(failed)?;
        Ok(Made { metadata: metadata(&made.0, None), created: made.1 })
    }

    async fn make_symlink(
        &self,
        volume: VolumeId,
        path: &FilePath,
        target: Bytes,
        ownership: Ownership,
    ) -> Result<Metadata, FilesError> {
        change::symlink(&*self.volume(volume).await?, path, target, ownership).await
    }

    async fn make_link(
        &self,
        volume: VolumeId,
        path: &FilePath,
        existing: &FilePath,
    ) -> Result<Metadata, FilesError> {
        change::link(&*self.volume(volume).await?, path, existing).await
    }

    async fn copy(
        &self,
        volume: VolumeId,
        from: &FilePath,
        to: &FilePath,
        ownership: Ownership,
    ) -> Result<Made, FilesError> {
        put::copy(self.volume(volume).await?, from, to, ownership).await
    }

    async fn change(
        &self,
        volume: VolumeId,
        path: &FilePath,
        follow: bool,
        changes: Changes,
    ) -> Result<Metadata, FilesError> {
        change::attributes(&*self.volume(volume).await?, path, follow, changes).await
    }

    async fn rename(&self, volume: VolumeId, from: &FilePath, to: &FilePath) -> Result<Metadata, FilesError> {
        change::rename(&*self.volume(volume).await?, from, to).await
    }
}

/// Makes the directories above `path` that are missing, or refuses.
async fn make_parents(
    volume: &Volume,
    path: &FilePath,
    ownership: Ownership,
    missing: Parents,
) -> Result<(), FilesError> {
    let names = path.components();
    let parents = &names[..names.len().saturating_sub(1)];
    match volume.stat_path(&Caller::root(), &joined(parents), true).await {
        Ok((attr, _)) if attr.kind == FileKind::Directory => return Ok(()),
        Ok(_) => return Err(FilesError::NotADirectory),
        Err(Error::NotFound) => {}
        Err(error) => return Err(failed(error)),
    }
    let Parents::Make { mode } = missing else { return Err(FilesError::NotFound) };
    for depth in 1..=parents.len() {
        match ensure_dir(volume, &joined(&parents[..depth]), mode, ownership).await {
            Ok(_) => {}
            Err(Error::Exists) => return Err(FilesError::NotADirectory),
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}

async fn ensure_dir(
    volume: &Volume,
    path: &[u8],
    mode: u32,
    ownership: Ownership,
) -> Result<(Attr, bool), Error> {
    let Ownership { uid, gid, .. } = ownership;
    let attributes = SetAttr { mode: Some(mode), uid, gid, ..SetAttr::default() };
    volume.ensure_dir(&Caller::root(), path, attributes).await
}

fn joined(names: &[Bytes]) -> Vec<u8> {
    let mut path = vec![b'/'];
    path.extend(names.join(&b'/'));
    path
}

/// Whether a path's end has content.
fn regular(attr: &Attr) -> Result<(), FilesError> {
    match attr.kind {
        FileKind::Regular => Ok(()),
        FileKind::Directory => Err(FilesError::IsADirectory),
        FileKind::BlockDevice
        | FileKind::CharDevice
        | FileKind::Symlink
        | FileKind::Socket
        | FileKind::Fifo => Err(FilesError::NotRegular),
    }
}

#[cfg(test)]
mod tests;
