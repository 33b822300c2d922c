//! An object store that is slow, fails, loses answers and cuts bodies short, as the weather says.
//!
//! It survives crashes: it is somebody else's machine. Steps are counted before and after an effect, so that the
//! power can go between a request and its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::power::{Power, describe};
use crate::weather::{Fate, Weather};

/// The store as one life of the machine sees it.
#[derive(Clone)]
pub struct SimStore {
    objects: Arc<InMemory>,
    power: Power,
    weather: Weather,
}

impl SimStore {
    /// The store with these objects.
    pub fn new(objects: Arc<InMemory>, power: Power, weather: Weather) -> Self {
        Self { objects, power, weather }
    }

    /// One call: `work` is what it does.
    async fn call<T>(&self, kind: &str, path: &Path, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.step(kind, path).await;
        let (latency, fate) = self.weather.store_call();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        if fate == Fate::Fails {
            return Err(failure(kind));
        }
        if fate == (Fate::Silent { applied: false }) {
            return silence(kind).await;
        }
        let done = work.await;
        self.step("answer", path).await;
        match fate {
            Fate::AppliedButFails => Err(failure(kind)),
            Fate::Silent { .. } => silence(kind).await,
            Fate::Works | Fate::Fails | Fate::Truncated => done,
        }
    }

    async fn step(&self, kind: &str, path: &Path) {
        // Names of index tables are random; the first parts of a path say enough.
        let stable: Vec<_> = path.parts().map(|part| part.as_ref().to_owned()).take(4).collect();
        if !self.power.step(describe(kind, &stable.join("/"), 0)) {
            std::future::pending::<()>().await;
        }
    }
}

fn failure(kind: &str) -> Error {
    Error::Generic {
        store: "simulated",
        source: format!("{kind} failed, as the weather would have it").into(),
    }
}

/// Nothing comes, until the network gives up.
async fn silence<T>(kind: &str) -> Result<T> {
    const CONNECTION_LOST_AFTER: Duration = Duration::from_secs(90);
    tokio::time::sleep(CONNECTION_LOST_AFTER).await;
    Err(failure(kind))
}

/// The same answer with a body that ends early.
fn cut_short(got: GetResult) -> GetResult {
    let GetResult { payload, meta, range, attributes, extensions } = got;
    let payload = match payload {
        GetResultPayload::Stream(body) => {
            let halved = body.map_ok(|chunk: Bytes| chunk.slice(..chunk.len() / 2));
            GetResultPayload::Stream(halved.boxed())
        }
        other => other,
    };
    GetResult { payload, meta, range, attributes, extensions }
}

impl fmt::Debug for SimStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimStore")
    }
}

impl fmt::Display for SimStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimStore")
    }
}

#[async_trait]
impl ObjectStore for SimStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.call("put", location, self.objects.put_opts(location, payload, opts)).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.call("put-multipart", location, self.objects.put_multipart_opts(location, opts)).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.step("get", location).await;
        let (latency, fate) = self.weather.store_call();
        tokio::time::sleep(latency).await;
        match fate {
            Fate::Fails | Fate::AppliedButFails => Err(failure("get")),
            Fate::Silent { .. } => silence("get").await,
            Fate::Truncated => Ok(cut_short(self.objects.get_opts(location, options).await?)),
            Fate::Works => self.objects.get_opts(location, options).await,
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |path: Path| {
            let store = store.clone();
            async move {
                store.call("delete", &path, store.objects.delete(&path)).await?;
                Ok(path)
            }
        };
        locations.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let store = self.clone();
        let prefix = prefix.cloned();
        let listing = async move {
            let path = prefix.clone().unwrap_or_default();
            let all = store.objects.list(prefix.as_ref()).try_collect::<Vec<_>>();
            match store.call("list", &path, all).await {
                Ok(found) => stream::iter(found).map(Ok).boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            }
        };
        stream::once(listing).flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let path = prefix.cloned().unwrap_or_default();
        self.call("list", &path, self.objects.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.call("copy", to, self.objects.copy_opts(from, to, options)).await
    }
}
