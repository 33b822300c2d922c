//! `holdfast attach`, `detach` and `attachments`.

use std::fmt;
use std::str::FromStr;

use clap::Args;
use holdfast_base::{AttachmentId, Network};
use reqwest::Method;
use serde_json::{Value, json};

use super::filesystems::{second, text};
use super::http::Client;
use super::place::FsName;
use crate::cli::RemoteArgs;
use crate::exit::Failure;
use crate::output::{self, Align};

/// What an attachment is to give.
#[derive(Args, Clone, Debug)]
pub struct GrantArgs {
    /// Refuse every change.
    #[arg(long)]
    pub read_only: bool,
    /// Only this directory of the filesystem; it must exist.
    #[arg(long, value_name = "DIR")]
    pub subpath: Option<String>,
    /// End it by itself after this time: 90s, 15m, 12h or 7d.
    #[arg(long, value_name = "TIME")]
    pub expires: Option<Seconds>,
    /// Only from this address or network; may repeat.
    #[arg(long = "from", value_name = "NETWORK")]
    pub networks: Vec<Network>,
    /// Let root act as nobody.
    #[arg(long, conflicts_with = "map")]
    pub squash: bool,
    /// Let everybody act as this user and group.
    #[arg(long, value_name = "UID:GID", value_parser = ids)]
    pub map: Option<(u32, u32)>,
}

/// What to attach.
#[derive(Args, Clone, Debug)]
pub struct AttachArgs {
    /// Name or id of the filesystem.
    filesystem: FsName,
    #[command(flatten)]
    grant: GrantArgs,
    /// Who it is for; shown in lists.
    #[arg(long, default_value = "")]
    owner: String,
}

/// What to end.
#[derive(Args, Clone, Debug)]
pub struct DetachArgs {
    /// Name or id of the filesystem.
    filesystem: FsName,
    /// Id of the attachment, as `holdfast attachments` lists it.
    attachment: AttachmentId,
}

/// A time, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

impl FromStr for Seconds {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rule = "a time is a number and its unit: 90s, 15m, 12h or 7d";
        let unit = text.chars().last().ok_or(rule)?;
        let factor = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(rule),
        };
        let number: u64 = text[..text.len() - 1].parse().map_err(|_| rule)?;
        number.checked_mul(factor).map(Self).ok_or(rule)
    }
}

fn ids(text: &str) -> Result<(u32, u32), String> {
    let parsed = text.split_once(':').and_then(|(uid, gid)| Some((uid.parse().ok()?, gid.parse().ok()?)));
    parsed.ok_or_else(|| format!("`{text}` is not a user and a group: write UID:GID"))
}

/// Makes an attachment; the server's answer.
pub(super) async fn create(
    client: &Client,
    filesystem: &FsName,
    grant: &GrantArgs,
    owner: &str,
) -> Result<Value, Failure> {
    let networks: Vec<String> = grant.networks.iter().map(Network::to_string).collect();
    let mut body = json!({ "readOnly": grant.read_only, "owner": owner, "allowedAddresses": networks });
    if let Some(subpath) = &grant.subpath {
        body["subpath"] = json!(subpath);
    }
    if let Some(Seconds(seconds)) = grant.expires {
        body["expiresInSeconds"] = json!(seconds);
    }
    if grant.squash {
        body["uidPolicy"] = json!("squash");
    }
    if let Some((uid, gid)) = grant.map {
        (body["uidPolicy"], body["uid"], body["gid"]) = (json!("map"), json!(uid), json!(gid));
    }
    let route = format!("{}/attachments", filesystem.route());
    client.json(client.request(Method::POST, &route).json(&body)).await
}

/// Ends an attachment.
pub(super) async fn remove(client: &Client, filesystem: &str, attachment: &str) -> Result<(), Failure> {
    let route = format!("/filesystems/{filesystem}/attachments/{attachment}");
    client.json(client.request(Method::DELETE, &route)).await.map(drop)
}

/// Makes an attachment and prints the command that mounts it.
pub fn attach(args: &AttachArgs, remote: &RemoteArgs) -> Result<(), Failure> {
    super::block_on(async {
        let client = Client::new(remote)?;
        let made = create(&client, &args.filesystem, &args.grant, &args.owner).await?;
        if remote.json {
            return output::print_json(&made);
        }
        output::say(&format!("{}; the command mounts it and is not shown again", text(&made, "id")));
        output::print(&format!("{}\n", text(&made, "mountCommand")))
    })
}

/// Ends an attachment.
pub fn detach(args: &DetachArgs, remote: &RemoteArgs) -> Result<(), Failure> {
    super::block_on(async {
        let client = Client::new(remote)?;
        let attachment = args.attachment.to_string();
        remove(&client, &args.filesystem.to_string(), &attachment).await?;
        if remote.json { output::print_json(&json!({ "removed": attachment })) } else { Ok(()) }
    })
}

/// Lists the attachments of a filesystem.
pub fn list(filesystem: &FsName, remote: &RemoteArgs) -> Result<(), Failure> {
    super::block_on(async {
        let client = Client::new(remote)?;
        let route = format!("{}/attachments", filesystem.route());
        let all = client.json(client.request(Method::GET, &route)).await?;
        if remote.json {
            return output::print_json(&all);
        }
        let all = all.as_array().map_or(&[][..], Vec::as_slice);
        if all.is_empty() {
            output::say("no attachments; `holdfast attach FILESYSTEM` makes one");
            return Ok(());
        }
        let access = |row: &Value| if row["readOnly"] == true { "read" } else { "write" }.to_owned();
        let rows: Vec<_> = all
            .iter()
            .map(|row| {
                let (used, ends) = (second(row, "lastActivityAt"), second(row, "expiresAt"));
                vec![text(row, "id"), access(row), text(row, "subpath"), text(row, "owner"), used, ends]
            })
            .collect();
        let headings = ["ID", "MAY", "SUBPATH", "OWNER", "LAST USED", "ENDS"].map(|name| (name, Align::Left));
        output::print(&output::table(&headings, &rows))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_ids_are_read_or_refused() {
        for (text, seconds) in [("90s", 90), ("15m", 900), ("12h", 43_200), ("7d", 604_800)] {
            assert_eq!(text.parse(), Ok(Seconds(seconds)));
        }
        for wrong in ["", "s", "5", "5 m", "-1s", "1é", "99999999999999999999d", "999999999999999999d"] {
            assert!(wrong.parse::<Seconds>().is_err(), "{wrong}");
        }
        assert_eq!(ids("1000:0"), Ok((1000, 0)));
        assert!(ids("1000").is_err() && ids("a:b").is_err());
    }
}
