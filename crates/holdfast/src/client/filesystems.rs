//! `holdfast fs`.

use clap::Subcommand;
use holdfast_base::{ByteSize, Compression, Durability};
use reqwest::Method;
use serde_json::{Value, json};

use super::http::Client;
use super::place::FsName;
use super::snapshots::{self, SnapshotName};
use crate::cli::RemoteArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Align};

/// What can be done with filesystems.
#[derive(Subcommand, Clone, Debug)]
pub enum FsCommand {
    /// Make a filesystem.
    Create {
        /// Its name: letters, digits, `_` and `-`.
        name: FsName,
        /// Its size, such as 5gb (10^9 bytes) or 5gib (2^30) [default: the server's].
        #[arg(long)]
        size: Option<ByteSize>,
        /// A label, KEY=VALUE; may repeat.
        #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
        labels: Vec<(String, String)>,
        /// What an answered change survives: local, object or relaxed [default: local].
        #[arg(long)]
        durability: Option<Durability>,
        /// How data is compressed: none, lz4 or zstd [default: lz4].
        #[arg(long)]
        compression: Option<Compression>,
    },
    /// List the filesystems.
    List {
        /// Only those with this label, KEY=VALUE; may repeat.
        #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
        labels: Vec<(String, String)>,
    },
    /// Show one filesystem.
    Show {
        /// Name or id.
        name: FsName,
    },
    /// Change the size; not below what is in use.
    Resize {
        /// Name or id.
        name: FsName,
        /// The new size.
        size: ByteSize,
    },
    /// Change durability class or compression.
    #[command(group = clap::ArgGroup::new("setting").required(true).multiple(true))]
    Set {
        /// Name or id.
        name: FsName,
        /// What a change that is answered from now on survives: local, object or relaxed.
        #[arg(long, group = "setting")]
        durability: Option<Durability>,
        /// How data that is stored from now on is compressed: none, lz4 or zstd.
        #[arg(long, group = "setting")]
        compression: Option<Compression>,
    },
    /// Give a filesystem another name.
    Rename {
        /// Name or id.
        name: FsName,
        /// The new name.
        new_name: FsName,
    },
    /// Make a filesystem that begins as another one is. Nothing is copied.
    Fork {
        /// Name or id of the one to begin from.
        name: FsName,
        /// The name of the new one.
        new_name: FsName,
        /// Begin from this snapshot, by name or id [default: the filesystem as it is].
        #[arg(long)]
        snapshot: Option<SnapshotName>,
    },
    /// Bring a removed filesystem back, while the server keeps it.
    Undelete {
        /// Its id; its name is free since it was removed.
        id: FsName,
        /// A new name [default: the old one].
        #[arg(long)]
        name: Option<FsName>,
    },
    /// Remove a filesystem with everything in it.
    Rm {
        /// Name or id.
        name: FsName,
        /// Also where there are files in it.
        #[arg(long)]
        yes: bool,
        /// Also while it is attached: who mounted it has nothing any more.
        #[arg(long)]
        force: bool,
    },
    /// Show what is in use.
    Usage {
        /// Name or id.
        name: FsName,
    },
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("a label has the form KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Runs one command.
pub fn run(command: FsCommand, remote: &RemoteArgs) -> Result<(), Failure> {
    super::block_on(async {
        let client = Client::new(remote)?;
        let json = remote.json;
        match command {
            FsCommand::Create { name, size, labels, durability, compression } => {
                let labels: serde_json::Map<_, _> =
                    labels.into_iter().map(|(key, value)| (key, Value::String(value))).collect();
                let mut body = settings(durability, compression);
                body["name"] = json!(name.to_string());
                body["labels"] = Value::Object(labels);
                if let Some(size) = size {
                    body["sizeBytes"] = json!(size.0);
                }
                show(&client.json(client.request(Method::POST, "/filesystems").json(&body)).await?, json)
            }
            FsCommand::List { labels } => list(&client, &labels, json).await,
            FsCommand::Show { name } => {
                show(&client.json(client.request(Method::GET, &name.route())).await?, json)
            }
            FsCommand::Resize { name, size } => {
                patch(&client, &name, json!({ "sizeBytes": size.0 }), json).await
            }
            FsCommand::Set { name, durability, compression } => {
                patch(&client, &name, settings(durability, compression), json).await
            }
            FsCommand::Rename { name, new_name } => {
                patch(&client, &name, json!({ "name": new_name.to_string() }), json).await
            }
            FsCommand::Fork { name, new_name, snapshot } => {
                show(&snapshots::fork(&client, &name, &new_name, snapshot.as_ref()).await?, json)
            }
            FsCommand::Undelete { id, name } => {
                let body = name.map_or_else(|| json!({}), |name| json!({ "name": name.to_string() }));
                let request = client.request(Method::POST, &format!("{}/undelete", id.route()));
                show(&client.json(request.json(&body)).await?, json)
            }
            FsCommand::Rm { name, yes, force } => remove(&client, &name, yes, force, json).await,
            FsCommand::Usage { name } => usage(&client, &name, json).await,
        }
    })
}

/// The fields of a body that hold settings.
fn settings(durability: Option<Durability>, compression: Option<Compression>) -> Value {
    let mut body = json!({});
    if let Some(durability) = durability {
        body["durability"] = json!(durability.as_str());
    }
    if let Some(compression) = compression {
        body["compression"] = json!(compression.as_str());
    }
    body
}

async fn patch(client: &Client, name: &FsName, body: Value, json: bool) -> Result<(), Failure> {
    show(&client.json(client.request(Method::PATCH, &name.route()).json(&body)).await?, json)
}

async fn list(client: &Client, labels: &[(String, String)], json: bool) -> Result<(), Failure> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut request = client.request(Method::GET, "/filesystems").query(&[("limit", "1000")]);
        for (key, value) in labels {
            request = request.query(&[("label", format!("{key}={value}"))]);
        }
        if let Some(cursor) = &cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        let response = client.send(request).await?;
        cursor =
            response.headers().get("x-next-cursor").and_then(|next| next.to_str().ok()).map(str::to_owned);
        let page: Vec<Value> = response.json().await.map_err(|error| client.broken(&error))?;
        all.extend(page);
        if cursor.is_none() {
            break;
        }
    }
    if json {
        return output::print_json(&Value::Array(all));
    }
    if all.is_empty() {
        output::say("no filesystems; `holdfast fs create NAME` makes one");
        return Ok(());
    }
    let rows: Vec<_> = all
        .iter()
        .map(|row| vec![text(row, "name"), size(row, "sizeBytes"), second(row, "createdAt"), text(row, "id")])
        .collect();
    let headings =
        [("NAME", Align::Left), ("SIZE", Align::Right), ("CREATED", Align::Left), ("ID", Align::Left)];
    output::print(&output::table(&headings, &rows))
}

