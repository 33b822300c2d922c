//! Counts every call to the object store, for `/metrics` and for the budgets on store calls.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Adds one to `holdfast_store_operations_total`.
pub(crate) fn count(operation: &'static str, status: &'static str) {
    metrics::counter!("holdfast_store_operations_total", "operation" => operation, "status" => status)
        .increment(1);
}

fn note<T>(operation: &'static str, result: Result<T>) -> Result<T> {
    count(operation, if result.is_ok() { "ok" } else { "error" });
    result
}

/// A store that counts. Multipart uploads count one put for each part.
#[derive(Debug)]
pub(crate) struct CountingStore {
    inner: Arc<dyn ObjectStore>,
}

impl CountingStore {
    pub(crate) fn new(inner: Arc<dyn ObjectStore>) -> Self {
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
        metrics::counter!("holdfast_store_bytes_total", "direction" => "written")
            .increment(payload.content_length() as u64);
        note("put", self.inner.put_opts(location, payload, opts).await)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = note("put_multipart", self.inner.put_multipart_opts(location, opts).await)?;
        Ok(Box::new(CountingUpload { inner: upload }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let operation = if options.head { "head" } else { "get" };
        let got = note(operation, self.inner.get_opts(location, options).await)?;
        metrics::counter!("holdfast_store_bytes_total", "direction" => "read")
            .increment(got.range.end - got.range.start);
        Ok(got)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations).map(|deleted| note("delete", deleted)).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        count("list", "ok");
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        note("list", self.inner.list_with_delimiter(prefix).await)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        note("copy", self.inner.copy_opts(from, to, options).await)
    }
}

#[derive(Debug)]
struct CountingUpload {
    inner: Box<dyn MultipartUpload>,
}

#[async_trait]
impl MultipartUpload for CountingUpload {
    fn put_part(&mut self, data: PutPayload) -> object_store::UploadPart {
        count("put", "ok");
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        note("complete_multipart", self.inner.complete().await)
    }

    async fn abort(&mut self) -> Result<()> {
        note("abort_multipart", self.inner.abort().await)
    }
}
