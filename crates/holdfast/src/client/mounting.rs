//! `holdfast mount` and `holdfast umount`: an attachment of its own for each mount of this machine.
//!
//! What `umount` has to end is kept in a file for each mount, which a restart of the machine forgets together with the
//! mounts. In a crash between the attachment and the mount the attachment stays; `holdfast attachments` shows it with
//! this machine as its owner.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::{Value, json};

use super::attachments::{self, GrantArgs};
use super::filesystems::text;
use super::http::Client;
use super::place::FsName;
use crate::cli::RemoteArgs;
use crate::exit::{Exit, Failure};
use crate::output;

/// Where the files about mounts are.
const RECORDS: &str = "/run/holdfast/mounts";
/// Where the helper of mount(8) may be.
const HELPERS: [&str; 3] = ["/sbin/mount.nfs", "/usr/sbin/mount.nfs", "/usr/local/sbin/mount.nfs"];

/// What to mount where.
#[derive(Args, Clone, Debug)]
pub struct MountArgs {
    /// Name or id of the filesystem.
    filesystem: FsName,
    /// Where to mount it; made if missing.
    dir: PathBuf,
    #[command(flatten)]
    grant: GrantArgs,
}

/// Makes an attachment and mounts it.
pub fn mount(args: &MountArgs, remote: &RemoteArgs) -> Result<(), Failure> {
    check_helper(&HELPERS)?;
    std::fs::create_dir_all(&args.dir).map_err(|error| cannot("the directory cannot be made", &error))?;
    let dir = args.dir.canonicalize().map_err(|error| cannot("the directory cannot be used", &error))?;
    super::block_on(async {
        let client = Client::new(remote)?;
        let made = attachments::create(&client, &args.filesystem, &args.grant, &owner(&dir)).await?;
        let (filesystem, attachment) = (text(&made, "filesystemId"), text(&made, "id"));
        let mounted = run(mount_command(&made, &dir)?).and_then(|()| {
            let record = json!({ "filesystem": filesystem, "attachment": attachment });
            keep(&dir, &record).inspect_err(|_| drop(run(umount_command(&dir))))
        });
        if let Err(failure) = mounted {
            // The first failure is the one to tell of; what stays of this is shown by `holdfast attachments`.
            let _ = attachments::remove(&client, &filesystem, &attachment).await;
            return Err(failure);
        }
        if remote.json {
            output::print_json(&json!({ "attachment": attachment, "dir": dir }))
        } else {
            Ok(())
        }
    })
}

/// Takes a mount away and ends its attachment.
pub fn umount(dir: &Path, remote: &RemoteArgs) -> Result<(), Failure> {
    let dir = dir.canonicalize().map_err(|error| cannot("the directory cannot be used", &error))?;
    run(umount_command(&dir))?;
    let path = record_path(&dir);
    let Ok(record) = std::fs::read(&path) else {
        output::say("not mounted by `holdfast mount`: its attachment, if it had one, stays");
        return Ok(());
    };
    let record: Value = serde_json::from_slice(&record)
        .map_err(|error| cannot(&format!("{} cannot be read", path.display()), &error))?;
    super::block_on(async {
        let client = Client::new(remote)?;
        let (filesystem, attachment) = (text(&record, "filesystem"), text(&record, "attachment"));
        match attachments::remove(&client, &filesystem, &attachment).await {
            // It was revoked, or its filesystem is gone.
            Ok(()) | Err(Failure { exit: Exit::NotFound, .. }) => {}
            Err(failure) => return Err(failure),
        }
        std::fs::remove_file(&path).map_err(|error| cannot("the record of the mount stays", &error))?;
        if remote.json { output::print_json(&json!({ "removed": attachment })) } else { Ok(()) }
    })
}

fn check_helper(places: &[&str]) -> Result<(), Failure> {
    if places.iter().any(|place| Path::new(place).exists()) {
        return Ok(());
    }
    let message = "this machine cannot mount NFS: mount.nfs is missing; install the package nfs-common \
                   (Debian, Ubuntu) or nfs-utils (Fedora, Alpine)";
    Err(Failure::new(Exit::Failed, message))
}

/// The server's own command, for another directory. No shell is in between.
fn mount_command(made: &Value, dir: &Path) -> Result<Command, Failure> {
    let told = text(made, "mountCommand");
    let words: Vec<&str> = told.split_whitespace().collect();
    let ["mount", "-t", "nfs", "-o", options, source, _] = words[..] else {
        return Err(Failure::new(Exit::Failed, "the server does not say how to mount"));
    };
    let mut command = Command::new("mount");
    command.args(["-t", "nfs", "-o", options, source]).arg(dir);
    Ok(command)
}

fn umount_command(dir: &Path) -> Command {
    let mut command = Command::new("umount");
    command.arg(dir);
    command
}

fn run(mut command: Command) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().map_err(|error| cannot(&format!("{name} cannot be run"), &error))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(Failure::new(Exit::Failed, format!("{name} failed: {}", said.trim())))
}

/// Who the attachment is for.
fn owner(dir: &Path) -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let text: String = format!("{host}:{}", dir.display()).chars().filter(|c| !c.is_control()).collect();
    let fits = holdfast_base::limits::ATTACHMENT_OWNER_MAX_BYTES;
    text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= fits).map(|(_, c)| c).collect()
}

fn keep(dir: &Path, record: &Value) -> Result<(), Failure> {
    let kept = std::fs::create_dir_all(RECORDS)
        .and_then(|()| std::fs::write(record_path(dir), format!("{record}\n")));
    kept.map_err(|error| cannot(&format!("nothing can be kept in {RECORDS}"), &error))
}

/// The file about the mount of a directory. Its name is the path, made one component.
fn record_path(dir: &Path) -> PathBuf {
    let name: String = dir
        .as_os_str()
        .as_encoded_bytes()
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' => char::from(*byte).to_string(),
            other => format!("-{other:02x}"),
        })
        .collect();
    Path::new(RECORDS).join(format!("{name}.json"))
}

fn cannot(what: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::because(Exit::Failed, what, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_helper_is_named_with_what_helps() {
        let told = check_helper(&["/nowhere/mount.nfs"]).unwrap_err().message;
        assert!(told.contains("mount.nfs") && told.contains("nfs-common"));
        assert!(check_helper(&["/nowhere/mount.nfs", "/"]).is_ok());
    }

    #[test]
    fn every_directory_has_a_record_of_its_own() {
        let name = |dir: &str| record_path(Path::new(dir));
        assert_eq!(name("/mnt/a"), Path::new("/run/holdfast/mounts/-2fmnt-2fa.json"));
        assert_ne!(name("/mnt/a-2fb"), name("/mnt/a/b"));
    }

    #[test]
    fn the_servers_command_is_taken_apart_into_words() {
        let told = "mount -t nfs -o vers=3,hard host:/secret /mnt/a";
        let command = mount_command(&json!({ "mountCommand": told }), Path::new("/mnt/x y")).unwrap();
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(words, ["-t", "nfs", "-o", "vers=3,hard", "host:/secret", "/mnt/x y"]);
        assert!(mount_command(&json!({ "mountCommand": "mount; rm" }), Path::new("/")).is_err());
    }
}
