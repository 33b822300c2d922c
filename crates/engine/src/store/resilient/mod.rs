//! The layer under everything that speaks to the object store, the index included: no call hangs, fails for a
//! moment's trouble, or lies about what it did.
//!
//! **Time**: each attempt has a bound that grows with its bytes. **Retries**: a few, with growing pauses, paid from a
//! budget that successes fill. **Circuit**: after failures in a row calls fail at once, reads and writes apart, since
//! a store that is full still reads. **Lost replies**: a conditional write carries an id of its own; if the store
//! says that the object exists already, the id there tells whether it was this very call that put it. **Truncation**:
//! a body of another length than announced is a failed attempt.
//!
//! In a crash nothing is needed of it: it holds no state that matters. It does not queue: who wants to write during
//! an outage keeps the data and comes again.
//!
//! Pauses and bounds are tokio's time, randomness is injected: a test with a paused clock drives all of it.

mod body;
mod budget;
mod circuit;
mod create;
mod list;
mod multipart;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use holdfast_base::{Random, limits};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use slatedb_common::retry::NonRetryable;

use super::metrics::{FAILED_FAST, RETRIES, TIMEOUTS};
use super::policy::StorePolicy;
use budget::Budget;
use circuit::Circuit;
pub use circuit::CircuitState;
pub(super) use circuit::Lane;
use create::Tags;

/// What the layer remembers, shared by all calls.
#[derive(Debug)]
struct Core {
    inner: Arc<dyn ObjectStore>,
    policy: StorePolicy,
    random: RandomSource,
    budget: Budget,
    reads: Circuit,
    writes: Circuit,
    tags: Tags,
    /// Whether listings can begin behind a name and come in the order of names.
    sorted: bool,
}

struct RandomSource(Arc<dyn Random>);

impl fmt::Debug for RandomSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RandomSource")
    }
}

/// One call, as the layer sees it.
#[derive(Clone, Copy)]
struct Call {
    operation: &'static str,
    writes: bool,
    /// About how many bytes it moves.
    bytes: u64,
}

impl Call {
    fn read(operation: &'static str) -> Self {
        Self { operation, writes: false, bytes: 0 }
    }

    fn write(operation: &'static str, bytes: usize) -> Self {
        Self { operation, writes: true, bytes: bytes as u64 }
    }
}

impl Core {
    /// Runs a call: `attempt` is given the number of attempts that failed before it, and whose outcome is unknown.
    async fn run<T, F>(&self, call: Call, mut attempt: impl FnMut(u32) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let circuit = if call.writes { &self.writes } else { &self.reads };
        let mut failed = 0;
        loop {
            let pass = circuit.enter().map_err(|why| {
                metrics::counter!(FAILED_FAST, "operation" => call.operation).increment(1);
                failure(format!("the object store does not work at the moment: {why}"))
            })?;
            let bound = self.policy.timeout(call.bytes);
            let error = match tokio::time::timeout(bound, attempt(failed)).await {
                Ok(Ok(done)) => {
                    pass.succeeded();
                    self.budget.earn();
                    return Ok(done);
                }
                Ok(Err(error)) if is_answer(&error) => {
                    pass.succeeded();
                    return Err(error);
                }
                Ok(Err(error)) => error,
                Err(_) => {
                    metrics::counter!(TIMEOUTS, "operation" => call.operation).increment(1);
                    failure(format!("no answer to {} within {bound:?}", call.operation))
                }
            };
            failed += 1;
            pass.failed(&error.to_string(), self.random.0.as_ref());
            tracing::debug!(operation = call.operation, failed, %error, "an attempt at the object store failed");
            if failed >= self.policy.attempts_max || !self.budget.take() {
                return Err(error);
            }
            metrics::counter!(RETRIES, "operation" => call.operation).increment(1);
            tokio::time::sleep(self.policy.backoff(failed, self.random.0.as_ref())).await;
        }
    }

