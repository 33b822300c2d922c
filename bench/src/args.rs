//! The command line.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;

use crate::sizes::Sizes;

/// Measures one NFSv3 server, or the first of two against the second, run by run.
#[derive(clap::Parser, Debug)]
#[command(name = "holdfast-bench", version)]
pub struct Options {
    /// NAME=HOST:PORT:/export[:MOUNTPORT]; the first is judged, the second is the peer.
    #[arg(long = "target", required = true, num_args = 1)]
    pub targets: Vec<TargetSpec>,
    /// NAME=PID: account for this target's processor time.
    #[arg(long = "pid")]
    pub pids: Vec<PidSpec>,
    /// HOST:PORT:/export of another filesystem on the first target's server, to flood while the target is measured.
    #[arg(long)]
    pub flood: Option<FloodSpec>,
    /// A directory on the disk that the servers write to, for the disk's own figures.
    #[arg(long)]
    pub disk: Option<PathBuf>,
    /// Runs of each workload on each target; 3, or 1 with --quick.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub runs: Option<u32>,
    /// An eighth of every size: for smoke, not for figures.
    #[arg(long)]
    pub quick: bool,
    /// Only workloads whose name contains this; may be given more than once.
    #[arg(long)]
    pub only: Vec<String>,
    /// Write every measurement to this file.
    #[arg(long)]
    pub json: Option<PathBuf>,
    /// End with status 1 if a budget is missed or cannot be judged.
    #[arg(long)]
    pub check: bool,
    /// What the content and the random offsets are derived from.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How much each workload does.
    #[command(flatten)]
    pub sizes: Sizes,
}

impl Options {
    /// Runs of each workload on each target.
    pub fn runs(&self) -> u32 {
        self.runs.unwrap_or(if self.quick { 1 } else { 3 })
    }

    /// Whether a row is wanted.
    pub fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| row.contains(part.as_str()))
    }
}

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSpec {
    /// What the table calls it.
    pub name: String,
    /// Its NFS service.
    pub nfs: SocketAddr,
    /// Its MOUNT service; the NFS port unless given.
    pub mount: SocketAddr,
    /// The path to mount.
    pub export: String,
}

impl FromStr for TargetSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let usage = || format!("{text}: not NAME=HOST:PORT:/export[:MOUNTPORT]");
        let (name, place) = text.split_once('=').ok_or_else(usage)?;
        let (host_port, path) = place.split_once(":/").ok_or_else(usage)?;
        let (path, mount_port) = match path.rsplit_once(':') {
            Some((path, port)) => (path, Some(port.parse().map_err(|_| usage())?)),
            None => (path, None),
        };
        let resolved = host_port.to_socket_addrs().map_err(|error| format!("{host_port}: {error}"))?.next();
        let nfs = resolved.ok_or_else(|| format!("{host_port}: no address"))?;
        let mount = SocketAddr::new(nfs.ip(), mount_port.unwrap_or(nfs.port()));
        Ok(Self { name: name.into(), nfs, mount, export: format!("/{path}") })
    }
}

/// Where a flood goes: a target without a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloodSpec(pub TargetSpec);

impl FromStr for FloodSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        format!("flood={text}").parse().map(Self)
    }
}

/// Which process serves a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PidSpec {
    /// The target's name.
    pub name: String,
    /// Its process.
    pub pid: u32,
}

impl FromStr for PidSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('=').and_then(|(name, pid)| Some((name.into(), pid.parse().ok()?)));
        let (name, pid) = parsed.ok_or_else(|| format!("{text}: not NAME=PID"))?;
        Ok(Self { name, pid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_a_mount_port_of_its_own_or_shares_the_nfs_port() {
        let shared: TargetSpec = "holdfast=127.0.0.1:2049:/bench".parse().unwrap();
        assert_eq!(shared.nfs, shared.mount);
        assert_eq!((shared.name.as_str(), shared.export.as_str()), ("holdfast", "/bench"));
        let apart: TargetSpec = "peer=127.0.0.1:12049:/a/b:12050".parse().unwrap();
        assert_eq!((apart.nfs.port(), apart.mount.port(), apart.export.as_str()), (12049, 12050, "/a/b"));
    }

    #[test]
    fn what_is_not_a_target_is_told() {
        for text in ["", "a", "a=", "a=127.0.0.1:1", "a=127.0.0.1:/x", "a=127.0.0.1:1:/x:port"] {
            assert!(text.parse::<TargetSpec>().is_err(), "{text}");
        }
        assert!("a=b".parse::<PidSpec>().is_err());
        assert_eq!("a=7".parse::<PidSpec>().unwrap().pid, 7);
    }
}
