//! The catalogue's copy in the object store, so that the store alone brings a lost node back.
//!
//! Only for the embedded database: one elsewhere does not go with the node. The copy is the whole database file, put
//! again after every change before the change is answered; one copy serves all changes that wait meanwhile. Keys are
//! in it as hashes only. Where the store does not take it, the change is answered all the same, the copy is marked as
//! behind, and the server tries again until it is not.
//!
//! **In a crash** the copy is the last one that was put; it is read only where there is no database file at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use holdfast_catalogue::Catalogue;
use holdfast_engine::{Store, StorePath};

use crate::exit::{Exit, Failure, chain};

/// Longest wait of a change for its copy.
const PUT_MAX: Duration = Duration::from_secs(10);

/// The object.
fn object() -> StorePath {
    StorePath::from("node/catalogue/sqlite")
}

/// The file of an embedded database that lives in a file; `None` for every other catalogue.
fn file_of(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://")?.split('?').next()?;
    let decoded = path.replace("%3f", "?").replace("%25", "%");
    (!decoded.is_empty() && !decoded.contains(":memory:")).then(|| decoded.into())
}

/// Brings the database file back from the store, where there is none and the store has a copy.
///
/// # Errors
/// [`Exit::CannotStart`] if the store, named by `store_url`, does not answer or the file cannot be written.
pub(super) async fn restore(url: &str, store: &Store, store_url: &str) -> Result<(), Failure> {
    let Some(path) = file_of(url) else { return Ok(()) };
    if path.exists() {
        return Ok(());
    }
    let cannot = |error: &(dyn std::error::Error + 'static)| {
        Failure::because(Exit::CannotStart, "the catalogue cannot be brought back from the store", error)
    };
    let silent = |error| {
        let what =
            format!("the store {store_url} does not answer, or refuses the credentials of the environment");
        Failure::because(Exit::CannotStart, what, &error)
    };
    let Some(copy) = store.read_whole(&object()).await.map_err(silent)? else {
        return Ok(());
    };
    write_whole(&path, &copy).map_err(|error| cannot(&error))?;
    tracing::warn!(
        file = %path.display(),
        "the catalogue was missing and is restored from the store; keys that were given out go on working"
    );
    Ok(())
}

/// Writes a file that appears whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension("restored");
    std::fs::write(&unfinished, bytes)?;
    std::fs::File::open(&unfinished)?.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => std::fs::File::open(dir)?.sync_all(),
        _ => Ok(()),
    }
}

/// Keeps the copy up to date. Clones share it.
#[derive(Clone)]
pub(super) struct CatalogueCopy {
    /// `None` where the catalogue does not go with the node.
    inner: Option<Arc<Inner>>,
}

struct Inner {
    catalogue: Arc<Catalogue>,
    store: Store,
    /// Where the database is copied to before it is put.
    scratch: PathBuf,
    /// Changes asked for, and changes that the copy in the store has.
    asked: AtomicU64,
    copied: AtomicU64,
    turn: tokio::sync::Mutex<()>,
}

impl CatalogueCopy {
    pub fn new(url: &str, catalogue: Arc<Catalogue>, store: Store, data_dir: &Path) -> Self {
        let scratch = data_dir.join("catalogue.copy");
        let inner = file_of(url).map(|_| {
            let (asked, copied) = (AtomicU64::new(0), AtomicU64::new(0));
            Arc::new(Inner { catalogue, store, scratch, asked, copied, turn: tokio::sync::Mutex::default() })
        });
        Self { inner }
    }

    /// Makes sure that the store has what the catalogue holds now, or says in the log why not.
    pub async fn settle(&self) {
        let Some(inner) = &self.inner else { return };
        let change = inner.asked.fetch_add(1, Ordering::AcqRel) + 1;
        inner.copy_up_to(change).await;
    }

    /// Tries again what failed before.
    pub async fn catch_up(&self) {
        let Some(inner) = &self.inner else { return };
        inner.copy_up_to(inner.asked.load(Ordering::Acquire)).await;
    }
}

impl Inner {
    async fn copy_up_to(&self, change: u64) {
        let done = tokio::time::timeout(PUT_MAX, async {
            let _turn = self.turn.lock().await;
            if self.copied.load(Ordering::Acquire) >= change {
                return Ok(());
            }
            // Every change up to this one is committed, and so in the copy.
            let asked = self.asked.load(Ordering::Acquire);
            self.put().await?;
            self.copied.fetch_max(asked, Ordering::AcqRel);
            Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
        });
        let why = match done.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(chain(&*error)),
            Err(_) => Some(format!("it took over {PUT_MAX:?}")),
        };
        metrics::gauge!("holdfast_catalogue_copy_behind").set(if why.is_some() { 1.0 } else { 0.0 });
        if let Some(error) = why {
            tracing::warn!(error, "the copy of the catalogue in the store is behind; it will be tried again");
        }
    }

    async fn put(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        match std::fs::remove_file(&self.scratch) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        self.catalogue.copy_to(&self.scratch).await?;
        let bytes = tokio::fs::read(&self.scratch).await?;
        tokio::fs::remove_file(&self.scratch).await?;
        Ok(self.store.put(&object(), vec![bytes.into()]).await?)
    }
}

#[cfg(test)]
mod tests {
    use holdfast_base::{OsRandom, SystemClock};

    use super::*;

    async fn open(url: &str) -> Arc<Catalogue> {
        Arc::new(Catalogue::open(url, Arc::new(SystemClock::default()), Arc::new(OsRandom)).await.unwrap())
    }

    #[tokio::test]
    async fn a_lost_database_comes_back_from_the_store_and_one_that_is_there_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("50%.db");
        let url = format!("sqlite://{}", path.display()).replace('%', "%25");
        let store = Store::memory();
        restore(&url, &store, "memory://").await.unwrap();
        let catalogue = open(&url).await;
        let copy = CatalogueCopy::new(&url, catalogue.clone(), store.clone(), dir.path());
        let team = catalogue.create_team("kept").await.unwrap();
        copy.settle().await;
        catalogue.create_team("after-the-copy").await.unwrap();
        catalogue.close().await;

        restore(&url, &store, "memory://").await.unwrap();
        assert!(open(&url).await.get_team_by_name("after-the-copy").await.is_ok());
        for file in std::fs::read_dir(dir.path()).unwrap() {
            std::fs::remove_file(file.unwrap().path()).unwrap();
        }
        restore(&url, &store, "memory://").await.unwrap();
        let restored = open(&url).await;
        assert_eq!(restored.get_team_by_name("kept").await.unwrap().id, team.id);
        assert!(restored.get_team_by_name("after-the-copy").await.is_err());
    }

    #[test]
    fn only_a_database_in_a_file_goes_with_the_node() {
        assert_eq!(file_of("sqlite:///a/b%25c%3fd.db?mode=rwc"), Some("/a/b%c?d.db".into()));
        for url in ["sqlite::memory:", "postgres://db/holdfast", "sqlite://:memory:"] {
            assert_eq!(file_of(url), None);
        }
    }
}