    async fn delete(&self, location: &Path) -> Result<()> {
        self.run(Call::write("delete", 0), |failed| async move {
            match self.inner.delete(location).await {
                // An earlier attempt did it and its answer was lost, or nobody needed to.
                Err(Error::NotFound { .. }) if failed > 0 => Ok(()),
                other => other,
            }
        })
        .await
    }
}

/// Whether the store has answered, if only to refuse: trying again would not change it.
fn is_answer(error: &Error) -> bool {
    match error {
        Error::NotFound { .. }
        | Error::AlreadyExists { .. }
        | Error::Precondition { .. }
        | Error::NotModified { .. }
        | Error::NotSupported { .. }
        | Error::NotImplemented { .. }
        | Error::InvalidPath { .. }
        | Error::PermissionDenied { .. }
        | Error::Unauthenticated { .. }
        | Error::UnknownConfigurationKey { .. } => true,
        Error::Generic { .. } | Error::JoinError { .. } => false,
        // The enum may grow: what is not known may pass.
        _ => false,
    }
}

fn failure(what: String) -> Error {
    Error::Generic { store: "holdfast", source: what.into() }
}

/// Somebody waits for what this read should bring: the index must not hold it back to try again and again.
fn told_at_once(error: Error) -> Error {
    match error {
        Error::Generic { store, source } => Error::Generic { store, source: Box::new(NonRetryable(source)) },
        other => other,
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct ResilientStore {
    core: Arc<Core>,
}

impl ResilientStore {
    /// A layer over `inner`; `sorted` if its listings come in the order of names.
    pub(super) fn new(
        inner: Arc<dyn ObjectStore>,
        policy: StorePolicy,
        random: Arc<dyn Random>,
        sorted: bool,
    ) -> Self {
        let core = Core {
            inner,
            budget: Budget::new(policy.retry_budget_max),
            reads: Circuit::new(Lane::Read, &policy),
            writes: Circuit::new(Lane::Write, &policy),
            policy,
            random: RandomSource(random),
            tags: Tags::default(),
            sorted,
        };
        Self { core: Arc::new(core) }
    }

    /// The state of the circuits of reads and of writes, and why they are not closed.
    pub(super) fn circuits(&self) -> [(Lane, CircuitState, Option<Arc<str>>); 2] {
        let (read, write) = (self.core.reads.state(), self.core.writes.state());
        [(Lane::Read, read.0, read.1), (Lane::Write, write.0, write.1)]
    }
}

impl fmt::Display for ResilientStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.core.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for ResilientStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        if !matches!(opts.mode, PutMode::Overwrite) {
            return self.core.put_if(location, payload, opts).await;
        }
        let call = Call::write("put", payload.content_length());
        let core = &self.core;
        core.run(call, |_| core.inner.put_opts(location, payload.clone(), opts.clone())).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        multipart::begin(&self.core, location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let ranged = options.range.is_some();
        let call = Call { bytes: body::expected_bytes(&options), ..Call::read("get") };
        let core = &self.core;
        let got = core
            .run(call, |_| async {
                let head = options.head;
                let got = core.inner.get_opts(location, options.clone()).await?;
                if head { Ok(got) } else { body::checked(got).await }
            })
            .await;
        got.map_err(|error| if ranged { told_at_once(error) } else { error })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let core = self.core.clone();
        locations
            .map(move |location| {
                let core = core.clone();
                async move {
                    let location = location?;
                    core.delete(&location).await?;
                    Ok(location)
                }
            })
            .buffered(limits::STORE_DELETES_AT_ONCE)
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        list::list(self.core.clone(), prefix.cloned(), None)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        list::list(self.core.clone(), prefix.cloned(), Some(offset.clone()))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let core = &self.core;
        core.run(Call::read("list"), |_| core.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let core = &self.core;
        core.run(Call::write("copy", 0), |_| core.inner.copy_opts(from, to, options.clone())).await
    }
}
