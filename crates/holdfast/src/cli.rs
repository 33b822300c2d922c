//! The command line: what there is to say, and who does it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::client::admin::{KeyCommand, TeamCommand};
use crate::client::attachments::{AttachArgs, DetachArgs};
use crate::client::place::FsName;
use crate::client::{
    self, files::FilesCommand, filesystems::FsCommand, mount::MountArgs, snapshots::SnapshotCommand,
};
use crate::config::{ServeArgs, table};
use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::serve::check::CheckArgs;
use crate::{output, serve};

/// Persistent filesystems for sandboxes: one server, mounted over NFSv3, read and written over HTTP.
#[derive(Parser)]
#[command(name = "holdfast", version, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server until SIGTERM or SIGINT.
    #[command(
        long_about = "Run the server until SIGTERM or SIGINT.\n\nAn option comes from its flag, else from the \
                      environment, else from the file, else it has its default. When the server is ready it prints \
                      one line to stdout: `ready http=ADDR nfs=ADDR`. On the first start it writes a key of the \
                      team `default` to DATA_DIR/api-key and one for administration to DATA_DIR/admin-key. Logs go \
                      to stderr."
    )]
    Serve(ServeArgs),
    /// Make, list, resize, rename, fork and remove filesystems.
    Fs {
        #[command(subcommand)]
        command: FsCommand,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Read and write files without a mount. A place is NAME:/path.
    Files {
        #[command(subcommand)]
        command: FilesCommand,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Make, list, restore and delete snapshots of filesystems.
    Snapshot {
        #[command(subcommand)]
        command: SnapshotCommand,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Count everything in the store again, with the server stopped; fails if anything differs.
    #[command(
        long_about = "Count everything in the store again and report every difference: inodes, links, entries, bytes \
                      in use, segments and what they hold, for every filesystem and snapshot. The server must be \
                      stopped. What its journal holds is brought into the store first, as a start would. Of the \
                      options, those count that say where things are."
    )]
    Check(CheckArgs),
    /// Let somebody mount a filesystem, or a directory of it; prints the command that does, which holds a secret.
    Attach {
        #[command(flatten)]
        args: AttachArgs,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// End an attachment: who mounted it has nothing any more.
    Detach {
        #[command(flatten)]
        args: DetachArgs,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// List the attachments of a filesystem.
    Attachments {
        /// Name or id of the filesystem.
        filesystem: FsName,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Mount a filesystem on this machine, by an attachment of its own. Needs root.
    #[command(name = "mount")]
    MountHere {
        #[command(flatten)]
        args: client::mounting::MountArgs,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Take a mount of this machine away and end its attachment. Needs root.
    Umount {
        /// Where it is mounted.
        dir: PathBuf,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Print the command that mounts a filesystem by its id, from the networks of nfs-allow.
    #[command(name = "mount-command")]
    Mount {
        #[command(flatten)]
        args: MountArgs,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Make, list and remove teams. Needs an administrator's key: HOLDFAST_ADMIN_KEY, or DATA_DIR/admin-key.
    Team {
        #[command(subcommand)]
        command: TeamCommand,
        #[command(flatten)]
        remote: RemoteArgs,
    },
    /// Make, list and revoke API keys. Needs an administrator's key: HOLDFAST_ADMIN_KEY, or DATA_DIR/admin-key.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
        #[command(flatten)]
        remote: RemoteArgs,
    },
}

/// How a client command finds its server. All of it may be left out where the server runs on this machine.
#[derive(Args, Clone, Debug)]
pub struct RemoteArgs {
    /// The server, http://HOST:PORT [env: HOLDFAST_URL] [default: the server of the data directory].
    #[arg(long, value_name = "URL", global = true)]
    pub url: Option<String>,
    /// File with the API key [env: HOLDFAST_API_KEY or HOLDFAST_ADMIN_KEY, the key itself] [default: DATA_DIR/api-key
    /// or DATA_DIR/admin-key].
    #[arg(long, value_name = "FILE", global = true)]
    pub key_file: Option<PathBuf>,
    /// The data directory of a server on this machine [env: HOLDFAST_DATA_DIR] [default: ./holdfast-data].
    #[arg(long, value_name = "DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Print the answer as JSON, errors too (those on stderr).
    #[arg(long, global = true)]
    pub json: bool,
}

/// Reads the command line, does what it says, and tells how it went.
pub fn run() -> ExitCode {
    let matches = command().get_matches();
    // The derived reader takes what the derived command let through.
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let (result, json) = match cli.command {
        Command::Serve(args) => (start_server(args), false),
        Command::Fs { command, remote } => (client::filesystems::run(command, &remote), remote.json),
        Command::Files { command, remote } => (client::files::run(command, &remote), remote.json),
        Command::Team { command, remote } => (client::admin::run_team(command, &remote), remote.json),
        Command::Key { command, remote } => (client::admin::run_key(command, &remote), remote.json),
        Command::Snapshot { command, remote } => (client::snapshots::run(command, &remote), remote.json),
        Command::Check(args) => {
            let json = args.json;
            (serve::check::run(args), json)
        }
        Command::Attach { args, remote } => (client::attachments::attach(&args, &remote), remote.json),
        Command::Detach { args, remote } => (client::attachments::detach(&args, &remote), remote.json),
        Command::Attachments { filesystem, remote } => {
            (client::attachments::list(&filesystem, &remote), remote.json)
        }
        Command::MountHere { args, remote } => (client::mounting::mount(&args, &remote), remote.json),
        Command::Umount { dir, remote } => (client::mounting::umount(&dir, &remote), remote.json),
        Command::Mount { args, remote } => (client::mount::run(&args, &remote), remote.json),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::say(&told(&failure, json));
            failure.exit.into()
        }
    }
}

fn start_server(args: ServeArgs) -> Result<(), Failure> {
    serve::run(args.settings().map_err(|error| Failure::new(Exit::Usage, error.to_string()))?)
}

/// The command with what the tables add to its help.
fn command() -> clap::Command {
    let mut codes = String::from("Exit codes:\n");
    for (code, meaning) in EXIT_CODES {
        codes.push_str(&format!("  {code}  {meaning}\n"));
    }
    let keys = format!("{codes}\nKeys of the TOML file: {}", keys());
    Cli::command().after_help(codes.clone()).mut_subcommand("serve", |serve| serve.after_help(keys))
}

fn keys() -> String {
    table::OPTIONS.iter().map(|spec| spec.key()).collect::<Vec<_>>().join(", ")
}

fn told(failure: &Failure, json: bool) -> String {
    match (&failure.json, json) {
        (Some(body), true) => body.clone(),
        (None, true) => serde_json::json!({ "error": "client", "message": failure.message }).to_string(),
        (_, false) => format!("holdfast: {failure}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_tells_every_option_and_code() {
        command().debug_assert();
        let help = command().find_subcommand_mut("serve").unwrap().render_long_help().to_string();
        for spec in table::OPTIONS {
            assert!(
                help.contains(&format!("--{}", spec.flag)) && help.contains(&spec.env()),
                "{}",
                spec.flag
            );
        }
        for (_, meaning) in EXIT_CODES {
            assert!(command().render_help().to_string().contains(meaning), "{meaning}");
        }
    }
}
