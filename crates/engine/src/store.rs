//! The object store: one bucket or directory for all volumes of a node.
//!
//! Owns: which store a URL names, how a local file becomes an object, and the count of calls. Everything above
//! speaks [`object_store`]'s trait. On a directory, objects and the directories that hold them are synced before
//! a put answers, and a segment that was written on the same disk is taken over by a hard link instead of a copy.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use crate::counting::CountingStore;
use crate::disk::{Disk, DiskFile, blocking};
use crate::error::{Error, Result};

/// The node's object store. Clones share it.
#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// The directory behind a `file://` store.
    directory: Option<PathBuf>,
}

impl Store {
    /// Opens the store that `url` names: `file:///path` (made if missing) or `memory://`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a URL of another kind, [`Error::Io`] if the directory cannot be made.
    pub fn open(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("file://") {
            let directory = PathBuf::from(path);
            if !directory.is_absolute() {
                return Err(Error::Invalid("a file:// store needs an absolute path: file:///path"));
            }
            std::fs::create_dir_all(&directory)?;
            let local = object_store::local::LocalFileSystem::new_with_prefix(&directory)?.with_fsync(true);
            return Ok(Self::new(Arc::new(local), Some(directory)));
        }
        if url == "memory://" {
            return Ok(Self::memory());
        }
        Err(Error::Invalid("the store must be file:///path or memory://"))
    }

    /// A store that lives as long as the process: for tests and experiments.
    pub fn memory() -> Self {
        Self::new(Arc::new(object_store::memory::InMemory::new()), None)
    }

    /// A store over any implementation; `directory` if it keeps objects as files there.
    pub fn new(objects: Arc<dyn ObjectStore>, directory: Option<PathBuf>) -> Self {
        Self { objects: Arc::new(CountingStore::new(objects)), directory }
    }

    /// The store itself.
    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        self.objects.clone()
    }

    /// Puts an object from memory, in one request however many pieces it has.
    pub async fn put(&self, path: &Path, pieces: Vec<Bytes>) -> Result<()> {
        self.objects.put(path, PutPayload::from_iter(pieces)).await?;
        Ok(())
    }

    /// Puts the synced local file `source` as an object.
    pub(crate) async fn put_file(
        &self,
        disk: &Arc<dyn Disk>,
        source: PathBuf,
        file: Arc<dyn DiskFile>,
        path: &Path,
    ) -> Result<()> {
        if let Some(directory) = &self.directory {
            let target = directory.join(path.as_ref());
            let linker = disk.clone();
            if blocking(disk.as_ref(), move || link_object(&*linker, &source, &target)).await? {
                crate::counting::count("put", "ok");
                return Ok(());
            }
        }
        let read = move || Ok(Bytes::from(file.read_vec_at(file.size_bytes()? as usize, 0)?));
        self.put(path, vec![blocking(disk.as_ref(), read).await?]).await
    }

    /// Reads part of an object.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the object is missing, [`Error::Unavailable`] if the store does not answer.
    pub async fn read(&self, path: &Path, range: std::ops::Range<u64>) -> Result<Bytes> {
        Ok(self.objects.get_range(path, range).await?)
    }

    /// Reads a small object; `None` if there is none.
    pub async fn read_whole(&self, path: &Path) -> Result<Option<Bytes>> {
        match self.objects.get(path).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an object; no error if it is gone.
    pub async fn delete(&self, path: &Path) -> Result<()> {
        match self.objects.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes every object below `prefix`; says how many there were.
    pub async fn delete_all(&self, prefix: &Path) -> Result<u64> {
        use futures::TryStreamExt;
        let mut listing = self.objects.list(Some(prefix));
        let mut deleted = 0;
        while let Some(object) = listing.try_next().await? {
            self.delete(&object.location).await?;
            deleted += 1;
        }
        Ok(deleted)
    }
}

/// Links `source` to `target` and syncs the directories; `false` if the two are on different disks.
fn link_object(disk: &dyn Disk, source: &std::path::Path, target: &std::path::Path) -> Result<bool> {
    let parent = target.parent().ok_or(Error::Invalid("an object needs a directory"))?;
    if !parent.exists() {
        disk.create_dir_all(parent)?;
        if let Some(above) = parent.parent() {
            disk.sync_dir(above)?;
        }
    }
    match disk.hard_link(source, target) {
        Ok(()) => {}
        // A crash came between an earlier link and the index: segments are immutable, so it is this one.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    disk.sync_dir(parent)?;
    Ok(true)
}