async fn remove(client: &Client, name: &FsName, yes: bool, force: bool, json: bool) -> Result<(), Failure> {
    if !yes {
        let usage = client.json(client.request(Method::GET, &format!("{}/usage", name.route()))).await?;
        // The root directory is always there.
        let inside = usage["usedInodes"].as_u64().unwrap_or(0).saturating_sub(1);
        if inside > 0 {
            let bytes = size(&usage, "usedBytes");
            let message =
                format!("{name} holds {inside} files and directories ({bytes}); --yes removes it with them");
            return Err(Failure::new(Exit::Conflict, message));
        }
    }
    let force = if force { "?force=true" } else { "" };
    client.json(client.request(Method::DELETE, &format!("{}{force}", name.route()))).await?;
    if json { output::print_json(&json!({ "removed": name.to_string() })) } else { Ok(()) }
}

async fn usage(client: &Client, name: &FsName, json: bool) -> Result<(), Failure> {
    let usage = client.json(client.request(Method::GET, &format!("{}/usage", name.route()))).await?;
    if json {
        return output::print_json(&usage);
    }
    let number = |field: &str| usage[field].as_u64().unwrap_or(0);
    let free_inodes = number("limitInodes").saturating_sub(number("usedInodes"));
    let rows = [
        vec![
            "bytes".into(),
            size(&usage, "usedBytes"),
            size(&usage, "availableBytes"),
            size(&usage, "sizeBytes"),
        ],
        vec![
            "inodes".into(),
            number("usedInodes").to_string(),
            free_inodes.to_string(),
            number("limitInodes").to_string(),
        ],
    ];
    let headings =
        [("", Align::Left), ("USED", Align::Right), ("FREE", Align::Right), ("LIMIT", Align::Right)];
    output::print(&output::table(&headings, &rows))
}

fn show(filesystem: &Value, json: bool) -> Result<(), Failure> {
    if json {
        return output::print_json(filesystem);
    }
    let mut rows = vec![
        vec!["name".into(), text(filesystem, "name")],
        vec!["id".into(), text(filesystem, "id")],
        vec!["size".into(), format!("{} ({} bytes)", size(filesystem, "sizeBytes"), filesystem["sizeBytes"])],
        vec!["durability".into(), text(filesystem, "durability")],
        vec!["compression".into(), text(filesystem, "compression")],
        vec!["created".into(), second(filesystem, "createdAt")],
    ];
    for (key, value) in filesystem["labels"].as_object().into_iter().flatten() {
        rows.push(vec!["label".into(), format!("{key}={}", value.as_str().unwrap_or(""))]);
    }
    let text = output::table(&[("", Align::Left), ("", Align::Left)], &rows);
    // Without the line of its empty headings.
    output::print(text.split_once('\n').map_or("", |(_, rest)| rest))
}

/// A text of an answer.
pub(super) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or("").to_owned()
}

/// A number of bytes of an answer, for people.
pub(super) fn size(value: &Value, field: &str) -> String {
    value[field].as_u64().map_or_else(String::new, |bytes| ByteSize(bytes).to_string())
}

/// A time of an answer, to the second.
pub(super) fn second(value: &Value, field: &str) -> String {
    let text = text(value, field);
    match text.split_once('.') {
        Some((second, _)) => format!("{second}Z"),
        None => text,
    }
}
