//! An S3 server over a directory: s3s-fs behind its own HTTP.
//!
//! S3 decides a conditional write as one step. s3s-fs looks first and writes later, so writes to it take turns here.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::Body;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// The one key that opens the server.
pub const ACCESS_KEY: &str = "holdfast";
/// Its secret.
pub const SECRET_KEY: &str = "holdfast-secret";

/// A running server. Dropping it ends it; the directory stays.
pub struct S3Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl S3Server {
    /// Serves `root`, whose folders are the buckets; those named are made.
    ///
    /// # Errors
    /// If the directory or the address cannot be had.
    pub async fn start(address: SocketAddr, root: &Path, buckets: &[&str]) -> std::io::Result<Self> {
        for bucket in buckets {
            std::fs::create_dir_all(root.join(bucket))?;
        }
        let files = FileSystem::new(root).map_err(|error| std::io::Error::other(format!("{error:?}")))?;
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let service = builder.build();
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let turns = Arc::new(Mutex::new(()));
        let service = service_fn(move |request: Request<Incoming>| {
            let (service, turns) = (service.clone(), turns.clone());
            async move {
                let writes = matches!(*request.method(), Method::PUT | Method::POST | Method::DELETE);
                let _turn = if writes { Some(turns.lock().await) } else { None };
                service.call(request.map(Body::from)).await
            }
        });
        let task = tokio::spawn(async move {
            let http = Builder::new(TokioExecutor::new());
            while let Ok((socket, _)) = listener.accept().await {
                let connection = http.serve_connection(TokioIo::new(socket), service.clone()).into_owned();
                tokio::spawn(async move {
                    // A client that goes away is none of the server's business.
                    let _ = connection.await;
                });
            }
        });
        Ok(Self { address, task })
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The environment of a client.
    pub fn variables(&self) -> Vec<(String, String)> {
        let pairs = [
            ("AWS_ENDPOINT", self.url()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    /// Runs until the process ends.
    ///
    /// # Errors
    /// If the server failed.
    pub async fn run(mut self) -> Result<(), tokio::task::JoinError> {
        (&mut self.task).await
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
