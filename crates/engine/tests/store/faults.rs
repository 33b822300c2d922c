//! A store that fails on command: the next calls by a script, or all of them while an outage lasts.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use parking_lot::Mutex;

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails and nothing was done.
    Error,
    /// It is done and fails all the same.
    LostReply,
    /// It never answers.
    Hang,
    /// Its body ends early.
    Truncate,
    /// Nothing.
    None,
}

/// See the module. Clones share the script.
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<dyn ObjectStore>,
    script: Arc<Script>,
}

pub struct Script {
    next: Mutex<VecDeque<Fault>>,
    /// The call from which on all fail.
    down_from: AtomicU64,
    calls: AtomicU64,
}

impl Script {
    /// The fates of the next calls; later ones succeed.
    pub fn then(&self, faults: impl IntoIterator<Item = Fault>) {
        self.next.lock().extend(faults);
    }

    /// Whether every call fails.
    pub fn outage(&self, on: bool) {
        self.down_from.store(if on { 0 } else { u64::MAX }, Ordering::Relaxed);
    }

    /// Every call fails behind so many more.
    pub fn outage_after(&self, calls: u64) {
        self.down_from.store(self.calls() + calls, Ordering::Relaxed);
    }

    /// Calls that came.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn fate(&self) -> Fault {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        match self.next.lock().pop_front() {
            Some(fault) => fault,
            None if number >= self.down_from.load(Ordering::Relaxed) => Fault::Error,
            None => Fault::None,
        }
    }
}

fn broken() -> Error {
    Error::Generic { store: "test", source: "503 as told".into() }
}

impl FaultyStore {
    pub fn new(inner: Arc<dyn ObjectStore>) -> (Arc<Self>, Arc<Script>) {
        let next = Mutex::default();
        let script = Script { next, down_from: AtomicU64::new(u64::MAX), calls: AtomicU64::new(0) };
        let script = Arc::new(script);
        (Arc::new(Self { inner, script: script.clone() }), script)
    }

    async fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match self.script.fate() {
            Fault::Error => Err(broken()),
            Fault::LostReply => {
                work.await?;
                Err(broken())
            }
            Fault::Hang => std::future::pending().await,
            Fault::None | Fault::Truncate => work.await,
        }
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({:?})", self.inner)
    }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({})", self.inner)
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, at: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.run(self.inner.put_opts(at, payload, opts)).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.run(self.inner.put_multipart_opts(at, opts)).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        let truncate = self.script.next.lock().front() == Some(&Fault::Truncate);
        let mut got = self.run(self.inner.get_opts(at, options)).await?;
        if truncate && let GetResultPayload::Stream(body) = got.payload {
            let whole = body.try_collect::<Vec<Bytes>>().await?.concat();
            let short = Bytes::from(whole).split_to((got.range.end - got.range.start) as usize / 2);
            got.payload = GetResultPayload::Stream(stream::once(async { Ok(short) }).boxed());
        }
        Ok(got)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let one = move |location: Result<Path>| {
            let store = store.clone();
            async move {
                let once = stream::once(async { location }).boxed();
                let mut deleted = store.inner.delete_stream(once);
                store.run(async { deleted.try_next().await }).await?.ok_or_else(broken)
            }
        };
        locations.then(one).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, objects) = (self.clone(), self.inner.list(prefix));
        stream::once(async move { store.run(async { Ok(objects) }).await }).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.run(self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.run(self.inner.copy_opts(from, to, options)).await
    }
}
