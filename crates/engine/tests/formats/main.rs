//! Formats stay readable: volumes as earlier versions wrote them are opened, read, changed and read again.
//!
//! `tests/fixtures/<version>` holds the node's directory (journal, spool) and the store (index, segments) of a node
//! that was cut off in the middle of its work. A fixture is written once, by the code of its time, and never edited.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

#[path = "../common/mod.rs"]
mod common;
mod stored;
mod tree;

use std::path::{Path, PathBuf};

fn fixture(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version)
}

/// Opens a fixture, reads all of it, lets a checkpoint and a restart carry it over, and reads it again.
async fn check(version: &str, sealed: bool) {
    let mut machine = stored::load(&fixture(version), sealed).await;
    for _ in 0..2 {
        let volume = machine.open(stored::VOLUME).await;
        tree::check(&volume).await;
        machine.engine.checkpoint_all().await.unwrap();
        tree::check(&volume).await;
        drop(volume);
        machine = machine.restart().await;
    }
    let volume = machine.open(stored::VOLUME).await;
    tree::change(&volume).await;
}

#[tokio::test]
async fn version_1_is_read() {
    check("v1", false).await;
}

/// The node has a master key meanwhile: old volumes stay as they are.
#[tokio::test]
async fn version_1_is_read_beside_encrypted_volumes() {
    check("v1", true).await;
}

#[tokio::test]
async fn version_2_is_read() {
    check("v2", false).await;
}

#[tokio::test]
async fn version_2_is_read_encrypted() {
    check("v2-sealed", true).await;
}

/// Writes a fixture with the formats of today to the directory that HOLDFAST_FIXTURE names; with
/// HOLDFAST_SEALED, of an encrypted volume.
#[tokio::test]
#[ignore = "makes the fixture of a new version; run by hand"]
async fn write_a_fixture() {
    let dir = PathBuf::from(std::env::var("HOLDFAST_FIXTURE").unwrap());
    let machine = stored::blank(std::env::var("HOLDFAST_SEALED").is_ok()).await;
    tree::build(&machine, stored::VOLUME).await;
    stored::save(machine, &dir).await;
}
