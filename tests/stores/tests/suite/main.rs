//! The same suite over every kind of store, each reached as a server reaches it: by URL and environment variables.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

#[path = "../../../../crates/engine/tests/common/mod.rs"]
mod common;
mod conformance;
mod engine_over;
mod faults;

use std::net::SocketAddr;
use std::sync::Arc;

use holdfast_base::OsRandom;
use holdfast_engine::{Store, StoreOptions};
use holdfast_gcs_server::Server;
use holdfast_store_tests::azurite::Azurite;
use holdfast_store_tests::s3::S3Server;

const BUCKET: &str = "bucket";
const ANY_PORT: &str = "127.0.0.1:0";

fn any_port() -> SocketAddr {
    ANY_PORT.parse().unwrap()
}

fn open(url: &str, variables: &[(String, String)]) -> Store {
    Store::open(url, variables, StoreOptions::new(Arc::new(OsRandom))).unwrap()
}

/// Everything, below two prefixes and at the root, none of which sees another.
async fn everything(scheme: &str, variables: &[(String, String)]) {
    let at = |place: &str| open(&format!("{scheme}://{BUCKET}{place}"), variables);
    conformance::conforms(&at("/some/prefix")).await;
    engine_over::keeps_everything(&at("/another/prefix/"), 1).await;
    engine_over::keeps_everything(&at(""), 2).await;
}

#[tokio::test]
async fn memory() {
    conformance::conforms(&open("memory://", &[])).await;
    engine_over::keeps_everything(&open("memory://", &[]), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn directory() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}/store", folder.path().display());
    conformance::conforms(&open(&url, &[])).await;
    engine_over::keeps_everything(&open(&url, &[]), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s3() {
    let folder = tempfile::tempdir().unwrap();
    let server = S3Server::start(any_port(), folder.path(), &[BUCKET]).await.unwrap();
    everything("s3", &server.variables()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn azure() {
    let emulator = Azurite::start(BUCKET).await.unwrap();
    everything("az", &emulator.variables()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn google() {
    let server = Server::start(any_port(), &[BUCKET]).await.unwrap();
    everything("gs", &[("STORAGE_EMULATOR_HOST".to_owned(), server.url())]).await;
}
