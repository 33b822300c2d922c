//! The client commands. They know the server by its HTTP API alone, but for its data directory, where it runs on the
//! same machine: that tells its address and holds its first key.

pub mod admin;
pub mod attachments;
pub mod files;
pub mod filesystems;
mod http;
mod local;
pub mod mount;
pub mod mounting;
pub mod place;
mod remote;
pub mod snapshots;
mod walk;

use std::future::Future;

use crate::exit::{Exit, Failure};

/// Runs one command to its end.
fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .map_err(|error| Failure::because(Exit::Failed, "the command cannot be started", &error))?
        .block_on(command)
}
