//! The HTTP front end: resources, errors, and the OpenAPI document made from the code.
//!
//! **Owns** the meaning of every route, header and query parameter, the rules for paths and sizes, and the mapping of
//! the layers' errors to statuses. Files are reached through the port [`files::Files`], which the composition root
//! implements over the engine; who owns what comes from the catalogue.
//!
//! **In a crash** this crate holds nothing: [`Filesystems::recover`] finishes what a crash interrupted between the
//! catalogue and the volumes. A request whose client goes away is finished where stopping half-way would leave
//! something behind.
//!
//! **Knows nothing** of NFS but the port [`mounts::Mounts`], of how volumes store bytes, and of the process around it: the metrics recorder,
//! readiness and listener come from outside ([`ApiParts`], [`serve`]).

mod admin;
mod audit;
mod auth;
mod content;
mod detached;
mod docs;
mod drain;
mod e2b;
mod error;
pub mod files;
mod health;
mod limits;
mod metrics;
pub mod mounts;
mod openapi;
pub mod paths;
mod query;
mod rates;
mod resources;
mod router;
mod server;
mod service;
mod settled;
mod sizes;
mod state;
mod tar;
mod times;
mod tokens;
mod trace;

pub use error::{ApiError, ErrorBody, ErrorCode};
pub use limits::ApiLimits;
pub use metrics::describe as describe_metrics;
pub use openapi::document as openapi_document;
pub use router::router;
pub use server::serve;
pub use service::{FilesystemChange, Filesystems, Fork, NewFilesystem, Recovered};
pub use state::{ApiParts, ApiState, Settle};
pub use tokens::Tokens;
