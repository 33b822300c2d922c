//! Locks that are waited for: the call to the client, and what becomes of a client that does not take it. The
//! asynchronous forms.

use holdfast_wire::nlm4::LockStat4::{Blocked, Denied, Granted};
use holdfast_wire::nlm4::{CancelArgs, LockCall, LockRes, NetObject, TestArgs, TestReply, UnlockArgs, op};

use super::lock_support::{ALL, Called, Locker, Stub, serve_with_stub};
use super::support::{Mount, World};

/// A server whose clients all answer at one stub, a file, and two processes.
async fn scene() -> (World, Stub, Mount, Locker, Locker) {
    let world = World::start().await;
    let stub = Stub::start().await;
    let world = serve_with_stub(&world.node, &stub).await;
    let mount = world.one().await;
    let (one, two) = (Locker::new(&mount.client, "one", 1), Locker::new(&mount.client, "two", 2));
    (world, stub, mount, one, two)
}

#[tokio::test]
async fn a_lock_that_was_waited_for_is_announced() {
    let (_world, mut stub, mount, one, two) = scene().await;
    let file = mount.create(&mount.root, "file").await;
    assert_eq!(one.lock(&file, ALL, true).await, Granted);
    assert_eq!(two.lock(&file, (3, 4), true).await, Blocked);
    assert_eq!(two.lock(&file, (3, 4), true).await, Blocked);
    assert!(stub.is_quiet().await);
    assert_eq!(one.unlock(&file, ALL).await, Granted);
    let granted = stub.granted().await;
    assert!(granted.exclusive);
    let wanted = two.lock_of(&file, (3, 4));
    assert_eq!((granted.lock.file, granted.lock.owner), (wanted.file, wanted.owner));
    assert_eq!((granted.lock.svid, granted.lock.offset, granted.lock.length), (2, 3, 4));
    assert_eq!(one.try_lock(&file, (3, 1), false).await, Denied);
    assert_eq!(one.try_lock(&file, (7, 0), true).await, Granted);
    assert!(stub.is_quiet().await);
}

#[tokio::test]
async fn a_grant_that_is_refused_goes_to_the_next() {
    let (_world, mut stub, mount, one, two) = scene().await;
    let three = Locker::new(&mount.client, "three", 3);
    let file = mount.create(&mount.root, "file").await;
    assert_eq!(one.lock(&file, ALL, true).await, Granted);
    assert_eq!(two.lock(&file, ALL, true).await, Blocked);
    assert_eq!(three.lock(&file, ALL, false).await, Blocked);
    *stub.answer.lock() = Denied;
    assert_eq!(one.unlock(&file, ALL).await, Granted);
    assert_eq!(stub.granted().await.lock.svid, 2);
    assert_eq!(stub.granted().await.lock.svid, 3);
    assert!(stub.is_quiet().await);
    assert_eq!(one.try_lock(&file, ALL, true).await, Granted);
}

/// Nobody is there to be told: the lock is not kept for it, and it may ask again.
#[tokio::test]
async fn a_client_that_cannot_be_told_holds_nobody_up() {
    let world = World::start().await;
    let gone = { Stub::start().await };
    let mut config = super::support::lock_config(&world.node);
    // A port that nobody listens on.
    config.client_portmap_port = 1;
    drop(gone);
    let world = super::lock_support::serve_locks(&world.node, config).await;
    let mount = world.one().await;
    let (one, two) = (Locker::new(&mount.client, "one", 1), Locker::new(&mount.client, "two", 2));
    let file = mount.create(&mount.root, "file").await;
    assert_eq!(one.lock(&file, ALL, true).await, Granted);
    assert_eq!(two.lock(&file, ALL, true).await, Blocked);
    assert_eq!(one.unlock(&file, ALL).await, Granted);
    let begun = std::time::Instant::now();
    while one.try_lock(&file, ALL, true).await == Denied {
        assert!(begun.elapsed().as_secs() < 10, "the lock is never free");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(one.unlock(&file, ALL).await, Granted);
    assert_eq!(two.lock(&file, ALL, true).await, Granted);
}

#[tokio::test]
async fn the_asynchronous_forms_answer_by_a_call() {
    let (_world, mut stub, mount, one, two) = scene().await;
    let file = mount.create(&mount.root, "file").await;
    let next = async |stub: &mut Stub| match stub.next().await {
        Called::Lock(call) => call,
        other => panic!("{other:?}"),
    };
    mount.client.call::<op::LockMsg>(&one.args(&file, ALL, true, false)).await.unwrap();
    let LockCall::LockResult(answer) = next(&mut stub).await else { panic!("no LOCK_RES") };
    assert_eq!((&answer.cookie[..], answer.status), (&b"cookie"[..], Granted));

    let test = TestArgs { cookie: "t".into(), exclusive: true, lock: two.lock_of(&file, ALL) };
    mount.client.call::<op::TestMsg>(&test).await.unwrap();
    let LockCall::TestResult(answer) = next(&mut stub).await else { panic!("no TEST_RES") };
    assert!(matches!(answer.reply, TestReply::Denied(holder) if holder.svid == 1));

    mount.client.call::<op::LockMsg>(&two.args(&file, ALL, true, true)).await.unwrap();
    let LockCall::LockResult(answer) = next(&mut stub).await else { panic!("no LOCK_RES") };
    assert_eq!(answer.status, Blocked);
    let unlock = UnlockArgs { cookie: "u".into(), lock: one.lock_of(&file, ALL) };
    mount.client.call::<op::UnlockMsg>(&unlock).await.unwrap();
    // The answer and the grant cross.
    let (mut unlocked, mut grant) = (None, None);
    for _ in 0..2 {
        match next(&mut stub).await {
            LockCall::UnlockResult(answer) => unlocked = Some(answer.status),
            LockCall::GrantedMsg(args) => grant = Some(args),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(unlocked, Some(Granted));
    // It is not wanted any more: a refusal with the grant's cookie, and only that, gives it back.
    let refusal = |cookie: NetObject| LockRes { cookie, status: Denied };
    mount.client.call::<op::GrantedResult>(&refusal("bogus".into())).await.unwrap();
    assert_eq!(one.try_lock(&file, ALL, true).await, Denied);
    mount.client.call::<op::GrantedResult>(&refusal(grant.unwrap().cookie)).await.unwrap();
    assert_eq!(one.try_lock(&file, ALL, true).await, Granted);

    let cancel =
        CancelArgs { cookie: "c".into(), block: true, exclusive: true, lock: two.lock_of(&file, ALL) };
    mount.client.call::<op::CancelMsg>(&cancel).await.unwrap();
    let LockCall::CancelResult(answer) = next(&mut stub).await else { panic!("no CANCEL_RES") };
    assert_eq!(answer.status, Denied);
    mount.client.call::<op::GrantedMsg>(&test).await.unwrap();
    let LockCall::GrantedResult(answer) = next(&mut stub).await else { panic!("no GRANTED_RES") };
    assert_eq!((&answer.cookie[..], answer.status), (&b"t"[..], Denied));
}
