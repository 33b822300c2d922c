//! The other front end at its port: mounts by name and id, the same bytes, and handles that outlive the process.

use holdfast_nfs_client::Client;
use holdfast_nfs_client::wire::mount3::MountStat3;
use holdfast_nfs_client::wire::nfs3::{DirOpArgs3, FileHandle, GetAttrArgs, LookupArgs, ReadArgs};
use holdfast_nfs_client::wire::rpc::AuthSys;

use super::support::Server;

async fn connect(server: &Server) -> Client {
    Client::connect(server.nfs, AuthSys::new(0, 0, &[])).await.unwrap()
}

async fn lookup(client: &Client, dir: FileHandle, name: &str) -> FileHandle {
    let args = LookupArgs { what: DirOpArgs3 { dir, name: name.into() } };
    client.lookup(&args).await.unwrap().unwrap().object
}

#[tokio::test]
async fn a_mount_sees_what_http_wrote_and_goes_on_after_a_restart() {
    let mut server = Server::start();
    let id = server.json(&["fs", "create", "demo"])["id"].as_str().unwrap().to_owned();
    server.put("demo:/dir/file", b"over http");
    let client = connect(&server).await;
    let root = client.mnt("/demo").await.unwrap().unwrap().handle;
    assert_eq!(client.mnt(&format!("/{id}")).await.unwrap().unwrap().handle, root);
    assert_eq!(client.mnt("/none").await.unwrap().unwrap_err(), MountStat3::NoEnt);
    let dir = lookup(&client, root, "dir").await;
    let file = lookup(&client, dir, "file").await;

    for kill in [true, false] {
        if kill {
            server.kill()
        } else {
            assert_eq!(server.terminate().code(), Some(0))
        }
        server.start_again();
        let client = connect(&server).await;
        let read = client.read(&ReadArgs { file, offset: 5, count: 100 }).await.unwrap().unwrap();
        assert!(read.eof && read.count == 4);
        let attributes = client.getattr(&GetAttrArgs { object: dir }).await.unwrap().unwrap().attributes;
        assert_eq!(attributes.mode & 0o7777, 0o755);
    }
    let metrics =
        reqwest::get(format!("http://{}/metrics", server.http)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("filesystem_operations_total{operation=\"read\",status=\"ok\"} 1"), "{metrics}");
    assert!(metrics.contains("filesystem_operation_duration_seconds_bucket{operation=\"read\""), "{metrics}");
}
