//! `holdfast files`: single files here, trees in `walk`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::filesystems::{second, text};
use super::http::Client;
use super::local;
use super::place::Place;
use super::walk;
use crate::cli::RemoteArgs;
use crate::exit::{Exit, Failure};
use crate::output::{self, Align};

/// Entries asked for at once.
const PAGE: &str = "1000";

/// What can be done with files.
#[derive(Subcommand, Clone, Debug)]
pub enum FilesCommand {
    /// List a directory.
    Ls {
        /// NAME:/path; NAME: is the root.
        place: Place,
        /// With everything below.
        #[arg(short, long)]
        recursive: bool,
    },
    /// Read a file, or a tree with --recursive.
    Get {
        /// NAME:/path.
        place: Place,
        /// Where to: a file, a directory, or `-` for stdout [default: the file's name, here].
        local: Option<PathBuf>,
        /// A directory with everything below.
        #[arg(short, long)]
        recursive: bool,
    },
    /// Write a file in one step, or a tree with --recursive. Missing parents are made.
    Put {
        /// A file, a directory with --recursive, or `-` for stdin.
        local: PathBuf,
        /// NAME:/path; where it ends in `/`, the file's name is added.
        place: String,
        /// A directory with everything below.
        #[arg(short, long)]
        recursive: bool,
        #[command(flatten)]
        owner: OwnerArgs,
        /// Fail if the file exists.
        #[arg(long, conflicts_with = "recursive")]
        new: bool,
    },
    /// Remove a file, a link, or an empty directory.
    Rm {
        /// NAME:/path.
        place: Place,
        /// A directory with everything below.
        #[arg(short, long)]
        recursive: bool,
    },
    /// Show what is known of a file.
    Stat {
        /// NAME:/path.
        place: Place,
        /// A symbolic link itself and not its target.
        #[arg(long)]
        no_follow: bool,
    },
    /// Make a directory and its missing parents.
    Mkdir {
        /// NAME:/path.
        place: Place,
        #[command(flatten)]
        owner: OwnerArgs,
    },
}

/// Whose a new file is.
#[derive(Args, Clone, Debug, Default)]
pub struct OwnerArgs {
    /// Owner [default: 0 for new files].
    #[arg(long)]
    pub uid: Option<u32>,
    /// Group [default: 0 for new files].
    #[arg(long)]
    pub gid: Option<u32>,
    /// Permission bits in octal [default: those of the local file].
    #[arg(long, value_name = "OCTAL", value_parser = octal)]
    pub mode: Option<u32>,
}

impl OwnerArgs {
    /// As query parameters, with `mode` where none was given.
    pub fn query(&self, mode: Option<u32>) -> Vec<(&'static str, String)> {
        let mode = self.mode.or(mode).map(|mode| ("mode", format!("{mode:04o}")));
        let uid = self.uid.map(|uid| ("uid", uid.to_string()));
        let gid = self.gid.map(|gid| ("gid", gid.to_string()));
        [uid, gid, mode].into_iter().flatten().collect()
    }
}

fn octal(text: &str) -> Result<u32, String> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777)
        .ok_or_else(|| "permission bits are octal, such as 0644".to_owned())
}

/// Runs one command.
pub fn run(command: FilesCommand, remote: &RemoteArgs) -> Result<(), Failure> {
    super::block_on(async {
        let client = Client::new(remote)?;
        let json = remote.json;
        match command {
            FilesCommand::Ls { place, recursive } => ls(&client, &place, recursive, json).await,
            FilesCommand::Get { place, local, recursive } => {
                get(&client, &place, local, recursive, json).await
            }
            FilesCommand::Put { local, place, recursive, owner, new } => {
                put(&client, local, &place, recursive, &owner, new, json).await
            }
            FilesCommand::Rm { place, recursive } => {
                let recursive = recursive.to_string();
                let request = client.request(Method::DELETE, &place.route());
                client.json(request.query(&[("recursive", recursive)])).await?;
                if json { output::print_json(&json!({ "removed": place.to_string() })) } else { Ok(()) }
            }
            FilesCommand::Stat { place, no_follow } => {
                show(&walk::stat(&client, &place, !no_follow).await?, json)
            }
            FilesCommand::Mkdir { place, owner } => {
                let made = walk::mkdir(&client, &place, &owner, None).await?;
                if json { output::print_json(&made) } else { Ok(()) }
            }
        }
    })
}

async fn ls(client: &Client, place: &Place, recursive: bool, json: bool) -> Result<(), Failure> {
    let entries = if recursive {
        walk::tree(client, place).await?.into_iter().map(|(_, entry)| entry).collect()
    } else {
        match children(client, place).await {
            // What is no directory is listed as itself.
            Err(failure) if is_error(&failure, "not_a_directory") => {
                vec![walk::stat(client, place, false).await?]
            }
            other => other?,
        }
    };
    if json {
        return output::print_json(&Value::Array(entries));
    }
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            let mut name = text(entry, if recursive { "path" } else { "name" });
            if let Some(target) = entry["target"].as_str() {
                name.push_str(&format!(" -> {target}"));
            }
            let owner = format!("{}:{}", entry["uid"], entry["gid"]);
            vec![permissions(entry), owner, entry["size"].to_string(), second(entry, "modifiedAt"), name]
        })
        .collect();
    let headings = [
        ("MODE", Align::Left),
        ("OWNER", Align::Left),
        ("BYTES", Align::Right),
        ("MODIFIED", Align::Left),
        ("NAME", Align::Left),
    ];
    output::print(&output::table(&headings, &rows))
}

