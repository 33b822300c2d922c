//! The object store: one bucket or directory for all volumes of a node.
//!
//! Owns: which store a URL names, how a local file becomes an object, patience with a store in trouble
//! ([`resilient`]), and the count of calls. Everything above speaks [`object_store`]'s trait. On a directory, objects
//! and the directories that hold them are synced before a put answers, and a segment that was written on the same
//! disk is taken over by a hard link instead of a copy.
//!
//! Layers, from above: `resilient` (time, retries, circuit, lost replies), `counting` (what the store sees), a prefix
//! where the URL has one, the client.

mod counting;
mod location;
mod metrics;
mod policy;
mod probe;
mod resilient;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use holdfast_base::{Random, SeededRandom};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload};

use crate::disk::{Disk, DiskFile, blocking};
use crate::error::{Error, Result};
use counting::CountingStore;
use location::Location;
pub use location::OpenError;
pub(crate) use metrics::describe as describe_metrics;
pub use policy::StorePolicy;
pub use resilient::CircuitState;
use resilient::{Lane, ResilientStore};

/// What a store takes from outside beside its URL.
#[derive(Clone)]
pub struct StoreOptions {
    /// For pauses between attempts and for the ids of conditional writes: no two nodes may draw the same.
    pub random: Arc<dyn Random>,
    /// How patient to be.
    pub policy: StorePolicy,
}

impl StoreOptions {
    /// The limits table's patience.
    pub fn new(random: Arc<dyn Random>) -> Self {
        Self { random, policy: StorePolicy::default() }
    }
}

/// The node's object store. Clones share it.
#[derive(Clone)]
pub struct Store {
    objects: Arc<ResilientStore>,
    random: Arc<dyn Random>,
    /// The directory behind a `file://` store.
    directory: Option<PathBuf>,
}

impl Store {
    /// Opens the store that `url` names: `file:///path` (made if missing), `gs://bucket/prefix`,
    /// `s3://bucket/prefix`, `az://container/prefix` or `memory://`. Credentials and endpoints are in `variables`, those
    /// of the environment by each vendor's usual names. Nothing is asked of the store yet.
    ///
    /// # Errors
    /// What is wrong with the URL, the directory or the settings in the environment.
    pub fn open(
        url: &str,
        variables: &[(String, String)],
        options: StoreOptions,
    ) -> std::result::Result<Self, OpenError> {
        let Location { objects, directory } = Location::find(url, variables)?;
        Ok(Self::new(objects, directory, options))
    }

    /// A store that lives as long as the process: for tests and experiments.
    pub fn memory() -> Self {
        let options = StoreOptions::new(Arc::new(SeededRandom::new(0)));
        Self::new(Arc::new(object_store::memory::InMemory::new()), None, options)
    }

    /// A store over any implementation; `directory` if it keeps objects as files there.
    pub fn new(objects: Arc<dyn ObjectStore>, directory: Option<PathBuf>, options: StoreOptions) -> Self {
        let StoreOptions { random, policy } = options;
        let counting = Arc::new(CountingStore::new(objects));
        let objects = ResilientStore::new(counting, policy, random.clone(), directory.is_none());
        Self { objects: Arc::new(objects), random, directory }
    }

    /// Why the store is not at its best, if it is not.
    pub fn trouble(&self) -> Option<String> {
        let circuits = self.objects.circuits().into_iter();
        let (lane, _, why) = circuits.max_by_key(|(_, state, _)| *state)?;
        let what = match lane {
            Lane::Read => "read from",
            Lane::Write => "written to",
        };
        why.map(|why| format!("the object store cannot be {what} at the moment: {why}"))
    }

    /// Waits until the store is left alone, for work that would otherwise be tried again and again; says why.
    pub(crate) async fn until_down(&self) -> String {
        const LOOK: Duration = Duration::from_millis(100);
        loop {
            if let Some(why) = self.trouble() {
                return why;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Calls a store that is left alone, once its pause is over: so it is found again without anybody's need.
    pub async fn probe_if_down(&self) {
        let path = Path::from("node/probe/alive");
        for (lane, state, _) in self.objects.circuits() {
            if state == CircuitState::Closed {
                continue;
            }
            let tried = match lane {
                Lane::Read => self.objects.head(&path).await.map(|_| ()),
                Lane::Write => self.objects.put(&path, PutPayload::from_static(b"alive\n")).await.map(|_| ()),
            };
            // The circuit has heard it already.
            tracing::debug!(?lane, answer = ?tried.err(), "tried whether the object store works again");
        }
    }

    /// The store itself.
    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        self.objects.clone()
    }

    /// Puts an object only if there is none; `false` if there is one.
    pub async fn create(&self, path: &Path, content: Bytes) -> Result<bool> {
        match self.objects.put_opts(path, content.into(), PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
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
                counting::count("put", "ok");
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
        let listing = self.objects.list(Some(prefix)).map_ok(|object| object.location).boxed();
        let deleted = self.objects.delete_stream(listing);
        let gone = deleted.filter_map(|deleted| async {
            match deleted {
                Err(object_store::Error::NotFound { .. }) => None,
                other => Some(other),
            }
        });
        Ok(gone.try_fold(0, |count, _| async move { Ok(count + 1) }).await?)
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
