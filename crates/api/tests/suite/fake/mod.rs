//! Files in memory, with the port's contract and faults on demand.

mod mounts;
mod snapshots;
mod volume;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use holdfast_api::files::{
    Changes, Content, Directory, DirectoryEntry, DirectoryId, Download, FileKind, Files, FilesError, Made,
    Metadata, Opened, Ownership, Parents, Precondition, PutRequest, SnapshotInfo, Upload, View, VolumeLimits,
    VolumeUsage,
};
use holdfast_api::paths::FilePath;
use holdfast_base::{ByteSize, VolumeId, VolumeSettings};

pub use mounts::FakeMounts;
use volume::{Body, Volume};

/// Longest piece of a download.
const PIECE_BYTES: usize = 64 << 10;

#[derive(Default)]
pub struct FakeFiles {
    volumes: Mutex<HashMap<VolumeId, Volume>>,
    snapshots: Mutex<HashMap<VolumeId, Vec<(SnapshotInfo, Volume)>>>,
    faults: Mutex<HashMap<&'static str, FilesError>>,
    /// While a test holds it, no volume is made and no tree removed.
    pub gate: tokio::sync::Mutex<()>,
}

impl FakeFiles {
    /// Makes the next call of `operation` fail.
    pub fn fail_next(&self, operation: &'static str, error: FilesError) {
        self.faults.lock().unwrap().insert(operation, error);
    }

    pub fn volumes(&self) -> usize {
        self.volumes.lock().unwrap().len()
    }

    pub fn symlink(&self, id: VolumeId, path: &str, target: &str) {
        let body = Body::Link(Bytes::copy_from_slice(target.as_bytes()));
        self.with(id, |volume| volume.insert(&at(path), body)).unwrap();
    }

    pub fn fifo(&self, id: VolumeId, path: &str) {
        self.with(id, |volume| volume.insert(&at(path), Body::Fifo)).unwrap();
    }

    pub fn settings(&self, id: VolumeId) -> VolumeSettings {
        self.volumes.lock().unwrap()[&id].settings
    }

    fn fault(&self, operation: &'static str) -> Result<(), FilesError> {
        self.faults.lock().unwrap().remove(operation).map_or(Ok(()), Err)
    }

    fn with<T>(
        &self,
        id: VolumeId,
        work: impl FnOnce(&mut Volume) -> Result<T, FilesError>,
    ) -> Result<T, FilesError> {
        work(self.volumes.lock().unwrap().get_mut(&id).ok_or(FilesError::NoVolume)?)
    }
}

fn at(path: &str) -> Vec<Bytes> {
    FilePath::from_bytes(path.as_bytes()).unwrap().components().to_vec()
}

#[async_trait]
impl Files for FakeFiles {
    async fn create_volume(
        &self,
        id: VolumeId,
        limits: VolumeLimits,
        settings: VolumeSettings,
    ) -> Result<(), FilesError> {
        self.fault("create_volume")?;
        drop(self.gate.lock().await);
        self.volumes.lock().unwrap().entry(id).or_insert_with(|| Volume::new(limits, settings));
        Ok(())
    }

    async fn delete_volume(&self, id: VolumeId) -> Result<(), FilesError> {
        self.fault("delete_volume")?;
        self.volumes.lock().unwrap().remove(&id);
        self.snapshots.lock().unwrap().remove(&id);
        Ok(())
    }

    async fn set_limits(&self, id: VolumeId, limits: VolumeLimits) -> Result<(), FilesError> {
        self.fault("set_limits")?;
        self.with(id, |volume| volume.set_limits(limits))
    }

    async fn set_settings(&self, id: VolumeId, settings: VolumeSettings) -> Result<(), FilesError> {
        self.fault("set_settings")?;
        self.with(id, |volume| {
            volume.settings = settings;
            Ok(())
        })
    }

    async fn usage(&self, id: VolumeId) -> Result<VolumeUsage, FilesError> {
        self.fault("usage")?;
        self.with(id, |volume| {
            let bytes = ByteSize(volume.bytes());
            Ok(VolumeUsage { bytes, inodes: volume.inodes(), limits: volume.limits })
        })
    }

    async fn stat(&self, view: &View, path: &FilePath, follow: bool) -> Result<Metadata, FilesError> {
        self.fault("stat")?;
        self.seen(view, |volume| {
            let place = volume.resolve(path.components(), follow)?;
            volume.metadata(&place)
        })
    }

    async fn directory(&self, id: VolumeId, path: &FilePath) -> Result<Option<DirectoryId>, FilesError> {
        let found = self.stat(&id.into(), path, true).await?;
        match found.kind {
            FileKind::Directory => Ok(Some(DirectoryId { inode: found.version.inode, generation: 1 })),
            _ => Err(FilesError::NotADirectory),
        }
    }

