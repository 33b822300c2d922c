//! The test server as a process: `holdfast-gcs-server ADDR:PORT BUCKET...` prints `ready http://ADDR:PORT` once it
//! listens, and ends when it is told to.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is how it is spoken to")]

use std::process::ExitCode;

use holdfast_gcs_server::Server;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((Ok(address), buckets)) = words.split_first().map(|(first, rest)| (first.parse(), rest)) else {
        eprintln!("usage: holdfast-gcs-server ADDR:PORT BUCKET...");
        return ExitCode::from(2);
    };
    let buckets: Vec<&str> = buckets.iter().map(String::as_str).collect();
    let server = match Server::start(address, &buckets).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("cannot listen on {address}: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("ready {}", server.url());
    match server.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
