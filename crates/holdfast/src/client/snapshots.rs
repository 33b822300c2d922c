//! `holdfast snapshot`, and `holdfast fs fork`.

use std::fmt;
use std::str::FromStr;

use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

use super::filesystems::{second, size, text};
use super::http::Client;
use super::place::FsName;
use crate::cli::RemoteArgs;
use crate::exit::Failure;
use crate::output::{self, Align};

/// What can be done with snapshots.
#[derive(Subcommand, Clone, Debug)]
pub enum SnapshotCommand {
    /// Keep a filesystem as it is now.
    Create {
        /// Name or id of the filesystem.
        filesystem: FsName,
        /// The snapshot's name: letters, digits, `.`, `_` and `-`.
        snapshot: SnapshotName,
    },
    /// List the snapshots of a filesystem, oldest first.
    List {
        /// Name or id of the filesystem.
        filesystem: FsName,
    },
    /// Make a filesystem what its snapshot is. What changed since, and is in no snapshot, is gone.
    Restore {
        /// Name or id of the filesystem.
        filesystem: FsName,
        /// Name or id of the snapshot.
        snapshot: SnapshotName,
    },
    /// Delete a snapshot.
    Rm {
        /// Name or id of the filesystem.
        filesystem: FsName,
        /// Name or id of the snapshot.
        snapshot: SnapshotName,
    },
}

/// A snapshot's name or id, checked so that it is safe in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotName(String);

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SnapshotName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if text.is_empty() || text.starts_with('.') || !text.chars().all(legal) {
            return Err(
                "a snapshot's name holds letters, digits, `.`, `_` and `-`, and does not begin with a dot",
            );
        }
        Ok(Self(text.to_owned()))
    }
}

/// Runs one command.
pub fn run(command: SnapshotCommand, remote: &RemoteArgs) -> Result<(), Failure> {
    super::block_on(async {
        let client = Client::new(remote)?;
        let json = remote.json;
        match command {
            SnapshotCommand::Create { filesystem, snapshot } => {
                let route = format!("{}/snapshots", filesystem.route());
                let body = json!({ "name": snapshot.to_string() });
                let made = client.json(client.request(Method::POST, &route).json(&body)).await?;
                if json { output::print_json(&made) } else { table(&[made]) }
            }
            SnapshotCommand::List { filesystem } => {
                let route = format!("{}/snapshots", filesystem.route());
                let all = client.json(client.request(Method::GET, &route)).await?;
                if json {
                    return output::print_json(&all);
                }
                let rows = all.as_array().map_or(&[][..], Vec::as_slice);
                if rows.is_empty() {
                    output::say("no snapshots; `holdfast snapshot create FILESYSTEM NAME` makes one");
                    return Ok(());
                }
                table(rows)
            }
            SnapshotCommand::Restore { filesystem, snapshot } => {
                let route = format!("{}/restore", filesystem.route());
                let body = json!({ "snapshot": snapshot.to_string() });
                let restored = client.json(client.request(Method::POST, &route).json(&body)).await?;
                if json { output::print_json(&restored) } else { Ok(()) }
            }
            SnapshotCommand::Rm { filesystem, snapshot } => {
                let route = format!("{}/snapshots/{snapshot}", filesystem.route());
                client.json(client.request(Method::DELETE, &route)).await?;
                if json { output::print_json(&json!({ "removed": snapshot.to_string() })) } else { Ok(()) }
            }
        }
    })
}

/// Makes a filesystem as another one is; the server's answer.
pub(super) async fn fork(
    client: &Client,
    source: &FsName,
    name: &FsName,
    snapshot: Option<&SnapshotName>,
) -> Result<Value, Failure> {
    let mut body = json!({ "name": name.to_string() });
    if let Some(snapshot) = snapshot {
        body["snapshot"] = json!(snapshot.to_string());
    }
    client.json(client.request(Method::POST, &format!("{}/fork", source.route())).json(&body)).await
}

fn table(snapshots: &[Value]) -> Result<(), Failure> {
    let rows: Vec<_> = snapshots
        .iter()
        .map(|row| vec![text(row, "name"), size(row, "usedBytes"), second(row, "createdAt"), text(row, "id")])
        .collect();
    let headings =
        [("NAME", Align::Left), ("USED", Align::Right), ("CREATED", Align::Left), ("ID", Align::Left)];
    output::print(&output::table(&headings, &rows))
}
