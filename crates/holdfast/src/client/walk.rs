//! Trees, one directory at a time. Symbolic links are made where they can be; what cannot be copied is told, and the
//! command fails at its end.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use holdfast_api::paths::FilePath;
use reqwest::Method;
use serde_json::Value;

use super::files::{OwnerArgs, children, is_error};
use super::http::Client;
use super::local::{self, failed};
use super::place::Place;
use crate::exit::{Exit, Failure};
use crate::output;

/// What is known of one file.
pub(super) async fn stat(client: &Client, place: &Place, follow: bool) -> Result<Value, Failure> {
    let follow = follow.to_string();
    let request = client.request(Method::GET, &place.route());
    client.json(request.query(&[("stat", "true"), ("follow", &follow)])).await
}

/// Makes a directory.
pub(super) async fn mkdir(
    client: &Client,
    place: &Place,
    owner: &OwnerArgs,
    mode: Option<u32>,
) -> Result<Value, Failure> {
    let request = client.request(Method::POST, &place.route());
    client.json(request.query(&[("op", "mkdir")]).query(&owner.query(mode))).await
}

/// Every entry below a directory, parents before what is in them.
pub(super) async fn tree(client: &Client, top: &Place) -> Result<Vec<(Place, Value)>, Failure> {
    let mut found = Vec::new();
    let mut left = vec![top.clone()];
    while let Some(dir) = left.pop() {
        let entries = match children(client, &dir).await {
            // Gone meanwhile.
            Err(failure) if dir != *top && is_error(&failure, "path_not_found") => continue,
            other => other?,
        };
        let mut below = Vec::new();
        for entry in entries {
            let place = dir.join(name_of(&entry)?);
            if entry["type"] == "directory" {
                below.push(place.clone());
            }
            found.push((place, entry));
        }
        left.extend(below.into_iter().rev());
    }
    Ok(found)
}

/// The exact name of an entry. One that would lead out of its directory is not taken from anyone.
fn name_of(entry: &Value) -> Result<Vec<u8>, Failure> {
    let shown = entry["name"].as_str().unwrap_or("");
    let path = match entry["encodedName"].as_str() {
        Some(encoded) => FilePath::from_url(encoded),
        None => FilePath::from_bytes(shown.as_bytes()),
    };
    match path.as_ref().map(FilePath::components) {
        Ok([name]) => Ok(name.to_vec()),
        _ => Err(Failure::new(Exit::Failed, format!("the server listed `{shown}`, which is no name"))),
    }
}

/// Copies a tree to this machine; says how many files with how many bytes.
pub(super) async fn download(client: &Client, top: &Place, target: &Path) -> Result<(u64, u64), Failure> {
    let mut tally = Tally::default();
    let depth = top.path.components().len();
    make_local_dir(target)?;
    for (place, entry) in tree(client, top).await? {
        let below = &place.path.components()[depth..];
        let local: PathBuf =
            below.iter().fold(target.to_owned(), |path, name| path.join(local::os_name(name)));
        match entry["type"].as_str() {
            Some("directory") => make_local_dir(&local)?,
            Some("file") => {
                let mode = entry["mode"].as_str().and_then(|mode| u32::from_str_radix(mode, 8).ok());
                tally.add(local::download(client, &place, &local, mode).await?);
            }
            Some("symlink") => match stat(client, &place, false).await?["target"].as_str() {
                Some(target) => {
                    std::os::unix::fs::symlink(target, &local).map_err(|error| failed(&local, &error))?;
                }
                None => tally.skip(&place.to_string(), "its target is not told"),
            },
            _ => tally.skip(&place.to_string(), "not a file, directory or symbolic link"),
        }
    }
    tally.end()
}

/// Copies a tree of this machine into a filesystem; says how many files with how many bytes.
pub(super) async fn upload(
    client: &Client,
    top: &Path,
    target: &Place,
    owner: &OwnerArgs,
) -> Result<(u64, u64), Failure> {
    let mut tally = Tally::default();
    let mut left = vec![(top.to_owned(), target.clone())];
    // The bits of `--mode` are for files; directories keep theirs.
    let dir_owner = OwnerArgs { mode: None, ..owner.clone() };
    while let Some((dir, place)) = left.pop() {
        let metadata = std::fs::metadata(&dir).map_err(|error| failed(&dir, &error))?;
        if !place.path.is_root() {
            mkdir(client, &place, &dir_owner, Some(metadata.permissions().mode() & 0o777)).await?;
        }
        for entry in std::fs::read_dir(&dir).map_err(|error| failed(&dir, &error))? {
            let entry = entry.map_err(|error| failed(&dir, &error))?;
            let (path, place) = (entry.path(), place.join(local::bytes_of(&entry.file_name())));
            let kind = entry.file_type().map_err(|error| failed(&path, &error))?;
            if kind.is_dir() {
                left.push((path, place));
            } else if kind.is_file() {
                let made = local::upload(client, &path, &place, owner, false).await?;
                tally.add(made["size"].as_u64().unwrap_or(0));
            } else {
                tally.skip(&path.to_string_lossy(), "only files and directories can be put");
            }
        }
    }
    tally.end()
}

fn make_local_dir(path: &Path) -> Result<(), Failure> {
    match std::fs::create_dir(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists || !path.is_dir() => {
            Err(failed(path, &error))
        }
        _ => Ok(()),
    }
}

/// What was copied and what was not.
#[derive(Default)]
struct Tally {
    files: u64,
    bytes: u64,
    skipped: u64,
}

impl Tally {
    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }

    fn skip(&mut self, what: &str, why: &str) {
        output::say(&format!("skipped {what}: {why}"));
        self.skipped += 1;
    }

    fn end(self) -> Result<(u64, u64), Failure> {
        if self.skipped == 0 {
            return Ok((self.files, self.bytes));
        }
        let message = format!("{} entries were skipped, {} files were copied", self.skipped, self.files);
        Err(Failure::new(Exit::Failed, message))
    }
}
