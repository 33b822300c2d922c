//! Uploads in parts, which the index makes for its larger tables.
//!
//! The parts are retried inside the client, by its own means and our policy; their time is bounded here. An upload
//! whose completion was not answered is looked for by the id that it carries. One that was given up leaves parts
//! behind in the store: operators let a lifecycle rule remove them.

use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use object_store::path::Path;
use object_store::retry::{RetryContext, RetryFailure, RetryPolicy};
use object_store::{
    Error, MultipartUpload, ObjectStore, PutMultipartOptions, PutPayload, PutResult, Result, UploadPart,
};

use super::super::metrics::RETRIES;
use super::create::{with_id, won};
use super::{Call, Core, failure, is_answer};

/// Begins an upload.
pub(super) async fn begin(
    core: &Arc<Core>,
    location: &Path,
    opts: PutMultipartOptions,
) -> Result<Box<dyn MultipartUpload>> {
    let opts = opts.with_retry_policy(Arc::new(PartRetries { core: core.clone() }));
    let id = core.tags_objects().then(|| core.new_id());
    let begun = start(core, location, &opts, id.as_deref()).await;
    let (inner, id) = match begun {
        // A directory takes no metadata, and completes or does not.
        Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) if id.is_some() => {
            (start(core, location, &opts, None).await?, None)
        }
        begun => (begun?, id),
    };
    Ok(Box::new(Upload { core: core.clone(), inner, location: location.clone(), id, bytes: 0 }))
}

async fn start(
    core: &Core,
    location: &Path,
    opts: &PutMultipartOptions,
    id: Option<&str>,
) -> Result<Box<dyn MultipartUpload>> {
    let mut opts = opts.clone();
    if let Some(id) = id {
        opts.attributes = with_id(&opts.attributes, id);
    }
    core.run(Call::write("put_multipart", 0), |_| core.inner.put_multipart_opts(location, opts.clone())).await
}

#[derive(Debug)]
struct Upload {
    core: Arc<Core>,
    inner: Box<dyn MultipartUpload>,
    location: Path,
    id: Option<String>,
    bytes: u64,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let bytes = data.content_length() as u64;
        self.bytes += bytes;
        let part = self.inner.put_part(data);
        // All attempts at the part together.
        let bound = self.core.policy.timeout(bytes) * self.core.policy.attempts_max;
        let in_time = async move {
            match tokio::time::timeout(bound, part).await {
                Ok(done) => done,
                Err(_) => Err(failure(format!("a part of an upload was not taken within {bound:?}"))),
            }
        };
        in_time.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let bound = self.core.policy.timeout(self.bytes);
        let error = match tokio::time::timeout(bound, self.inner.complete()).await {
            Ok(Err(error)) if !is_answer(&error) => error,
            Ok(done) => return done,
            Err(_) => failure(format!("an upload was not completed within {bound:?}")),
        };
        // The client cannot complete twice; but it may have been done.
        let Some(id) = self.id.as_deref() else { return Err(error) };
        let found = self.core.run(Call::read("head"), |_| self.core.is_tagged(&self.location, id)).await;
        match found {
            Ok(Some(meta)) => Ok(won(meta)),
            Ok(None) | Err(_) => Err(error),
        }
    }

    async fn abort(&mut self) -> Result<()> {
        let bound = self.core.policy.timeout(0);
        match tokio::time::timeout(bound, self.inner.abort()).await {
            Ok(done) => done,
            Err(_) => Err(failure(format!("an upload was not given up within {bound:?}"))),
        }
    }
}

/// When the client may try a part again.
#[derive(Debug)]
struct PartRetries {
    core: Arc<Core>,
}

#[async_trait]
impl RetryPolicy for PartRetries {
    async fn retry(&self, context: RetryContext) -> bool {
        let is_answer = match context.failure {
            RetryFailure::Status(status) => status.is_client_error() && !matches!(status.as_u16(), 408 | 429),
            _ => false,
        };
        let failed = context.attempt as u32;
        if is_answer || failed >= self.core.policy.attempts_max || !self.core.budget.take() {
            return false;
        }
        metrics::counter!(RETRIES, "operation" => "put").increment(1);
        tokio::time::sleep(self.core.policy.backoff(failed, self.core.random.0.as_ref())).await;
        true
    }
}
