//! Where volumes come from: all that the front end needs of a node.

use std::sync::Arc;

use async_trait::async_trait;
use holdfast_base::VolumeId;
use holdfast_engine::{Engine, Error, Volume};
use uuid::Uuid;

/// The volumes of a node.
#[async_trait]
pub trait Volumes: Send + Sync + 'static {
    /// The volume, opened if it is not. Called for every NFS call.
    ///
    /// # Errors
    /// [`Error::NoSuchVolume`], and [`Error::Unavailable`] or [`Error::Corrupt`] if it cannot be opened.
    async fn volume(&self, id: VolumeId) -> Result<Arc<Volume>, Error>;

    /// A snapshot of the volume, opened for reading.
    ///
    /// # Errors
    /// [`Error::NoSuchSnapshot`], and those of [`Volumes::volume`].
    async fn snapshot(&self, id: VolumeId, snapshot: Uuid) -> Result<Arc<Volume>, Error>;

    /// The write verifier: another one exactly when unsynced data may have been lost.
    fn write_verifier(&self) -> [u8; 8];
}

#[async_trait]
impl Volumes for Engine {
    async fn volume(&self, id: VolumeId) -> Result<Arc<Volume>, Error> {
        Engine::volume(self, id).await
    }

    async fn snapshot(&self, id: VolumeId, snapshot: Uuid) -> Result<Arc<Volume>, Error> {
        Engine::snapshot(self, id, snapshot).await
    }

    fn write_verifier(&self) -> [u8; 8] {
        Engine::write_verifier(self)
    }
}
