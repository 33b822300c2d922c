//! `holdfast mount-command`: what to type to mount a filesystem.

use std::path::PathBuf;

use clap::Args;
use reqwest::{Method, Url};
use serde_json::json;

use super::filesystems::text;
use super::http::Client;
use super::place::FsName;
use super::remote::Remote;
use crate::cli::RemoteArgs;
use crate::exit::{Exit, Failure};
use crate::output;

/// The port of NFS where nothing else is known.
const NFS_PORT: u16 = 2049;

/// What to mount where.
#[derive(Args, Clone, Debug)]
pub struct MountArgs {
    /// Name or id of the filesystem.
    name: FsName,
    /// Where to mount it [default: /mnt/NAME].
    #[arg(long, value_name = "DIR")]
    point: Option<PathBuf>,
    /// Where the server answers NFS [env: HOLDFAST_NFS] [default: as the server of the data directory tells, else
    /// the host of the URL and port 2049].
    #[arg(long, value_name = "HOST:PORT")]
    nfs: Option<String>,
    /// With locks that hold between clients; the server must answer PORTMAP on port 111 [default: as the server of the
    /// data directory tells].
    #[arg(long)]
    locks: bool,
}

/// Prints the command. The filesystem must exist.
pub fn run(args: &MountArgs, remote: &RemoteArgs) -> Result<(), Failure> {
    super::block_on(async {
        let client = Client::new(remote)?;
        let filesystem = client.json(client.request(Method::GET, &args.name.route())).await?;
        let given = args.nfs.clone().or_else(|| std::env::var("HOLDFAST_NFS").ok());
        let (host, port) = server(given.as_deref(), client.remote())?;
        let point = args
            .point
            .clone()
            .unwrap_or_else(|| PathBuf::from(format!("/mnt/{}", text(&filesystem, "name"))));
        let locks = args.locks || client.remote().locks;
        let (export, options) = (format!("/{}", text(&filesystem, "id")), options(port, locks));
        let point = quoted(&point.to_string_lossy());
        let command = format!("mkdir -p {point} && mount -t nfs -o {options} {host}:{export} {point}");
        if remote.json {
            return output::print_json(&json!({
                "host": host, "port": port, "export": export, "options": options, "command": command,
            }));
        }
        output::print(&format!("{command}\n"))
    })
}

/// The options that are recommended: caches on, patient, and with locks between clients where these can find them.
fn options(port: u16, locks: bool) -> String {
    let locks = if locks { "" } else { "nolock," };
    format!(
        "vers=3,proto=tcp,port={port},mountport={port},mountproto=tcp,hard,{locks}rsize=1048576,wsize=1048576"
    )
}

fn server(given: Option<&str>, remote: &Remote) -> Result<(String, u16), Failure> {
    if let Some(given) = given {
        let parts = given.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = parts.filter(|(host, _)| !host.is_empty()).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("`{given}` is not a host and a port: write HOST:PORT"))
        })?;
        return Ok((host.to_owned(), port));
    }
    if let Some(address) = remote.nfs {
        let ip = address.ip();
        let host = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
        return Ok((host, address.port()));
    }
    let url: Option<Url> = remote.url.parse().ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or("localhost");
    Ok((host.to_owned(), NFS_PORT))
}

/// A word that a shell takes as it is.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_the_one_that_was_named_or_found() {
        let remote = |nfs: Option<&str>| Remote {
            url: "http://files.example:7070".to_owned(),
            key: String::new(),
            nfs: nfs.map(|nfs| nfs.parse().unwrap()),
            locks: false,
        };
        let found = |given, nfs| server(given, &remote(nfs)).unwrap();
        assert_eq!(found(Some("[::1]:2050"), None), ("[::1]".to_owned(), 2050));
        assert_eq!(found(None, Some("127.0.0.1:3049")), ("127.0.0.1".to_owned(), 3049));
        assert_eq!(found(None, None), ("files.example".to_owned(), 2049));
        assert!(server(Some("2049"), &remote(None)).is_err());
    }

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(quoted("/mnt/demo"), "/mnt/demo");
        assert_eq!(quoted("/mnt/it's"), r"'/mnt/it'\''s'");
    }
}
