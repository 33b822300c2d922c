//! The bytes of an open file as a stream of one version.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use holdfast_api::files::{Content, Download, FileVersion, FilesError};
use holdfast_base::limits::NFS_IO_MAX_BYTES;
use holdfast_engine::{Attr, Caller, Error, FileId, Volume};

use super::convert::{failed, version};

/// Reads that run at once for one download: the next one is under way while a piece is sent.
const READS_AHEAD: usize = 2;

/// A file as it was when it was opened.
pub(super) struct EngineContent {
    volume: Arc<Volume>,
    file: FileId,
    version: FileVersion,
}

impl EngineContent {
    pub fn new(volume: Arc<Volume>, attr: &Attr) -> Self {
        Self { volume, file: attr.id(), version: version(attr) }
    }

    /// The bytes of one piece, at most the largest read.
    async fn piece(&self, offset: u64, len: u32) -> Result<Vec<Bytes>, FilesError> {
        let read = self.volume.read(&Caller::root(), self.file, offset, len).await;
        let data = read.map_err(|error| match error {
            Error::Stale => FilesError::Changed,
            other => failed(other),
        })?;
        if version(&data.attr) != self.version || data.len != len {
            return Err(FilesError::Changed);
        }
        Ok(data.chunks)
    }
}

impl Content for EngineContent {
    fn read(self: Box<Self>, range: Range<u64>) -> Download {
        let content: Arc<Self> = Arc::from(self);
        let pieces = stream::iter(range.clone().step_by(NFS_IO_MAX_BYTES as usize)).map(move |offset| {
            let content = content.clone();
            let len = (range.end - offset).min(u64::from(NFS_IO_MAX_BYTES)) as u32;
            async move { content.piece(offset, len).await }
        });
        let chunks = |pieces: Vec<Bytes>| stream::iter(pieces.into_iter().map(Ok));
        pieces.buffered(READS_AHEAD).map_ok(chunks).try_flatten().boxed()
    }
}
