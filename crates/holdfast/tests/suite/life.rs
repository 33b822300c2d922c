//! Start, stop, kill, start again.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::Signal;

use super::support::{Server, outcome, pattern, serve};

#[test]
fn the_first_start_writes_private_keys_and_later_ones_keep_them() {
    let mut server = Server::start();
    let read = |server: &Server, name: &str| fs::read_to_string(server.data().join(name)).unwrap();
    let keys = ["api-key", "admin-key"].map(|name| read(&server, name));
    for (name, key) in ["api-key", "admin-key"].iter().zip(&keys) {
        let mode = fs::metadata(server.data().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{name}");
        let hex = key.strip_prefix("e2b_").and_then(|rest| rest.strip_suffix('\n')).unwrap();
        assert!(hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        assert!(!server.logged().contains(hex), "keys are not logged");
    }
    assert_ne!(keys[0], keys[1]);
    assert_eq!(fs::metadata(server.data()).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(server.data().join("server.json").exists());

    assert_eq!(server.terminate().code(), Some(0), "{}", server.logged());
    assert!(!server.data().join("server.json").exists());
    server.start_again();
    assert_eq!(["api-key", "admin-key"].map(|name| read(&server, name)), keys);
    assert!(!server.logged().contains("panicked"), "{}", server.logged());
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let mut server = Server::start();
    server.run(&["fs", "create", "kept", "--size", "2gb"]);
    server.run(&["fs", "create", "gone"]);
    let large = pattern(5_000_000);
    for life in 0..3 {
        server.put(&format!("kept:/life{life}/large"), &large);
        server.put(&format!("kept:/life{life}/small"), format!("life {life}").as_bytes());
        server.put("kept:/replaced", format!("by life {life}").as_bytes());
        if life == 1 {
            server.run(&["files", "rm", "-r", "kept:/life0"]);
            server.run(&["fs", "resize", "kept", "3gb"]);
            server.run(&["fs", "rm", "gone"]);
        }
        server.kill();
        server.start_again();
    }
    assert!(public_files(&server.data()).is_empty(), "{:?}", public_files(&server.data()));
    for life in 1..3 {
        assert!(server.get(&format!("kept:/life{life}/large")) == large);
        assert_eq!(server.get(&format!("kept:/life{life}/small")), format!("life {life}").as_bytes());
    }
    assert_eq!(server.get("kept:/replaced"), b"by life 2");
    assert_eq!(server.fail(&["files", "stat", "kept:/life0"]).0, 6);
    assert_eq!(server.fail(&["fs", "show", "gone"]).0, 6);
    assert_eq!(server.json(&["fs", "show", "kept"])["sizeBytes"], 3_000_000_000_u64);
    // The root, two directories, four files in them and one beside.
    assert_eq!(server.json(&["fs", "usage", "kept"])["usedInodes"], 8);
}

/// Files that others than their owner may read.
fn public_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        if metadata.permissions().mode() & 0o077 != 0 {
            found.push(entry.path());
        }
        if metadata.is_dir() {
            found.extend(public_files(&entry.path()));
        }
    }
    found
}

#[test]
fn ctrl_c_passed_on_by_two_is_one_wish_to_stop() {
    let mut server = Server::start();
    server.run(&["fs", "create", "demo"]);
    server.signal(Signal::INT);
    assert_eq!(server.terminate().code(), Some(0), "{}", server.logged());
}

#[test]
fn after_a_clean_stop_the_store_and_the_catalogue_are_enough() {
    let mut server = Server::start();
    server.run(&["fs", "create", "demo"]);
    let bytes = pattern(3_000_000);
    server.put("demo:/dir/large", &bytes);
    server.put("demo:/dir/small", b"small");
    assert_eq!(server.terminate().code(), Some(0), "{}", server.logged());
    for name in ["journal", "spool"] {
        match fs::remove_dir_all(server.data().join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => panic!("{name}: {error}"),
            _ => {}
        }
    }
    fs::remove_file(server.data().join("node-state")).unwrap();
    server.start_again();
    assert!(server.get("demo:/dir/large") == bytes);
    assert_eq!(server.get("demo:/dir/small"), b"small");
}

#[test]
fn one_directory_has_one_server() {
    let mut server = Server::start();
    let any = "127.0.0.1:0".parse().unwrap();
    let (code, out, err) = outcome(serve(&server.data(), any, any));
    assert_eq!((code, out.as_str()), (3, ""), "{err}");
    assert!(err.contains("is in use by another server (process ") && err.contains("--data-dir"), "{err}");
    // The lock ends with its holder, however that ends.
    server.kill();
    server.start_again();
    server.run(&["fs", "list"]);
}

#[test]
fn a_memory_store_needs_no_catalogue_file() {
    let dir = tempfile::tempdir().unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    let mut command = serve(&dir.path().join("data"), any, any);
    command.args(["--store", "memory://", "--catalogue", "sqlite::memory:"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.starts_with("ready "), "{line}");
    assert!(!dir.path().join("data/store").exists() && !dir.path().join("data/catalogue.db").exists());
}
