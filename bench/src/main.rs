//! A load generator for NFSv3 servers: raw calls, no kernel client, one server beside another in one run.
//!
//! Owns the workloads, what they verify, the figures and the budgets. Starts no server: `bench/run` does. One thread
//! generates all load, so that the processor it takes from the servers is one core at most, and is accounted for.
//!
//! Where to start reading: `suite` lists the rows, `workload` says what a row is made of, `runner` takes the turns.

#![forbid(unsafe_code)]

mod args;
mod budget;
mod content;
mod cpu;
mod disk;
mod drive;
mod error;
mod flood;
mod meter;
mod ops;
mod report;
mod runner;
mod session;
mod sizes;
mod stats;
mod suite;
mod table;
#[cfg(test)]
mod tests;
mod verifier;
mod workload;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::args::Options;

/// Keeps what is freed for a while. The system's allocator gives the memory of every large reply back at once, and the
/// faults of getting it again were half of this program's time in sequential reads.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match bench(&Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            notice(&format!("holdfast-bench: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Runs what was asked for; `false` if a workload failed, or with `--check` if a budget was not met.
async fn bench(options: &Options) -> error::Result<bool> {
    let report = suite::run(options).await?;
    std::io::stdout().write_all(table::render(&report).as_bytes())?;
    if let Some(path) = &options.json {
        report::write_json(&report, path)?;
    }
    Ok(report.is_sound() && (!options.check || report.is_within_budgets()))
}

/// Tells a person at the terminal. Standard output carries only the table.
fn notice(line: &str) {
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(std::io::stderr(), "{line}");
}
