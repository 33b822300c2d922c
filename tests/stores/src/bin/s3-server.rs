//! The S3 server as a process: `s3-server ADDR:PORT DIRECTORY BUCKET...` prints `ready http://ADDR:PORT` once it
//! listens, and ends when it is told to.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "that is how it is spoken to")]

use std::path::Path;
use std::process::ExitCode;

use holdfast_store_tests::s3::S3Server;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [address, root, buckets @ ..] = words.as_slice() else {
        eprintln!("usage: s3-server ADDR:PORT DIRECTORY BUCKET...");
        return ExitCode::from(2);
    };
    let Ok(address) = address.parse() else {
        eprintln!("{address} is not an address and a port");
        return ExitCode::from(2);
    };
    let buckets: Vec<&str> = buckets.iter().map(String::as_str).collect();
    let server = match S3Server::start(address, Path::new(root), &buckets).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("cannot serve {root} on {address}: {error}");
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
