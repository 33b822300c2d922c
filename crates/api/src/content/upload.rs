//! A request body as an upload: bounded in bytes and in silence. Its end is an error unless the body was complete.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt;

use crate::files::{Upload, UploadError};

struct Source {
    body: BodyDataStream,
    left_bytes: u64,
    limit_bytes: u64,
    idle: Duration,
}

/// The bytes of `body`.
pub(crate) fn upload(body: Body, limit_bytes: u64, idle: Duration) -> Upload {
    let source = Source { body: body.into_data_stream(), left_bytes: limit_bytes, limit_bytes, idle };
    futures::stream::try_unfold(source, |mut source| async move {
        loop {
            let piece = match tokio::time::timeout(source.idle, source.body.next()).await {
                Err(_) => return Err(UploadError::TimedOut(source.idle)),
                Ok(None) => return Ok(None),
                Ok(Some(piece)) => piece.map_err(|error| UploadError::Aborted(error.into_inner()))?,
            };
            let Some(left) = source.left_bytes.checked_sub(piece.len() as u64) else {
                return Err(UploadError::TooLarge { limit_bytes: source.limit_bytes });
            };
            source.left_bytes = left;
            if !piece.is_empty() {
                return Ok(Some((piece, source)));
            }
        }
    })
    .boxed()
}
