//! MOUNT and PORTMAP.

use holdfast_nfs_client::ClientError;
use holdfast_wire::mount3::{self, AuthFlavors, MountStat3};
use holdfast_wire::nfs3;
use holdfast_wire::portmap2::{self, CallItArgs, IPPROTO_TCP, IPPROTO_UDP, Mapping};
use holdfast_wire::rpc::{AcceptStatus, Credential};

use super::support::{World, user};

#[tokio::test]
async fn exports_are_mounted_by_path() {
    let world = World::start().await;
    let client = world.client(0).await;
    client.mount_null().await.unwrap();
    let mounted = client.mnt("/one").await.unwrap().unwrap();
    assert_eq!(mounted.auth_flavors, AuthFlavors(vec![1]));
    // One path, however it is written, and one handle.
    assert_eq!(client.mnt("//./one/").await.unwrap().unwrap().handle, mounted.handle);
    let anonymous = client.with_credential(Credential::None);
    assert!(anonymous.mnt("/one").await.unwrap().is_ok());
    for (path, status) in [
        ("/unknown", MountStat3::NoEnt),
        ("/one/sub/dir", MountStat3::NoEnt),
        ("/one/../two", MountStat3::NoEnt),
        ("one", MountStat3::NoEnt),
        ("", MountStat3::NoEnt),
        ("/missing", MountStat3::NoEnt),
        ("/denied", MountStat3::Acces),
        ("/down", MountStat3::ServerFault),
        (&format!("/{}", "x".repeat(1024)), MountStat3::NameTooLong),
    ] {
        assert_eq!(client.mnt(path).await.unwrap(), Err(status), "{path}");
    }
}

#[tokio::test]
async fn mounts_are_remembered_until_they_are_undone() {
    let world = World::start().await;
    let client = world.client(0).await;
    let mounted = async || {
        let mounts = client.mount_dump().await.unwrap().0;
        mounts
            .iter()
            .map(|entry| format!("{}:{}", entry.host.escape_ascii(), entry.path.escape_ascii()))
            .collect::<Vec<_>>()
    };
    assert!(mounted().await.is_empty());
    for path in ["/one", "/two", "/one/", "/unknown"] {
        let _ = client.mnt(path).await.unwrap();
    }
    assert_eq!(mounted().await, ["127.0.0.1:/one", "127.0.0.1:/two"]);
    client.umnt("/one").await.unwrap();
    client.umnt("/never").await.unwrap();
    assert_eq!(mounted().await, ["127.0.0.1:/two"]);
    client.umnt_all().await.unwrap();
    assert!(mounted().await.is_empty());
    let paths: Vec<_> = client.exports().await.unwrap().0.into_iter().map(|export| export.path).collect();
    assert_eq!(paths, ["/one".into(), "/two".into()]);
}

#[tokio::test]
async fn the_portmapper_names_the_one_port() {
    let world = World::start().await;
    let client = world.client(0).await;
    let port = u32::from(world.address.port());
    client.portmap_null().await.unwrap();
    for (program, version, protocol, wanted) in [
        (nfs3::PROGRAM, 3, IPPROTO_TCP, port),
        (mount3::PROGRAM, 3, IPPROTO_TCP, port),
        (portmap2::PROGRAM, 2, IPPROTO_TCP, port),
        (nfs3::PROGRAM, 4, IPPROTO_TCP, 0),
        (nfs3::PROGRAM, 3, IPPROTO_UDP, 0),
        (100_021, 4, IPPROTO_TCP, 0),
    ] {
        let mapping = Mapping { program, version, protocol, port: 0 };
        assert_eq!(client.portmap_getport(&mapping).await.unwrap(), wanted, "{mapping:?}");
        assert!(!client.portmap_set(&mapping).await.unwrap());
        assert!(!client.portmap_unset(&mapping).await.unwrap());
    }
    assert_eq!(client.portmap_dump().await.unwrap().0.len(), 3);
    let args = CallItArgs { program: nfs3::PROGRAM, version: 3, procedure: 0, args: "".into() };
    let refused = client.portmap_callit(&args).await.unwrap_err();
    let unavailable = AcceptStatus::ProcedureUnavailable.into();
    assert!(matches!(refused, ClientError::Refused(body) if body == unavailable));
    assert_eq!(client.with_credential(user(5)).portmap_dump().await.unwrap().0.len(), 3);
}
