//! `holdfast check`: counts everything in the store again, with the server stopped.
//!
//! It takes the data directory as a server would, so that none can run beside it, and brings what the journal holds
//! into the store first, as a start would.

use std::sync::Arc;

use clap::Args;
use holdfast_base::{ByteSize, OsRandom, SystemClock};
use holdfast_engine::{Problem, Report};
use serde_json::{Value, json};

use super::data_dir::DataDir;
use super::logging;
use super::start::{open_store, start_engine};
use crate::config::{ServeArgs, Settings};
use crate::exit::{Exit, Failure};
use crate::output;

/// What is to be checked, and how.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// Read and open every frame as well: every byte that a file or snapshot holds.
    #[arg(long)]
    deep: bool,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    server: ServeArgs,
}

/// Runs the check.
///
/// # Errors
/// Where it cannot run, and where anything differs.
pub fn run(args: CheckArgs) -> Result<(), Failure> {
    let CheckArgs { deep, json, server } = args;
    let settings = server.settings().map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    logging::start(&settings.log, settings.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failure::because(Exit::CannotStart, "no threads can be started", &error))?;
    let report = runtime.block_on(check(&settings, deep))?;
    if json {
        output::print_json(&as_json(&report))?;
    } else {
        output::print(&as_text(&report))?;
    }
    if report.is_clean() {
        return Ok(());
    }
    let message = format!("{} differences; nothing was changed", report.problem_count);
    Err(Failure::new(Exit::Failed, message))
}

async fn check(settings: &Settings, deep: bool) -> Result<Report, Failure> {
    let _data_dir = DataDir::claim(&settings.data_dir)?;
    let clock = Arc::new(SystemClock::default());
    let store = open_store(settings, Arc::new(OsRandom))?;
    let engine = start_engine(settings, store, clock, Arc::new(OsRandom), false).await?;
    let report = engine.check(deep).await;
    let report = report.map_err(|error| Failure::because(Exit::Failed, "the check did not end", &error))?;
    let ended = engine.shutdown().await;
    ended.map_err(|error| Failure::because(Exit::Failed, "the store did not take everything", &error))?;
    Ok(report)
}

fn as_json(report: &Report) -> Value {
    let problem = |problem: &Problem| json!({ "volume": problem.volume.to_string(), "snapshot": problem.snapshot, "what": problem.what });
    json!({
        "clean": report.is_clean(),
        "volumes": report.volumes,
        "snapshots": report.snapshots,
        "inodes": report.inodes,
        "segments": report.segments,
        "segmentBytes": report.segment_bytes,
        "orphans": report.orphans,
        "orphanBytes": report.orphan_bytes,
        "frames": report.frames,
        "problemCount": report.problem_count,
        "problems": report.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

fn as_text(report: &Report) -> String {
    let mut text = format!(
        "{} filesystems, {} snapshots, {} inodes, {} segments ({})\n",
        report.volumes,
        report.snapshots,
        report.inodes,
        report.segments,
        ByteSize(report.segment_bytes)
    );
    if report.frames > 0 {
        text.push_str(&format!("{} frames opened\n", report.frames));
    }
    if report.orphans > 0 {
        let bytes = ByteSize(report.orphan_bytes);
        text.push_str(&format!(
            "{} segments ({bytes}) that nobody needs wait for collection\n",
            report.orphans
        ));
    }
    for problem in &report.problems {
        let snapshot = problem.snapshot.as_ref().map_or(String::new(), |name| format!(", snapshot {name}"));
        text.push_str(&format!("DIFFERENT {}{snapshot}: {}\n", problem.volume, problem.what));
    }
    if report.is_clean() {
        text.push_str("clean\n");
    }
    text
}
