//! `holdfast team` and `holdfast key`: an administrator's commands.

use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

use super::filesystems::{second, text};
use super::http::Client;
use super::place::FsName;
use crate::cli::RemoteArgs;
use crate::exit::Failure;
use crate::output::{self, Align};

/// What can be done with teams. A team's name follows the same rule as a filesystem's.
#[derive(Subcommand, Clone, Debug)]
pub enum TeamCommand {
    /// Make a team. `holdfast key create` makes its first key.
    Create {
        /// Its name: letters, digits, `_` and `-`.
        name: FsName,
    },
    /// List the teams.
    List,
    /// Remove a team with its keys; not while it has filesystems.
    Rm {
        /// Name or id.
        team: FsName,
    },
}

/// What can be done with keys.
#[derive(Subcommand, Clone, Debug)]
pub enum KeyCommand {
    /// Make a key and print it; it cannot be seen again.
    Create {
        /// The team that it opens, by name or id [default: the team `default`].
        #[arg(long, conflicts_with = "admin")]
        team: Option<FsName>,
        /// Make an administrator's key.
        #[arg(long)]
        admin: bool,
        /// A name for people.
        #[arg(long, default_value = "made by hand")]
        name: String,
    },
    /// List the keys of a team, or those of administrators.
    List {
        /// The team, by name or id [default: the team `default`].
        #[arg(long, conflicts_with = "admin")]
        team: Option<FsName>,
        /// List administrators' keys.
        #[arg(long)]
        admin: bool,
    },
    /// Revoke a key at once.
    Revoke {
        /// Id of the key, as `holdfast key list` shows it.
        key: FsName,
    },
}

/// Runs a command about teams.
pub fn run_team(command: TeamCommand, remote: &RemoteArgs) -> Result<(), Failure> {
    super::block_on(async {
        let client = Client::admin(remote)?;
        match command {
            TeamCommand::Create { name } => {
                let request =
                    client.request(Method::POST, "/teams").json(&json!({ "name": name.to_string() }));
                let made = client.json(request).await?;
                if remote.json {
                    output::print_json(&made)
                } else {
                    output::print(&format!("{}\n", text(&made, "id")))
                }
            }
            TeamCommand::List => {
                let teams = client.json(client.request(Method::GET, "/teams")).await?;
                let headings = [("NAME", Align::Left), ("CREATED", Align::Left), ("ID", Align::Left)];
                let row =
                    |team: &Value| vec![text(team, "name"), second(team, "createdAt"), text(team, "id")];
                list(&teams, &headings, row, remote.json)
            }
            TeamCommand::Rm { team } => {
                client.json(client.request(Method::DELETE, &format!("/teams/{team}"))).await?;
                if remote.json { output::print_json(&json!({ "removed": team.to_string() })) } else { Ok(()) }
            }
        }
    })
}

/// Runs a command about keys.
pub fn run_key(command: KeyCommand, remote: &RemoteArgs) -> Result<(), Failure> {
    super::block_on(async {
        let client = Client::admin(remote)?;
        match command {
            KeyCommand::Create { team, admin, name } => {
                let body = match admin {
                    true => json!({ "name": name, "admin": true }),
                    false => json!({ "name": name, "team": team_or_default(team) }),
                };
                let made = client.json(client.request(Method::POST, "/keys").json(&body)).await?;
                if remote.json {
                    return output::print_json(&made);
                }
                output::say(&format!("{}; this is the only time that the key is shown", text(&made, "id")));
                output::print(&format!("{}\n", text(&made, "key")))
            }
            KeyCommand::List { team, admin } => {
                let mut request = client.request(Method::GET, "/keys");
                if !admin {
                    request = request.query(&[("team", team_or_default(team))]);
                }
                let headings = [
                    ("NAME", Align::Left),
                    ("CREATED", Align::Left),
                    ("LAST USED", Align::Left),
                    ("REVOKED", Align::Left),
                    ("ID", Align::Left),
                ];
                let row = |key: &Value| {
                    let times = ["createdAt", "lastUsedAt", "revokedAt"].map(|field| second(key, field));
                    [vec![text(key, "name")], times.to_vec(), vec![text(key, "id")]].concat()
                };
                list(&client.json(request).await?, &headings, row, remote.json)
            }
            KeyCommand::Revoke { key } => {
                client.json(client.request(Method::DELETE, &format!("/keys/{key}"))).await?;
                if remote.json { output::print_json(&json!({ "revoked": key.to_string() })) } else { Ok(()) }
            }
        }
    })
}

fn team_or_default(team: Option<FsName>) -> String {
    team.map_or_else(|| holdfast_catalogue::DEFAULT_TEAM.to_owned(), |team| team.to_string())
}

fn list(
    answer: &Value,
    headings: &[(&str, Align)],
    row: impl Fn(&Value) -> Vec<String>,
    json: bool,
) -> Result<(), Failure> {
    if json {
        return output::print_json(answer);
    }
    let rows: Vec<_> = answer.as_array().into_iter().flatten().map(row).collect();
    output::print(&output::table(headings, &rows))
}
