//! Bulk data on its way into a volume: written to a segment file, then synced, and only then pointed at.
//!
//! The order is in the types: a record is made from [`Synced`], which only [`Unsynced::synced`] gives. So a record never
//! points at data that a crash may take, and the journal never waits for anybody's data.
//!
//! One volume has one copy and one sync in hand at a time, and a bounded number of writes that are not synced yet; the
//! node has a bounded number of all of them, first come first served. However much one volume writes, its neighbour
//! waits for a few short steps, and the disk's queue stays short.
//!
//! Dropped at any point, what was written is dead bytes in a segment.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::Compression;
use tokio::sync::SemaphorePermit;

use super::local::LocalSegment;
use super::{Segments, Stored};
use crate::disk::blocking;
use crate::error::{Error, Result};

/// Data written to segments, not yet on stable storage. While it lives, its segments are not deleted.
pub(crate) struct Unsynced {
    home: Arc<Segments>,
    frames: Vec<Stored>,
    pins: Pins,
}

/// Data in segments that survives a crash, not yet pointed at. While it lives, its segments are not deleted.
pub(crate) struct Synced {
    frames: Vec<Stored>,
    _pins: Pins,
}

/// Segments that must stay.
#[derive(Default)]
pub(super) struct Pins(Vec<Arc<LocalSegment>>);

impl Pins {
    /// Takes over a pin that was taken before.
    pub(super) fn push(&mut self, pinned: Arc<LocalSegment>) {
        if self.0.iter().any(|known| Arc::ptr_eq(known, &pinned)) {
            pinned.unpin();
        } else {
            self.0.push(pinned);
        }
    }
}

impl Drop for Pins {
    fn drop(&mut self) {
        for pin in &self.0 {
            pin.unpin();
        }
    }
}

impl Segments {
    /// Waits for the volume's turn to write bulk data; hold it until the data is synced.
    pub(crate) async fn bulk_turn(&self) -> Result<SemaphorePermit<'_>> {
        self.bulk.writes.acquire().await.map_err(|_| Error::Unavailable("the volume ends".into()))
    }

    /// Writes pieces, each at most a frame long, to the open segment, off the runtime's threads.
    pub(crate) async fn store(
        self: &Arc<Self>,
        ino: u64,
        pieces: Vec<Bytes>,
        compression: Compression,
    ) -> Result<Unsynced> {
        let _turn = self.bulk.copy.lock().await;
        let room = &self.env.bulk_room;
        let _room = room.acquire().await.map_err(|_| Error::Unavailable("the node ends".into()))?;
        let segments = self.clone();
        let written = blocking(self.disk(), move || segments.append(ino, pieces, compression)).await?;
        Ok(Unsynced { home: self.clone(), frames: written.0, pins: written.1 })
    }
}

impl Unsynced {
    /// Joins the parts of one upload.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        self.frames.append(&mut other.frames);
        for pin in std::mem::take(&mut other.pins.0) {
            self.pins.push(pin);
        }
    }

    /// Puts what was written so far on stable storage, and says so only to the disk.
    ///
    /// # Errors
    /// [`Error::Io`] if the disk failed: the data is lost then.
    pub(crate) async fn write_back(&self) -> Result<()> {
        let env = &self.home.env;
        for segment in &self.pins.0 {
            segment.syncs.cover(env.disk.as_ref(), &env.bulk_room, &segment.file).await?;
        }
        Ok(())
    }

    /// The same, with the proof.
    pub(crate) async fn synced(self) -> Result<Synced> {
        self.write_back().await?;
        Ok(Synced { frames: self.frames, _pins: self.pins })
    }
}

impl Synced {
    /// Where the data lies, in order.
    pub(crate) fn frames(&self) -> &[Stored] {
        &self.frames
    }
}
