//! A test server that speaks the XML API of Google Cloud Storage as Google documents it, from memory, and fails on
//! command. No packaged emulator speaks enough of it for the client that Holdfast uses.
//!
//! Owns: objects with generations and metadata, conditions (`x-goog-if-generation-match` and the like, `If-Match`,
//! dates), ranges, listings (`list-type=2`), copies, multipart uploads; and below `/_control`, a name that no bucket
//! can have, the [faults](faults::Fault).
//!
//! Does not: ask who calls, keep anything over its end, version objects, limit rates unless told to. It is no part of
//! the product.

pub mod faults;

mod bucket;
mod conditions;
mod control;
mod dispatch;
mod list;
mod multipart;
mod objects;
mod range;
mod reply;
mod request;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use bucket::Bucket;
use faults::Faults;

/// What all requests share.
pub(crate) struct Shared {
    buckets: Mutex<BTreeMap<String, Bucket>>,
    faults: Arc<Faults>,
}

/// A running server. Dropping it ends it.
pub struct Server {
    address: SocketAddr,
    faults: Arc<Faults>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server with empty buckets; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn start(address: SocketAddr, buckets: &[&str]) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let faults = Arc::new(Faults::default());
        let buckets = buckets.iter().map(|name| ((*name).to_owned(), Bucket::default())).collect();
        let shared = Arc::new(Shared { buckets: Mutex::new(buckets), faults: faults.clone() });
        let app = Router::new()
            .nest("/_control", control::routes())
            .fallback(dispatch::handle)
            .layer(DefaultBodyLimit::disable())
            .with_state(shared);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                panic!("the test server ended: {error}");
            }
        });
        Ok(Self { address, faults, task })
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What goes wrong.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Runs until the process ends.
    ///
    /// # Errors
    /// If the server failed.
    pub async fn run(mut self) -> Result<(), tokio::task::JoinError> {
        (&mut self.task).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