/// The entries of one directory, all pages of them.
pub(super) async fn children(client: &Client, place: &Place) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut request =
            client.request(Method::GET, &place.route()).query(&[("list", "true"), ("limit", PAGE)]);
        if let Some(cursor) = &cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        let mut page = client.json(request).await?;
        if let Value::Array(entries) = page["entries"].take() {
            all.extend(entries);
        }
        match page["cursor"].take() {
            Value::String(next) => cursor = Some(next),
            _ => return Ok(all),
        }
    }
}

async fn get(
    client: &Client,
    place: &Place,
    target: Option<PathBuf>,
    recursive: bool,
    json: bool,
) -> Result<(), Failure> {
    if target.as_deref().is_some_and(local::is_stdio) {
        if recursive {
            return Err(Failure::new(Exit::Usage, "a tree cannot be written to stdout"));
        }
        return local::to_stdout(client, place).await;
    }
    let target = target.unwrap_or_else(|| ".".into());
    let name = place.path.name();
    let target = match name {
        Some(name) if target.is_dir() => target.join(local::os_name(name)),
        _ => target,
    };
    let (files, bytes) = if recursive {
        walk::download(client, place, &target).await?
    } else {
        if name.is_none() {
            return Err(Failure::new(Exit::Usage, "the root is a directory: add --recursive"));
        }
        (1, local::download(client, place, &target, None).await?)
    };
    let to = target.to_string_lossy();
    if json { output::print_json(&json!({ "files": files, "bytes": bytes, "local": to })) } else { Ok(()) }
}

async fn put(
    client: &Client,
    source: PathBuf,
    place: &str,
    recursive: bool,
    owner: &OwnerArgs,
    new: bool,
    json: bool,
) -> Result<(), Failure> {
    let wrong = |message: String| Failure::new(Exit::Usage, message);
    let into = place.ends_with('/') || place.ends_with(':');
    let mut place: Place = place.parse().map_err(|message| wrong(format!("`{place}`: {message}")))?;
    if into && !recursive {
        let name = source
            .file_name()
            .filter(|_| !local::is_stdio(&source))
            .ok_or_else(|| wrong(format!("{place} is a directory: add the file's name")))?;
        place = place.join(local::bytes_of(name));
    }
    if recursive {
        if local::is_stdio(&source) {
            return Err(wrong("a tree cannot be read from stdin".to_owned()));
        }
        let (files, bytes) = walk::upload(client, &source, &place, owner).await?;
        let to = place.to_string();
        return if json {
            output::print_json(&json!({ "files": files, "bytes": bytes, "place": to }))
        } else {
            Ok(())
        };
    }
    let made = local::upload(client, &source, &place, owner, new).await?;
    if json { output::print_json(&made) } else { Ok(()) }
}

fn show(entry: &Value, json: bool) -> Result<(), Failure> {
    if json {
        return output::print_json(entry);
    }
    let mut rows = vec![
        vec!["path".into(), text(entry, "path")],
        vec!["type".into(), text(entry, "type")],
        vec!["bytes".into(), entry["size"].to_string()],
        vec!["mode".into(), format!("{} ({})", text(entry, "mode"), permissions(entry))],
        vec!["owner".into(), format!("{}:{}", entry["uid"], entry["gid"])],
        vec!["links".into(), entry["links"].to_string()],
        vec!["modified".into(), text(entry, "modifiedAt")],
        vec!["changed".into(), text(entry, "changedAt")],
        vec!["accessed".into(), text(entry, "accessedAt")],
    ];
    for field in ["etag", "target"] {
        if entry[field].is_string() {
            rows.push(vec![field.into(), text(entry, field)]);
        }
    }
    let text = output::table(&[("", Align::Left), ("", Align::Left)], &rows);
    // Without the line of its empty headings.
    output::print(text.split_once('\n').map_or("", |(_, rest)| rest))
}

/// `drwxr-xr-x`.
fn permissions(entry: &Value) -> String {
    let kind = match entry["type"].as_str() {
        Some("directory") => 'd',
        Some("symlink") => 'l',
        Some("fifo") => 'p',
        Some("socket") => 's',
        Some("charDevice") => 'c',
        Some("blockDevice") => 'b',
        _ => '-',
    };
    let mode = entry["mode"].as_str().and_then(|mode| u32::from_str_radix(mode, 8).ok()).unwrap_or(0);
    let mut text = String::from(kind);
    for (shift, special, letters) in
        [(6, 0o4000, ['s', 'S']), (3, 0o2000, ['s', 'S']), (0, 0o1000, ['t', 'T'])]
    {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (false, true) => 'x',
            (false, false) => '-',
            (true, true) => letters[0],
            (true, false) => letters[1],
        });
    }
    text
}

/// Whether the server refused with this code.
pub(super) fn is_error(failure: &Failure, code: &str) -> bool {
    let body = failure.json.as_deref().and_then(|body| serde_json::from_str::<Value>(body).ok());
    body.is_some_and(|body| body["error"] == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_look_as_ls_shows_them() {
        for (kind, mode, shown) in [
            ("file", "0644", "-rw-r--r--"),
            ("directory", "1777", "drwxrwxrwt"),
            ("file", "4755", "-rwsr-xr-x"),
            ("file", "2640", "-rw-r-S---"),
            ("symlink", "0777", "lrwxrwxrwx"),
        ] {
            assert_eq!(permissions(&json!({ "type": kind, "mode": mode })), shown);
        }
    }

    #[test]
    fn owners_become_parameters() {
        let owner = OwnerArgs { uid: Some(1000), gid: None, mode: None };
        assert_eq!(owner.query(Some(0o755)), [("uid", "1000".to_owned()), ("mode", "0755".to_owned())]);
        let owner = OwnerArgs { mode: octal("600").ok(), ..OwnerArgs::default() };
        assert_eq!(owner.query(Some(0o755)), [("mode", "0600".to_owned())]);
        assert!(octal("8").is_err() && octal("77777").is_err());
    }
}
