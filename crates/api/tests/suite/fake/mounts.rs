//! A server of mounts that remembers what it was told.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use async_trait::async_trait;
use holdfast_api::mounts::{MountPlace, Mounts};
use holdfast_base::{AttachmentId, Timestamp, VolumeId};

#[derive(Default)]
pub struct FakeMounts {
    /// What was ended, in order.
    pub ended: Mutex<Vec<AttachmentId>>,
    /// Volumes that cannot be mounted.
    pub closed: Mutex<HashSet<VolumeId>>,
    /// What was used.
    pub used: Mutex<HashMap<AttachmentId, Timestamp>>,
}

#[async_trait]
impl Mounts for FakeMounts {
    fn place(&self) -> MountPlace {
        MountPlace { host: None, port: 2050, locks: false }
    }

    async fn end(&self, attachment: AttachmentId) {
        self.ended.lock().unwrap().push(attachment);
    }

    async fn close(&self, volume: VolumeId) {
        self.closed.lock().unwrap().insert(volume);
    }

    fn open(&self, volume: VolumeId) {
        self.closed.lock().unwrap().remove(&volume);
    }

    fn last_activity(&self, attachment: AttachmentId) -> Option<Timestamp> {
        self.used.lock().unwrap().get(&attachment).copied()
    }
}
