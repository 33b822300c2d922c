//! Retransmissions: of what has been answered, of what still runs, over reconnects.

use std::time::Duration;

use bytes::Bytes;
use holdfast_nfs_client::{ConnectOptions, RawConnection};
use holdfast_wire::Decode;
use holdfast_wire::nfs3::{CreateRes, MkdirArgs, NfsStat3, RemoveArgs, RemoveRes, op};
use holdfast_wire::rpc::{Credential, ReplyHeader};

use super::support::{ONE, World, at, mode, status, user};

async fn raw(world: &World) -> RawConnection {
    RawConnection::connect(world.address, ConnectOptions::default()).await.expect("a connection")
}

fn root() -> Credential {
    user(0).into()
}

async fn next(raw: &mut RawConnection) -> Bytes {
    raw.read_record().await.expect("a record").expect("an open connection")
}

#[tokio::test]
async fn an_answered_call_is_answered_with_the_same_bytes() {
    let world = World::start().await;
    let mount = world.one().await;
    mount.create(&mount.root, "file").await;
    let args = RemoveArgs { object: at(&mount.root, "file") };
    let mut first = raw(&world).await;
    first.send_call::<op::Remove>(77, &root(), &args).await.unwrap();
    let reply = next(&mut first).await;
    let mut input = holdfast_wire::Reader::new(reply.clone());
    assert_eq!(ReplyHeader::decode(&mut input).unwrap(), ReplyHeader::success(77));
    assert_eq!(status(&RemoveRes::decode(&mut input).unwrap()), NfsStat3::Ok);

    first.send_call::<op::Remove>(77, &root(), &args).await.unwrap();
    assert_eq!(next(&mut first).await, reply);
    // The same from another port, whatever happened since.
    drop(first);
    mount.create(&mount.root, "file").await;
    let mut second = raw(&world).await;
    second.send_call::<op::Remove>(77, &root(), &args).await.unwrap();
    assert_eq!(next(&mut second).await, reply);
    assert!(mount.lookup(&mount.root, "file").await.is_ok());
    // The same number with other bytes is another call, and so is another number.
    let other = RemoveArgs { object: at(&mount.root, "other") };
    second.send_call::<op::Remove>(77, &root(), &other).await.unwrap();
    assert_ne!(next(&mut second).await, reply);
    second.send_call::<op::Remove>(78, &root(), &args).await.unwrap();
    assert_ne!(next(&mut second).await, reply);
    assert_eq!(mount.lookup(&mount.root, "file").await, Err(NfsStat3::NoEnt));
}

#[tokio::test]
async fn a_running_call_is_not_run_again() {
    let world = World::start().await;
    let mount = world.one().await;
    let args = MkdirArgs { target: at(&mount.root, "dir"), attributes: mode(0o755) };
    world.node.hold(ONE);
    let (mut first, mut second) = (raw(&world).await, raw(&world).await);
    for _ in 0..3 {
        first.send_call::<op::Mkdir>(5, &root(), &args).await.unwrap();
    }
    world.node.wait_for(1).await;
    second.send_call::<op::Mkdir>(5, &root(), &args).await.unwrap();
    // A call behind it is answered: the duplicates have been seen by then.
    second.send_call::<op::Null>(6, &root(), &()).await.unwrap();
    assert_eq!(second.read_reply().await.unwrap().0.xid, 6);
    assert_eq!(world.node.waiting(), 1);
    world.node.release(ONE);
    let reply = next(&mut first).await;
    assert_eq!(next(&mut second).await, reply);
    // On the first connection the duplicates were dropped.
    first.send_call::<op::Null>(7, &root(), &()).await.unwrap();
    assert_eq!(first.read_reply().await.unwrap().0.xid, 7);
}

#[tokio::test]
async fn a_call_outlives_its_connection() {
    let world = World::start().await;
    let mount = world.one().await;
    let args = MkdirArgs { target: at(&mount.root, "dir"), attributes: mode(0o755) };
    world.node.hold(ONE);
    let mut first = raw(&world).await;
    first.send_call::<op::Mkdir>(5, &root(), &args).await.unwrap();
    world.node.wait_for(1).await;
    drop(first);
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.node.release(ONE);
    let mut second = raw(&world).await;
    second.send_call::<op::Mkdir>(5, &root(), &args).await.unwrap();
    let (header, mut input) = second.read_reply().await.unwrap();
    assert_eq!(header, ReplyHeader::success(5));
    assert_eq!(status(&CreateRes::decode(&mut input).unwrap()), NfsStat3::Ok);
    assert!(mount.lookup(&mount.root, "dir").await.is_ok());
}
