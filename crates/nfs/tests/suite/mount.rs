//! MOUNT and PORTMAP.

use std::time::Duration;

use holdfast_nfs::{Locks, NfsServer};
use holdfast_nfs_client::{Client, ClientError};
use holdfast_wire::mount3::{self, AuthFlavors, MountStat3};
use holdfast_wire::portmap2::{self, CallItArgs, IPPROTO_TCP, IPPROTO_UDP, Mapping};
use holdfast_wire::rpc::{AcceptStatus, Credential};
use holdfast_wire::{nfs3, nlm4, nsm1};

use super::support::{World, lock_config, nfs_config, user};

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
        (nlm4::PROGRAM, 4, IPPROTO_TCP, port),
        (nsm1::PROGRAM, 1, IPPROTO_TCP, port),
        (nlm4::PROGRAM, 3, IPPROTO_TCP, 0),
        (nlm4::PROGRAM, 4, IPPROTO_UDP, 0),
    ] {
        let mapping = Mapping { program, version, protocol, port: 0 };
        assert_eq!(client.portmap_getport(&mapping).await.unwrap(), wanted, "{mapping:?}");
        assert!(!client.portmap_set(&mapping).await.unwrap());
        assert!(!client.portmap_unset(&mapping).await.unwrap());
    }
    assert_eq!(client.portmap_dump().await.unwrap().0.len(), 5);
    let args = CallItArgs { program: nfs3::PROGRAM, version: 3, procedure: 0, args: "".into() };
    let refused = client.portmap_callit(&args).await.unwrap_err();
    let unavailable = AcceptStatus::ProcedureUnavailable.into();
    assert!(matches!(refused, ClientError::Refused(body) if body == unavailable));
    assert_eq!(client.with_credential(user(5)).portmap_dump().await.unwrap().0.len(), 5);
}

/// The portmapper's own port: TCP and UDP, and no files behind it.
#[tokio::test]
async fn the_portmapper_has_a_port_of_its_own() {
    let node = World::start().await.node.clone();
    let locks = Locks::open(lock_config(&node)).await.unwrap();
    let config = nfs_config([7; 32], locks);
    let any_port = "127.0.0.1:0".parse().unwrap();
    let server = NfsServer::bind(any_port, config, node.clone(), node.clone()).await.unwrap();
    let server = server.with_portmapper(any_port).await.unwrap();
    let (nfs, own) = (server.local_addr(), server.portmap_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = tokio::spawn(server.run(async { drop(stopped.await) }));

    let client = Client::connect(own, user(0)).await.unwrap();
    let of = |program, version, protocol| Mapping { program, version, protocol, port: 0 };
    for (wanted, port) in [
        (of(portmap2::PROGRAM, 2, IPPROTO_TCP), own.port()),
        (of(portmap2::PROGRAM, 2, IPPROTO_UDP), own.port()),
        (of(nlm4::PROGRAM, 4, IPPROTO_TCP), nfs.port()),
        (of(nsm1::PROGRAM, 1, IPPROTO_UDP), own.port()),
        (of(nfs3::PROGRAM, 3, IPPROTO_UDP), 0),
    ] {
        assert_eq!(client.portmap_getport(&wanted).await.unwrap(), u32::from(port), "{wanted:?}");
    }
    assert_eq!(client.portmap_dump().await.unwrap().0.len(), 7);
    let unavailable = AcceptStatus::ProgramUnavailable.into();
    let refused = client.mnt("/one").await.unwrap_err();
    assert!(matches!(refused, ClientError::Refused(body) if body == unavailable));

    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(own).await.unwrap();
    let ask = async |target: u32, version: u32, procedure: u32, args: &[u32]| {
        let words = [&[9, 0, 2, target, version, procedure, 0, 0, 0, 0][..], args].concat();
        let call: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        socket.send(&call).await.unwrap();
        let mut reply = [0; 512];
        let length =
            tokio::time::timeout(Duration::from_secs(5), socket.recv(&mut reply)).await.unwrap().unwrap();
        reply[..length].chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect::<Vec<_>>()
    };
    let accepted = |status: u32, result: &[u32]| [&[9, 1, 0, 0, 0, status][..], result].concat();
    let nlm = [nlm4::PROGRAM, 4, IPPROTO_TCP, 0];
    assert_eq!(ask(portmap2::PROGRAM, 2, 3, &nlm).await, accepted(0, &[nfs.port().into()]));
    assert_eq!(ask(portmap2::PROGRAM, 2, 1, &nlm).await, accepted(0, &[0]));
    assert_eq!(ask(portmap2::PROGRAM, 2, 5, &[1, 1, 1, 0]).await, accepted(3, &[]));
    assert_eq!(ask(portmap2::PROGRAM, 2, 3, &nlm[..3]).await, accepted(4, &[]));
    // NOTIFY of a client that is not known.
    assert_eq!(ask(nsm1::PROGRAM, 1, 6, &[0, 3]).await, accepted(0, &[]));
    assert_eq!(ask(nfs3::PROGRAM, 3, 0, &[]).await, accepted(1, &[]));
    // What is no call gets no answer, and the next one does.
    socket.send(b"?").await.unwrap();
    assert_eq!(ask(portmap2::PROGRAM, 2, 0, &[]).await, accepted(0, &[]));
    drop(stop);
    tokio::time::timeout(Duration::from_secs(20), served).await.unwrap().unwrap();
}
