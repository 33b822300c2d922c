//! What every handler shares, put together by the composition root.

use std::sync::Arc;

use futures::future::BoxFuture;
use holdfast_base::{Clock, Random};
use holdfast_catalogue::Catalogue;

use crate::files::Files;
use crate::limits::ApiLimits;
use crate::mounts::Mounts;
use crate::rates::Rates;
use crate::service::Filesystems;
use crate::tokens::Tokens;

/// What the front end is made of.
pub struct ApiParts {
    /// Who owns what.
    pub catalogue: Arc<Catalogue>,
    /// The volumes.
    pub files: Arc<dyn Files>,
    /// The server that clients mount from.
    pub mounts: Arc<dyn Mounts>,
    /// Bounds.
    pub limits: ApiLimits,
    /// Time, for durations of operations.
    pub clock: Arc<dyn Clock>,
    /// Signs and verifies tokens for the content of one volume.
    pub tokens: Tokens,
    /// Randomness, for request ids and tokens.
    pub random: Arc<dyn Random>,
    /// The body of `/metrics`: the recorder's text form.
    pub render_metrics: Box<dyn Fn() -> String + Send + Sync>,
    /// Whether the rest of the server is ready, for `/readyz`; the error says what is not.
    pub ready: Box<dyn Fn() -> Result<(), String> + Send + Sync>,
    /// Called after a change of the catalogue; the change is answered when it is done.
    pub settle: Settle,
}

/// Makes the catalogue's changes so far safe.
pub type Settle = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// The shared state of the router. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    pub(crate) filesystems: Filesystems,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) files: Arc<dyn Files>,
    pub(crate) mounts: Arc<dyn Mounts>,
    pub(crate) limits: Arc<ApiLimits>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rates: Arc<Rates>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) render_metrics: Arc<dyn Fn() -> String + Send + Sync>,
    pub(crate) ready: Arc<dyn Fn() -> Result<(), String> + Send + Sync>,
    pub(crate) settle: Settle,
}

impl ApiState {
    /// Puts the state together.
    pub fn new(parts: ApiParts) -> Self {
        let limits = Arc::new(parts.limits);
        let rates = Arc::new(Rates::new(limits.requests_per_second));
        Self {
            filesystems: Filesystems::new(
                parts.catalogue.clone(),
                parts.files.clone(),
                parts.mounts.clone(),
                limits.clone(),
            ),
            catalogue: parts.catalogue,
            files: parts.files,
            mounts: parts.mounts,
            limits,
            clock: parts.clock,
            rates,
            tokens: Arc::new(parts.tokens),
            random: parts.random,
            render_metrics: parts.render_metrics.into(),
            ready: parts.ready.into(),
            settle: parts.settle,
        }
    }

    /// The service behind `/filesystems`, for the composition root's own use: first start and recovery.
    pub fn filesystems(&self) -> &Filesystems {
        &self.filesystems
    }
}
