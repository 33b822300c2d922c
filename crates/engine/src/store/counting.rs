//! Counts and times every request to the object store, for `/metrics` and for the budgets on store calls.
//!
//! It lies below the retries, so that what it counts is what the store sees and bills.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::time::Instant;

use super::metrics::{BYTES, OPERATIONS, SECONDS};

/// Counts one request.
pub(super) fn count(operation: &'static str, status: &'static str) {
    metrics::counter!(OPERATIONS, "operation" => operation, "status" => status).increment(1);
}

fn status<T>(result: &Result<T>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(Error::NotFound { .. }) => "missing",
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. }) => {
            "refused"
        }
        Err(_) => "error",
    }
}

async fn note<T>(operation: &'static str, request: impl Future<Output = Result<T>>) -> Result<T> {
    let begun = Instant::now();
    let result = request.await;
    metrics::histogram!(SECONDS, "operation" => operation).record(begun.elapsed().as_secs_f64());
    count(operation, status(&result));
    result
}

fn written(payload: &PutPayload) {
    metrics::counter!(BYTES, "direction" => "written").increment(payload.content_length() as u64);
}

/// A store that counts. Multipart uploads count one put for each part.
#[derive(Debug)]
pub(super) struct CountingStore {
    inner: Arc<dyn ObjectStore>,
}

impl CountingStore {
    pub(super) fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner }
    }
}

impl fmt::Display for CountingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for CountingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        written(&payload);
        note("put", self.inner.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = note("put_multipart", self.inner.put_multipart_opts(location, opts)).await?;
        Ok(Box::new(CountingUpload { inner: upload }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let (operation, has_body) = if options.head { ("head", false) } else { ("get", true) };
        let got = note(operation, self.inner.get_opts(location, options)).await?;
        if has_body {
            metrics::counter!(BYTES, "direction" => "read").increment(got.range.end - got.range.start);
        }
        Ok(got)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let deleted = self.inner.delete_stream(locations);
        deleted.inspect(|deleted| count("delete", status(deleted))).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        count("list", "ok");
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        count("list", "ok");
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        note("list", self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        note("copy", self.inner.copy_opts(from, to, options)).await
    }
}

#[derive(Debug)]
struct CountingUpload {
    inner: Box<dyn MultipartUpload>,
}

#[async_trait]
impl MultipartUpload for CountingUpload {
    fn put_part(&mut self, data: PutPayload) -> object_store::UploadPart {
        written(&data);
        note("put", self.inner.put_part(data)).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        note("complete_multipart", self.inner.complete()).await
    }

    async fn abort(&mut self) -> Result<()> {
        note("abort_multipart", self.inner.abort()).await
    }
}
