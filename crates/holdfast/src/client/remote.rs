//! Which server a command talks to, and with which key.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use crate::cli::RemoteArgs;
use crate::config::table;
use crate::exit::{Exit, Failure};
use crate::serve::{ADMIN_KEY_FILE, API_KEY_FILE, Addresses};

/// Where clients of the lock manager look for it.
const PORTMAP_PORT: u16 = 111;

/// A server and a key for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// `http://HOST:PORT`, without a `/` at its end.
    pub url: String,
    /// The API key.
    pub key: String,
    /// Where the server of the data directory answers NFS, where the URL is that server's.
    pub nfs: Option<SocketAddr>,
    /// Whether that server can be asked for locks: it answers PORTMAP where clients look.
    pub locks: bool,
}

/// Whose key a command needs, and where it is found.
#[derive(Clone, Copy, Debug)]
pub struct KeyPlace {
    env: &'static str,
    file: &'static str,
}

/// A team's key.
pub const TEAM_KEY: KeyPlace = KeyPlace { env: "HOLDFAST_API_KEY", file: API_KEY_FILE };
/// An administrator's key.
pub const ADMIN_KEY: KeyPlace = KeyPlace { env: "HOLDFAST_ADMIN_KEY", file: ADMIN_KEY_FILE };

impl Remote {
    /// Finds server and key: flags, then the environment, then the data directory.
    pub fn find(args: &RemoteArgs, place: KeyPlace) -> Result<Self, Failure> {
        Self::find_with(args, place, |name| std::env::var(name).ok().filter(|text| !text.is_empty()))
    }

    fn find_with(
        args: &RemoteArgs,
        place: KeyPlace,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let data_dir = args.data_dir.clone().or_else(|| env(&table::DATA_DIR.env()).map(PathBuf::from));
        let data_dir = data_dir.unwrap_or_else(|| table::DATA_DIR.default.into());
        let local = Addresses::read(&data_dir);
        let given = args.url.clone().or_else(|| env("HOLDFAST_URL"));
        let nfs = if given.is_none() { local.map(|addresses| reachable(addresses.nfs)) } else { None };
        let locks = given.is_none()
            && local
                .and_then(|addresses| addresses.portmap)
                .is_some_and(|portmap| portmap.port() == PORTMAP_PORT);
        let url = given.unwrap_or_else(|| match local {
            Some(addresses) => format!("http://{}", reachable(addresses.http)),
            None => format!("http://{}", table::HTTP_ADDR.default),
        });
        if !url.starts_with("http://") {
            let message =
                format!("`{url}` is not a URL that this program can use: it must begin with http://");
            return Err(Failure::new(Exit::Usage, message));
        }
        let key_file = args.key_file.clone();
        let key = match (&key_file, env(place.env)) {
            (None, Some(key)) => key,
            _ => {
                let path = key_file.unwrap_or_else(|| data_dir.join(place.file));
                std::fs::read_to_string(&path).map_err(|error| {
                    let message = format!(
                        "no API key: {} cannot be read ({error}); set {}, or name the data directory of the server \
                         with --data-dir",
                        path.display(),
                        place.env
                    );
                    Failure::new(Exit::KeyRefused, message)
                })?
            }
        };
        Ok(Self { url: url.trim_end_matches('/').to_owned(), key: key.trim().to_owned(), nfs, locks })
    }
}

/// An address to connect to, for one that is listened on.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(dir: &std::path::Path, url: Option<&str>, env: &[(&str, &str)]) -> Result<Remote, Failure> {
        let args = RemoteArgs {
            url: url.map(str::to_owned),
            key_file: None,
            data_dir: Some(dir.to_owned()),
            json: false,
        };
        Remote::find_with(&args, TEAM_KEY, |name| {
            env.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
        })
    }

    #[test]
    fn the_data_directory_tells_where_nothing_else_does() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(find(dir.path(), None, &[]).unwrap_err().exit, Exit::KeyRefused);
        std::fs::write(dir.path().join("api-key"), "e2b_local\n").unwrap();
        let fresh = find(dir.path(), None, &[]).unwrap();
        assert_eq!((fresh.url.as_str(), fresh.nfs), ("http://127.0.0.1:7070", None));
        let told = r#"{"http":"0.0.0.0:8080","nfs":"[::]:2050"}"#;
        std::fs::write(dir.path().join("server.json"), told).unwrap();
        let local = find(dir.path(), None, &[]).unwrap();
        assert_eq!((local.url.as_str(), local.key.as_str()), ("http://127.0.0.1:8080", "e2b_local"));
        assert_eq!(local.nfs, Some("[::1]:2050".parse().unwrap()));
        assert!(!local.locks);
        for (portmap, locks) in [("[::]:111", true), ("[::]:1111", false)] {
            let told = format!(r#"{{"http":"0.0.0.0:8080","nfs":"[::]:2050","portmap":"{portmap}"}}"#);
            std::fs::write(dir.path().join("server.json"), told).unwrap();
            assert_eq!(find(dir.path(), None, &[]).unwrap().locks, locks);
        }
        let env = [("HOLDFAST_URL", "http://far:1/"), ("HOLDFAST_API_KEY", "e2b_env")];
        let far = find(dir.path(), None, &env).unwrap();
        assert_eq!((far.url.as_str(), far.key.as_str(), far.nfs), ("http://far:1", "e2b_env", None));
        assert_eq!(find(dir.path(), Some("http://flag"), &env).unwrap().url, "http://flag");
        assert_eq!(find(dir.path(), Some("https://flag"), &env).unwrap_err().exit, Exit::Usage);
    }
}