    async fn list(
        &self,
        view: &View,
        dir: &FilePath,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Directory, FilesError> {
        self.fault("list")?;
        self.seen(view, |volume| {
            let place = volume.resolve(dir.components(), true)?;
            let mut entries = Vec::new();
            for name in volume.names(&place)? {
                let metadata = volume.metadata(&[place.clone(), vec![name.clone()]].concat())?;
                entries.push(DirectoryEntry { name, cookie: metadata.version.inode, metadata });
            }
            entries.sort_by_key(|entry| entry.cookie);
            entries.retain(|entry| after.is_none_or(|after| entry.cookie > after));
            let end = entries.len() <= limit;
            entries.truncate(limit);
            Ok(Directory { entries, end })
        })
    }

    async fn open(&self, view: &View, path: &FilePath) -> Result<Opened, FilesError> {
        self.fault("open")?;
        self.seen(view, |volume| {
            let place = volume.resolve(path.components(), true)?;
            let metadata = volume.metadata(&place)?;
            let bytes = volume.content(&place)?;
            let broken = self.fault("read").err();
            Ok(Opened { metadata, content: Box::new(FakeContent { bytes, broken }) })
        })
    }

    async fn put(
        &self,
        id: VolumeId,
        path: &FilePath,
        request: PutRequest,
        mut body: Upload,
    ) -> Result<Made, FilesError> {
        self.fault("put")?;
        let PutRequest { ownership, precondition, parents, expected_bytes } = request;
        self.with(id, |volume| {
            check(volume, path, &precondition)?;
            volume.check_parents(path.components(), parents)?;
            volume.room_for(path.components(), expected_bytes.unwrap_or(0))
        })?;
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await {
            bytes.extend_from_slice(&piece?);
        }
        self.with(id, |volume| {
            check(volume, path, &precondition)?;
            volume.room_for(path.components(), bytes.len() as u64)?;
            volume.put(path.components(), bytes.into(), ownership, parents)
        })
    }

    async fn remove(&self, id: VolumeId, path: &FilePath, recursive: bool) -> Result<(), FilesError> {
        self.fault("remove")?;
        drop(self.gate.lock().await);
        self.with(id, |volume| volume.remove(path.components(), recursive))
    }

    async fn make_directory(
        &self,
        id: VolumeId,
        path: &FilePath,
        ownership: Ownership,
        parents: Parents,
    ) -> Result<Made, FilesError> {
        self.fault("make_directory")?;
        self.with(id, |volume| volume.make_directory(path.components(), ownership, parents))
    }

    async fn make_symlink(
        &self,
        id: VolumeId,
        path: &FilePath,
        target: Bytes,
        ownership: Ownership,
    ) -> Result<Metadata, FilesError> {
        self.fault("make_symlink")?;
        self.with(id, |volume| {
            if volume.metadata(path.components()).is_ok() {
                return Err(FilesError::Exists);
            }
            volume.insert(path.components(), Body::Link(target))?;
            let changes = Changes { uid: ownership.uid, gid: ownership.gid, ..Changes::default() };
            volume.change(path.components(), changes)
        })
    }

    async fn make_link(
        &self,
        id: VolumeId,
        path: &FilePath,
        existing: &FilePath,
    ) -> Result<Metadata, FilesError> {
        self.fault("make_link")?;
        self.with(id, |volume| volume.link(path.components(), existing.components()))
    }

    async fn copy(
        &self,
        id: VolumeId,
        from: &FilePath,
        to: &FilePath,
        ownership: Ownership,
    ) -> Result<Made, FilesError> {
        self.fault("copy")?;
        self.with(id, |volume| {
            let place = volume.resolve(from.components(), true)?;
            let source = volume.metadata(&place)?;
            let bytes = volume.content(&place)?;
            let ownership = Ownership { mode: ownership.mode.or(Some(source.mode)), ..ownership };
            volume.put(to.components(), bytes, ownership, Parents::default())
        })
    }

    async fn change(
        &self,
        id: VolumeId,
        path: &FilePath,
        follow: bool,
        changes: Changes,
    ) -> Result<Metadata, FilesError> {
        self.fault("change")?;
        self.with(id, |volume| {
            let place = volume.resolve(path.components(), follow)?;
            volume.change(&place, changes)
        })
    }

    async fn rename(&self, id: VolumeId, from: &FilePath, to: &FilePath) -> Result<Metadata, FilesError> {
        self.fault("rename")?;
        self.with(id, |volume| volume.rename(from.components(), to.components()))
    }
}

fn check(volume: &Volume, path: &FilePath, precondition: &Precondition) -> Result<(), FilesError> {
    let found = volume.resolve(path.components(), true).and_then(|place| volume.metadata(&place));
    let version = match found {
        Ok(metadata) => Some(metadata.version),
        Err(FilesError::NotFound) => None,
        Err(error) => return Err(error),
    };
    let holds = match precondition {
        Precondition::None => true,
        Precondition::Absent => version.is_none(),
        Precondition::Present => version.is_some(),
        Precondition::Version(wanted) => version.is_some_and(|version| wanted.contains(&version)),
    };
    if holds { Ok(()) } else { Err(FilesError::PreconditionFailed) }
}

struct FakeContent {
    bytes: Bytes,
    broken: Option<FilesError>,
}

impl Content for FakeContent {
    fn read(self: Box<Self>, range: Range<u64>) -> Download {
        let mut rest = self.bytes.slice(range.start as usize..range.end as usize);
        let mut pieces = Vec::new();
        while !rest.is_empty() {
            pieces.push(Ok(rest.split_to(rest.len().min(PIECE_BYTES))));
        }
        if let Some(error) = self.broken {
            pieces.truncate(1);
            pieces.push(Err(error));
        }
        futures::stream::iter(pieces).boxed()
    }
}
