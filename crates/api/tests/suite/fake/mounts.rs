//! A server of mounts that remembers what it was told.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use holdfast_api::mounts::{MountPlace, Mounts};
use holdfast_base::{AttachmentId, Timestamp};

#[derive(Default)]
pub struct FakeMounts {
    /// What was ended, in order.
    pub ended: Mutex<Vec<AttachmentId>>,
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

    fn last_activity(&self, attachment: AttachmentId) -> Option<Timestamp> {
        self.used.lock().unwrap().get(&attachment).copied()
    }
}
