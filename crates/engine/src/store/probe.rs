//! What a store must be able to do, tried out at the start: put, refuse to put twice, read, delete.
//!
//! The index and the first keys rely on conditional creation: without it two nodes could both believe that they own a
//! volume. A store that ignores the condition is refused before anything is written that matters.
//!
//! A crash halfway leaves an object of a few bytes below `node/probe/`.

use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, PutMode, PutPayload};

use super::Store;
use crate::error::{Error, Result};

const NO_CONDITIONS: &str = "this store does not keep the rule that an object is created only where there is none \
    (If-None-Match: * on S3 and Azure, x-goog-if-generation-match: 0 on Google Cloud Storage); use a store, or a \
    version of its server, that does";

impl Store {
    /// Tries the store out.
    ///
    /// # Errors
    /// [`Error::NotSupported`] if it cannot create conditionally, [`Error::Unavailable`] if it does not answer or
    /// does not let this node read, write and delete.
    pub async fn check(&self) -> Result<()> {
        let path = Path::from(format!("node/probe/{:016x}", self.random.next_u64()));
        let create = |content: &'static [u8]| {
            self.objects.put_opts(&path, PutPayload::from_static(content), PutMode::Create.into())
        };
        create(b"first").await.map_err(cannot_create)?;
        let again = create(b"second").await;
        let kept = self.read_whole(&path).await?;
        self.delete(&path).await?;
        match again {
            Err(StoreError::AlreadyExists { .. }) if kept.as_deref() == Some(b"first") => Ok(()),
            Err(StoreError::AlreadyExists { .. }) | Ok(_) => Err(Error::NotSupported(NO_CONDITIONS)),
            Err(error) => Err(cannot_create(error)),
        }
    }
}

fn cannot_create(error: StoreError) -> Error {
    match error {
        StoreError::NotImplemented { .. } | StoreError::NotSupported { .. } => {
            Error::NotSupported(NO_CONDITIONS)
        }
        // A bucket that does not exist answers so.
        StoreError::NotFound { source, .. } => {
            Error::Unavailable(format!("the bucket or container does not exist: {source}").into())
        }
        other => other.into(),
    }
}
