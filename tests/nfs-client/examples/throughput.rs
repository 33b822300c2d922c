//! How many GETATTRs a second one connection does against the test server in the same process.
//!
//! `cargo run --release -p holdfast-nfs-client --example throughput [in flight] [seconds]`

#![allow(clippy::print_stdout)] // Its result is what it prints.

#[path = "../tests/server/mod.rs"]
#[allow(dead_code)] // Most of the server's behaviour is for the tests.
mod server;

use std::time::{Duration, Instant};

use holdfast_nfs_client::Client;
use holdfast_wire::nfs3::GetAttrArgs;
use holdfast_wire::rpc::AuthSys;

/// The server runs on a thread and runtime of its own, so that the client's share can be told from it.
fn start_server() -> std::net::SocketAddr {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            sender.send(server::start().await).expect("the main thread waits");
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().expect("the server starts")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().expect("a number"));
    let in_flight = arguments.next().unwrap_or(64);
    let duration = Duration::from_secs(arguments.next().unwrap_or(3));
    let client = Client::connect(start_server(), AuthSys::new(0, 0, &[])).await.expect("a connection");
    let started = Instant::now();
    let workers: Vec<_> = (0..in_flight)
        .map(|id| {
            let client = client.clone();
            tokio::spawn(async move {
                let args = GetAttrArgs { object: server::file(id) };
                let mut calls = 0u64;
                while started.elapsed() < duration {
                    client.getattr(&args).await.expect("an answer").expect("attributes");
                    calls += 1;
                }
                calls
            })
        })
        .collect();
    let mut calls = 0;
    for worker in workers {
        calls += worker.await.expect("a worker ends");
    }
    println!("{:.0} GETATTR/s, {in_flight} in flight", calls as f64 / started.elapsed().as_secs_f64());
}
