//! Many calls at once: order, limits, panics, and the end of the server.

use std::time::Duration;

use futures::future::join_all;
use holdfast_base::limits::{CONNECTION_BYTES_MAX, CONNECTION_IN_FLIGHT_MAX, NFS_IO_MAX_BYTES};
use holdfast_nfs_client::{ClientError, ConnectOptions, RawConnection};
use holdfast_wire::nfs3::{GetAttrArgs, ReadArgs, StableHow, op};
use holdfast_wire::rpc::AcceptStatus;

use super::support::{ONE, TWO, World, user};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_do_not_wait_for_each_other() {
    let world = World::start().await;
    let (one, two) = (world.one().await, world.mount("/two", 0).await.root);
    world.node.hold(ONE);
    let slow = one.clone();
    let slow = tokio::spawn(async move { slow.attributes(&slow.root).await });
    world.node.wait_for(1).await;
    for _ in 0..100 {
        one.attributes(&two).await.unwrap();
    }
    assert!(!slow.is_finished());
    world.node.release(ONE);
    slow.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_may_run_wait_and_none_is_lost() {
    let world = World::start().await;
    let one = world.one().await;
    world.node.hold(ONE);
    let total = 4 * CONNECTION_IN_FLIGHT_MAX;
    let calls = tokio::spawn({
        let one = one.clone();
        async move { join_all((0..total).map(|_| one.attributes(&one.root))).await }
    });
    world.node.wait_for(CONNECTION_IN_FLIGHT_MAX).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(world.node.waiting(), CONNECTION_IN_FLIGHT_MAX);
    // Another connection is not held up.
    let other = world.mount("/two", 0).await;
    other.attributes(&other.root).await.unwrap();
    world.node.release(ONE);
    let answers = calls.await.unwrap();
    assert_eq!(answers.len(), total);
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(one.client.stray_replies(), 0);
}

/// A client that asks for much and takes nothing makes the server hold no more than the limit; when it takes, it
/// gets everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replies_that_are_not_taken_stop_the_reading() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    mount.write(&file, 0, vec![5; NFS_IO_MAX_BYTES as usize], StableHow::FileSync).await.unwrap();
    let options = ConnectOptions { record_max_bytes: 2 << 20, ..ConnectOptions::default() };
    let mut raw = RawConnection::connect(world.address, options).await.unwrap();
    let reads = 3 * CONNECTION_BYTES_MAX as u32 / NFS_IO_MAX_BYTES;
    let args = ReadArgs { file, offset: 0, count: NFS_IO_MAX_BYTES };
    for xid in 0..reads {
        raw.send_call::<op::Read>(xid, &user(0).into(), &args).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    mount.attributes(&file).await.unwrap();
    let mut xids: Vec<_> = Vec::new();
    for _ in 0..reads {
        let (header, rest) = raw.read_reply().await.unwrap();
        assert!(rest.remaining() > NFS_IO_MAX_BYTES as usize);
        xids.push(header.xid);
    }
    xids.sort_unstable();
    assert!(xids.into_iter().eq(0..reads));
}

#[tokio::test]
async fn a_panic_costs_one_call() {
    let world = World::start().await;
    let (one, two) = (world.one().await, world.mount("/two", 0).await.root);
    world.node.panic(TWO);
    let system_error = AcceptStatus::SystemError.into();
    for _ in 0..3 {
        let error = one.client.getattr(&GetAttrArgs { object: two }).await.unwrap_err();
        assert!(matches!(error, ClientError::Refused(body) if body == system_error));
        one.attributes(&one.root).await.unwrap();
    }
    assert!(matches!(one.client.mnt("/two").await, Err(ClientError::Refused(body)) if body == system_error));
}

#[tokio::test]
async fn the_server_ends_when_its_calls_have_been_answered() {
    let mut world = World::start().await;
    let one = world.one().await;
    world.node.hold(ONE);
    let call = tokio::spawn({
        let one = one.clone();
        async move { one.attributes(&one.root).await }
    });
    world.node.wait_for(1).await;
    world.begin_shutdown();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!call.is_finished());
    assert!(RawConnection::connect(world.address, ConnectOptions::default()).await.is_err());
    world.node.release(ONE);
    call.await.unwrap().unwrap();
    world.ended().await;
    assert!(matches!(one.client.nfs_null().await, Err(ClientError::Closed(_))));
}

#[tokio::test]
async fn a_client_that_stops_sending_gets_its_replies() {
    let world = World::start().await;
    let one = world.one().await;
    world.node.hold(ONE);
    let mut raw = RawConnection::connect(world.address, ConnectOptions::default()).await.unwrap();
    raw.send_call::<op::GetAttr>(3, &user(0).into(), &GetAttrArgs { object: one.root }).await.unwrap();
    raw.finish_sending().await.unwrap();
    world.node.wait_for(1).await;
    world.node.release(ONE);
    assert_eq!(raw.read_reply().await.unwrap().0.xid, 3);
    assert!(raw.is_closed_by_server().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_owes_something_is_not_waited_for_for_ever() {
    let world = World::start().await;
    let world = World::serve_with(world.node.clone(), [7; 32], Duration::from_millis(150)).await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    mount.write(&file, 0, vec![5; NFS_IO_MAX_BYTES as usize], StableHow::FileSync).await.unwrap();
    // Half of a record, and replies that are not taken.
    let mut half = RawConnection::connect(world.address, ConnectOptions::default()).await.unwrap();
    half.send(&[0x80, 0, 0, 40, 1, 2, 3]).await.unwrap();
    let mut deaf = RawConnection::connect(world.address, ConnectOptions::default()).await.unwrap();
    let args = ReadArgs { file, offset: 0, count: NFS_IO_MAX_BYTES };
    for xid in 0..32 {
        deaf.send_call::<op::Read>(xid, &user(0).into(), &args).await.unwrap();
    }
    assert!(half.is_closed_by_server().await.unwrap());
    tokio::time::sleep(Duration::from_millis(400)).await;
    let mut taken = 0;
    while let Ok(Some(_)) = deaf.read_record().await {
        taken += 1;
    }
    assert!(taken < 32, "{taken}");
    // One that is only quiet, or waits for its reply, stays.
    world.node.hold(ONE);
    let call = tokio::spawn({
        let mount = mount.clone();
        async move { mount.attributes(&file).await }
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.node.release(ONE);
    call.await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    mount.attributes(&file).await.unwrap();
}
