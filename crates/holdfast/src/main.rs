//! `holdfast`: the server and its command line in one binary.
//!
//! This crate is the composition root: it reads the configuration, puts the layers together and lets them run. It
//! decides nothing about files, protocols or rows; those rules are in the crates that it composes.

mod cli;
mod client;
mod config;
mod exit;
mod files;
mod output;
mod serve;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::run()
}
