//! Attachments as commands, over a real server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use holdfast_base::{OsRandom, SystemClock};
use holdfast_catalogue::{Catalogue, DEFAULT_TEAM};
use holdfast_nfs_client::Client;
use holdfast_nfs_client::wire::mount3::MountStat3;
use holdfast_nfs_client::wire::nfs3::{FileHandle, GetAttrArgs, NfsStat3};
use holdfast_nfs_client::wire::rpc::AuthSys;
use serde_json::Value;

use super::support::Server;

/// A client and the root of what an attachment mounts.
async fn mount(server: &Server, made: &Value) -> (Client, FileHandle) {
    let client = Client::connect(server.nfs, AuthSys::new(0, 0, &[])).await.unwrap();
    let root = client.mnt(made["exportPath"].as_str().unwrap()).await.unwrap().unwrap().handle;
    (client, root)
}

async fn look(client: &Client, object: FileHandle) -> Result<(), NfsStat3> {
    client.getattr(&GetAttrArgs { object }).await.unwrap().map(drop).map_err(|failure| failure.status)
}

/// Waits until a mount has nothing any more; at most a second.
async fn ends(client: &Client, root: FileHandle) {
    let begun = Instant::now();
    while look(client, root).await != Err(NfsStat3::Stale) {
        assert!(begun.elapsed() < Duration::from_secs(1), "it goes on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_mount_lives_as_long_as_its_attachment() {
    let mut server = Server::start();
    server.run(&["fs", "create", "work", "--size", "5gb"]);
    let attach = |server: &Server, more: &[&str]| server.json(&[&["attach", "work"], more].concat());
    let (kept, revoked) = (attach(&server, &[]), attach(&server, &[]));
    let (client, root) = mount(&server, &kept).await;
    let (_, ended) = mount(&server, &revoked).await;
    let command = server.run(&["attachments", "work"]);
    assert!(!command.contains(&kept["exportPath"].as_str().unwrap()[1..]));

    server.run(&["detach", "work", revoked["id"].as_str().unwrap()]);
    assert_eq!(look(&client, ended).await, Err(NfsStat3::Stale), "with the answer, not later");
    let path = revoked["exportPath"].as_str().unwrap();
    assert_eq!(client.mnt(path).await.unwrap().unwrap_err(), MountStat3::NoEnt);

    // A server that begins anew knows both by what their handles say.
    server.kill();
    server.start_again();
    let client = Client::connect(server.nfs, AuthSys::new(0, 0, &[])).await.unwrap();
    assert_eq!(look(&client, root).await, Ok(()));
    assert_eq!(look(&client, ended).await, Err(NfsStat3::Stale));

    // One that ends by itself.
    let (_, short) = mount(&server, &attach(&server, &["--expires", "1s"])).await;
    tokio::time::sleep(Duration::from_millis(1000)).await;
    ends(&client, short).await;

    // One that another process revokes.
    let url = format!("sqlite://{}/catalogue.db", server.data().display());
    let other = Catalogue::open(&url, Arc::new(SystemClock::default()), Arc::new(OsRandom)).await.unwrap();
    let team = other.get_team_by_name(DEFAULT_TEAM).await.unwrap().id;
    let made = attach(&server, &[]);
    let (_, elsewhere) = mount(&server, &made).await;
    let id = |field: &str| made[field].as_str().unwrap().to_owned();
    let filesystem = id("filesystemId").parse().unwrap();
    other.revoke_attachment(team, filesystem, id("id").parse().unwrap()).await.unwrap();
    ends(&client, elsewhere).await;

    assert_eq!(look(&client, root).await, Ok(()));
    server.run(&["fs", "rm", "work", "--force"]);
    assert_eq!(look(&client, root).await, Err(NfsStat3::Stale));
}

#[test]
fn attachments_are_commands_and_a_deletion_asks_for_force() {
    let server = Server::start();
    server.run(&["fs", "create", "work", "--size", "5gb"]);
    server.put("work:/part/f", b"x");
    let command = server.run(&["attach", "work", "--owner", "sandbox-7"]);
    assert!(command.starts_with("mount -t nfs -o vers=3,") && command.trim_end().ends_with(" /mnt/work"));
    let made = server.json(&["attach", "work", "--read-only", "--subpath", "part", "--expires", "2h"]);
    assert_eq!((made["subpath"].as_str(), made["readOnly"].as_bool()), (Some("/part"), Some(true)));
    let listed = server.run(&["attachments", "work"]);
    let id = made["id"].as_str().unwrap();
    assert!(listed.contains("sandbox-7") && listed.contains(id) && listed.contains("/part"), "{listed}");
    let (code, said) = server.fail(&["fs", "rm", "work", "--yes"]);
    assert!(code == 7 && said.contains("sandbox-7"), "{said}");
    server.run(&["detach", "work", id]);
    let (code, said) = server.fail(&["detach", "work", id]);
    assert!(code == 6 && said.contains("attachment"), "{said}");
    assert_eq!(server.json(&["attachments", "work"]).as_array().unwrap().len(), 1);
    let (code, said) = server.fail(&["attach", "work", "--subpath", "none"]);
    assert!(code == 6, "{said}");
    server.run(&["fs", "rm", "work", "--yes", "--force"]);
}

/// A deletion closes every mount, over a kill as well, until it is taken back; then mounts go on.
#[tokio::test]
async fn a_deletion_can_be_taken_back() {
    let mut server = Server::start();
    let made = server.json(&["fs", "create", "work"]);
    let id = made["id"].as_str().unwrap();
    server.put("work:/f", b"kept");
    let client = Client::connect(server.nfs, AuthSys::new(0, 0, &[])).await.unwrap();
    let root = client.mnt("/work").await.unwrap().unwrap().handle;
    server.run(&["fs", "rm", "work", "--yes"]);
    assert_eq!(look(&client, root).await, Err(NfsStat3::Stale));
    assert_eq!(client.mnt(&format!("/{id}")).await.unwrap().unwrap_err(), MountStat3::NoEnt);
    server.kill();
    server.start_again();
    let client = Client::connect(server.nfs, AuthSys::new(0, 0, &[])).await.unwrap();
    assert_eq!(look(&client, root).await, Err(NfsStat3::Stale));
    assert_eq!(server.json(&["fs", "undelete", id, "--name", "again"])["name"], "again");
    assert_eq!(server.get("again:/f"), b"kept");
    assert_eq!(look(&client, root).await, Ok(()));
}
