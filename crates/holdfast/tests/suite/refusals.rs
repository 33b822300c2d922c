//! Starts that cannot work say what is wrong, where, and what helps.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use super::support::{Server, outcome, serve};

fn start(dir: &std::path::Path) -> Command {
    let any = "127.0.0.1:0".parse().unwrap();
    serve(&dir.join("data"), any, any)
}

fn refused(command: Command, code: i32, says: &[&str]) {
    let (got, out, err) = outcome(command);
    assert_eq!((got, out.as_str()), (code, ""), "{err}");
    for part in says {
        assert!(err.contains(part), "{part:?} is not in {err}");
    }
}

#[test]
fn a_configuration_that_makes_no_sense() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("holdfast.toml"), "nfs_port = 2049").unwrap();
    refused(start(dir.path()), 2, &["holdfast.toml: `nfs_port` is not an option", "nfs_addr"]);
    fs::write(dir.path().join("holdfast.toml"), "cache_data = 'much'").unwrap();
    refused(start(dir.path()), 2, &["cache_data in holdfast.toml: `much` is not a size", "500mb"]);
    fs::remove_file(dir.path().join("holdfast.toml")).unwrap();
    let mut command = start(dir.path());
    command.env("HOLDFAST_NFS_ALLOW", "everyone");
    refused(command, 2, &["HOLDFAST_NFS_ALLOW: `everyone` is not a network"]);
    let mut command = start(dir.path());
    command.args(["--config", "none.toml"]);
    refused(command, 2, &["none.toml: cannot be read"]);
    let mut command = start(dir.path());
    command.args(["--nfs-port", "1"]);
    refused(command, 2, &["--nfs-port"]);
    assert!(!dir.path().join("data").exists(), "nothing was made");
}

#[test]
fn an_address_that_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    for option in ["--http-addr", "--nfs-addr"] {
        let mut command = Command::new(super::support::BINARY);
        command.arg("serve").arg("--data-dir").arg(dir.path().join("data")).args([option, &address]);
        let free = if option == "--http-addr" { "--nfs-addr" } else { "--http-addr" };
        command.args([free, "127.0.0.1:0"]).current_dir(dir.path());
        refused(
            command,
            3,
            &[&format!("cannot listen on {address}"), &format!("choose another port with {option}")],
        );
    }
}

#[test]
fn a_directory_that_cannot_be_made() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("data"), "a file").unwrap();
    refused(start(dir.path()), 3, &["the data directory", "--data-dir"]);
}

#[test]
fn a_store_of_another_node() {
    let (mut mine, mut theirs) = (Server::start(), Server::start());
    assert!(mine.terminate().success() && theirs.terminate().success());
    let store = theirs.data().join("store");
    let copy = store.join("node/catalogue/sqlite");
    let before = fs::read(&copy).unwrap();
    let any = "127.0.0.1:0".parse().unwrap();
    let mut command = serve(&mine.data(), any, any);
    command.args(["--store", &format!("file://{}", store.display())]);
    refused(command, 3, &["was used with another object store"]);
    assert!(fs::read(&copy).unwrap() == before, "the other node's catalogue is still there");
}

#[test]
fn a_store_and_a_catalogue_of_another_kind() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = start(dir.path());
    command.args(["--store", "ftp://bucket"]);
    refused(command, 3, &["the store ftp://bucket cannot be opened", "s3://bucket/prefix", "memory://"]);
    let mut command = start(dir.path());
    command.args(["--catalogue", "mysql://host"]);
    refused(command, 3, &["the catalogue mysql://host cannot be opened", "sqlite:"]);
}

#[test]
fn a_store_that_does_not_answer() {
    let dir = tempfile::tempdir().unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = start(dir.path());
    command.args(["--store", "s3://bucket"]);
    for (name, value) in [
        ("AWS_ENDPOINT", format!("http://{closed}").as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret-that-must-not-show"),
    ] {
        command.env(name, value);
    }
    let (code, out, err) = outcome(command);
    assert_eq!((code, out.as_str()), (3, ""), "{err}");
    assert!(err.contains("the store s3://bucket does not answer"), "{err}");
    assert!(!err.contains("secret-that-must-not-show"), "{err}");
}
