//! Every workload against a server in memory: a sound one passes, and each planted fault is found.

mod stub;

use clap::Parser;

use self::stub::{Fault, Stub};
use crate::args::Options;
use crate::report::Report;
use crate::suite;

async fn report(stub: &Stub, extra: &[&str]) -> Report {
    let target = format!("stub={}:/bench", stub.address);
    let small = "--sequential-mib 16 --random-mib 8 --random-reads 80 --random-writes 80 --files 64 --commits 8 \
                 --lookups 800 --lookup-files 64 --entries 2000 --names 64 \
                 --neighbour-files 64 --neighbour-calls 64 --quick";
    let arguments = ["bench", "--target", &target].into_iter().chain(small.split_whitespace());
    suite::run(&Options::parse_from(arguments.chain(extra.iter().copied()))).await.expect("a report")
}

fn failed_rows(report: &Report) -> Vec<&str> {
    let failed = |row: &&crate::report::Row| row.targets.iter().any(|series| series.failure.is_some());
    report.rows.iter().filter(failed).map(|row| row.name.as_str()).collect()
}

#[tokio::test]
async fn a_sound_server_passes_and_is_left_as_it_was() {
    let stub = Stub::start(Fault::None).await;
    let disk = tempfile::tempdir().expect("a directory");
    let disk = disk.path().to_str().expect("a plain path");
    let flood = format!("{}:/bench", stub.address);
    let report = report(&stub, &["--disk", disk, "--runs", "2", "--flood", &flood]).await;
    assert_eq!(failed_rows(&report), Vec::<&str>::new());
    assert_eq!(report.rows.len(), 19);
    for row in &report.rows {
        assert_eq!(row.targets[0].runs.len(), 2, "{}", row.name);
        assert!(
            row.targets[0].runs.iter().all(|run| run.operations > 0 && run.seconds > 0.0),
            "{}",
            row.name
        );
    }
    assert!(stub.is_empty(), "something was left behind");
}

#[tokio::test]
async fn planted_faults_are_found() {
    for (fault, only, found) in [
        (Fault::FlippedByte, "sequential read", "differ from byte"),
        (Fault::FlippedByte, "random read", "differ from byte"),
        (Fault::FlippedByte, "create + write", "differ from byte"),
        (Fault::LostWrite, "random write", "differ from byte"),
        (Fault::OtherVerifier, "sequential write", "verifier changed"),
        (Fault::OtherVerifier, "COMMIT of", "verifier changed"),
        (Fault::LostEntry, "READDIRPLUS", "gave 249 names"),
        (Fault::KeptName, "RENAME", "which is gone"),
        (Fault::KeptName, "REMOVE", "which is gone"),
    ] {
        let stub = Stub::start(fault).await;
        let report = report(&stub, &["--only", only]).await;
        assert!(!report.is_sound(), "{fault:?} passed {only}");
        let told: Vec<_> = report.rows.iter().filter_map(|row| row.targets[0].failure.clone()).collect();
        assert!(told.iter().all(|told| told.contains(found)), "{fault:?} in {only}: {told:?}");
    }
}
