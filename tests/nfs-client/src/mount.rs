//! MOUNT version 3 as methods.

use holdfast_wire::mount3::{Exports, MntArgs, MntRes, Mounts, op};

use crate::{Client, ClientError};

impl Client {
    /// NULL of the mount program.
    pub async fn mount_null(&self) -> Result<(), ClientError> {
        self.call::<op::Null>(&()).await
    }

    /// MNT: the handle of the export at `path`.
    pub async fn mnt(&self, path: &str) -> Result<MntRes, ClientError> {
        self.call::<op::Mnt>(&MntArgs { path: path.into() }).await
    }

    /// DUMP: who has mounted what.
    pub async fn mount_dump(&self) -> Result<Mounts, ClientError> {
        self.call::<op::Dump>(&()).await
    }

    /// UMNT.
    pub async fn umnt(&self, path: &str) -> Result<(), ClientError> {
        self.call::<op::Umnt>(&MntArgs { path: path.into() }).await
    }

    /// UMNTALL.
    pub async fn umnt_all(&self) -> Result<(), ClientError> {
        self.call::<op::UmntAll>(&()).await
    }

    /// EXPORT: what can be mounted.
    pub async fn exports(&self) -> Result<Exports, ClientError> {
        self.call::<op::Export>(&()).await
    }
}
