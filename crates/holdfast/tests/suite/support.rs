//! One data directory, any number of lives of a server on it, and commands that talk to it.
//!
//! The first life takes free ports and every later one the same, as a server in production does.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The binary under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_holdfast");
/// Longest wait for a server to be ready, or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A data directory and the server on it.
pub struct Server {
    pub dir: tempfile::TempDir,
    pub http: SocketAddr,
    pub nfs: SocketAddr,
    child: Option<Child>,
}

impl Server {
    /// A new directory with a server that is ready.
    pub fn start() -> Self {
        let any = "127.0.0.1:0".parse().unwrap();
        let mut server = Self { dir: tempfile::tempdir().unwrap(), http: any, nfs: any, child: None };
        server.start_again();
        server
    }

    /// Another life on the same directory and ports.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "the server runs already");
        let mut command = serve(&self.data(), self.http, self.nfs);
        let mut child = command.stdout(Stdio::piped()).stderr(self.log()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        self.child = Some(child);
        let addresses = line.strip_prefix("ready http=").and_then(|rest| rest.trim_end().split_once(" nfs="));
        let (http, nfs) =
            addresses.unwrap_or_else(|| panic!("no ready line but {line:?}: {}", self.logged()));
        (self.http, self.nfs) = (http.parse().unwrap(), nfs.parse().unwrap());
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Everything that was logged.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap()
    }

    fn log(&self) -> std::fs::File {
        std::fs::OpenOptions::new().create(true).append(true).open(self.dir.path().join("log")).unwrap()
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// SIGTERM, and the end that follows it.
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        wait(&mut self.child.take().expect("the server runs"))
    }

    /// A signal, and no wait.
    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("the server runs");
        kill_process(Pid::from_child(child), signal).unwrap();
    }

    /// A command for this server.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = clean(Command::new(BINARY));
        command.args(args).arg("--data-dir").arg(self.data()).current_dir(self.dir.path());
        command
    }

    /// Runs a command that must work; gives what it printed.
    pub fn run(&self, args: &[&str]) -> String {
        let (code, out, err) = outcome(self.command(args));
        assert_eq!(code, 0, "{args:?}: {err}");
        out
    }

    /// The same with `--json`.
    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.run(&[args, &["--json"]].concat())).unwrap()
    }

    /// Runs a command that must fail; gives its code and what it said.
    pub fn fail(&self, args: &[&str]) -> (i32, String) {
        let (code, _, err) = outcome(self.command(args));
        assert_ne!(code, 0, "{args:?} should fail");
        (code, err)
    }

    /// Writes a file through stdin.
    pub fn put(&self, place: &str, bytes: &[u8]) {
        let mut command = self.command(&["files", "put", "-", place]);
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        assert!(child.wait().unwrap().success(), "put {place}");
    }

    /// Reads a file through stdout.
    pub fn get(&self, place: &str) -> Vec<u8> {
        let output = self.command(&["files", "get", place, "-"]).output().unwrap();
        assert!(output.status.success(), "get {place}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// The command that serves `data`.
pub fn serve(data: &Path, http: SocketAddr, nfs: SocketAddr) -> Command {
    let mut command = clean(Command::new(BINARY));
    command.arg("serve").arg("--data-dir").arg(data).current_dir(data.parent().unwrap());
    command.args(["--http-addr", &http.to_string(), "--nfs-addr", &nfs.to_string()]);
    command
}

/// Without the variables that a developer may have set.
fn clean(mut command: Command) -> Command {
    for (name, _) in std::env::vars() {
        if name.starts_with("HOLDFAST_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end: code, stdout, stderr.
pub fn outcome(mut command: Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().expect("no signal ended it"), text(output.stdout), text(output.stderr))
}

fn wait(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    panic!("the server did not end within {PATIENCE:?}");
}

/// Bytes that do not repeat at any block size.
pub fn pattern(len: usize) -> Vec<u8> {
    (0..len as u64).map(|at| (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}
