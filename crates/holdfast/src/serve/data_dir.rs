//! The data directory: one server at a time, and where that server can be reached.
//!
//! The lock is the kernel's, on an open file: it ends with the process, however that ends. The file `server.json`
//! tells local commands the addresses; it may be left over from a crash, and whoever reads it finds out by asking.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::private_file;
use crate::exit::{Exit, Failure};

const LOCK_FILE: &str = "lock";
const SERVER_FILE: &str = "server.json";

/// Where a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Addresses {
    /// HTTP.
    pub http: SocketAddr,
    /// NFS and MOUNT.
    pub nfs: SocketAddr,
    /// PORTMAP, where it has an address of its own.
    #[serde(default)]
    pub portmap: Option<SocketAddr>,
}

impl Addresses {
    /// What the server of `dir` last told, if anything.
    pub fn read(dir: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(dir.join(SERVER_FILE)).ok()?).ok()
    }
}

/// A directory that belongs to this process until it ends.
pub(super) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory if it is missing, for its owner alone, and takes its lock.
    pub fn claim(path: &Path) -> Result<Self, Failure> {
        let cannot = |what: &str, error: &std::io::Error| {
            let what = format!("the data directory {} {what}", path.display());
            let Failure { exit, message, .. } = Failure::because(Exit::CannotStart, what, error);
            Failure::new(
                exit,
                format!("{message}; choose a directory that this user may write to with --data-dir"),
            )
        };
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| cannot("cannot be made", &error))?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join(LOCK_FILE))
            .map_err(|error| cannot("cannot be written to", &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(path, &mut lock)),
            Err(TryLockError::Error(error)) => return Err(cannot("cannot be locked", &error)),
        }
        let pid = format!("{}\n", std::process::id());
        lock.set_len(0)
            .and_then(|()| lock.seek(SeekFrom::Start(0)))
            .and_then(|_| lock.write_all(pid.as_bytes()))
            .map_err(|error| cannot("cannot be written to", &error))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells local commands where the server answers.
    pub fn publish(&self, addresses: Addresses) -> Result<(), Failure> {
        let text = serde_json::json!(addresses).to_string();
        private_file::write(&self.path, SERVER_FILE, &text).map_err(|error| {
            let what = format!("{} cannot be written", self.path.join(SERVER_FILE).display());
            Failure::because(Exit::CannotStart, what, &error)
        })
    }

    /// Takes the addresses back. Where that fails they are left over, as after a crash.
    pub fn retract(&self) {
        if let Err(error) = fs::remove_file(self.path.join(SERVER_FILE)) {
            tracing::warn!(%error, "the file with the server's addresses is left behind");
        }
    }
}

fn in_use(path: &Path, lock: &mut File) -> Failure {
    let mut pid = String::new();
    let by = match lock.read_to_string(&mut pid) {
        Ok(_) if !pid.trim().is_empty() => format!(" (process {})", pid.trim()),
        _ => String::new(),
    };
    let message = format!(
        "the data directory {} is in use by another server{by}; end that one, or choose another directory with \
         --data-dir",
        path.display()
    );
    Failure::new(Exit::CannotStart, message)
}
