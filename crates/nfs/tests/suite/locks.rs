//! NLM: what excludes what, and every status that a request can have.

use holdfast_base::limits::LOCKS_PER_CLIENT_MAX;
use holdfast_nfs_client::ClientError;
use holdfast_wire::nfs3::{FileHandle, SetAttrArgs};
use holdfast_wire::nlm4::LockStat4::{
    Blocked, Deadlock, Denied, DeniedNoLocks, Failed, Granted, ReadOnly, StaleHandle, TooBig,
};
use holdfast_wire::nlm4::{
    Holder, LockArgs, NotifyArgs, ShareAccess, ShareArgs, ShareMode, ShareRequest, TestArgs, TestReply, op,
};
use holdfast_wire::rpc::{AuthStat, Credential, Rejection, ReplyBody};

use super::lock_support::{ALL, Locker};
use super::support::{Mount, ONE, World, mode};

async fn two(mount: &Mount) -> (Locker, Locker, FileHandle) {
    let file = mount.create(&mount.root, "file").await;
    (Locker::new(&mount.client, "one", 1), Locker::new(&mount.client, "two", 2), file)
}

#[tokio::test]
async fn locks_exclude_and_test_names_the_holder() {
    let world = World::start().await;
    let mount = world.one().await;
    mount.client.call::<op::Null>(&()).await.unwrap();
    let (one, two, file) = two(&mount).await;
    assert_eq!(one.try_lock(&file, (10, 10), true).await, Granted);
    assert_eq!(one.try_lock(&file, (10, 10), true).await, Granted);
    assert_eq!(two.try_lock(&file, (19, 1), false).await, Denied);
    assert_eq!(two.try_lock(&file, (20, 0), true).await, Granted);
    assert_eq!(two.try_lock(&file, (0, 10), false).await, Granted);
    let holder = Holder { exclusive: true, svid: 1, owner: "1@one".into(), offset: 10, length: 10 };
    assert_eq!(two.test(&file, ALL, false).await, TestReply::Denied(holder));
    let holder = Holder { exclusive: true, svid: 2, owner: "2@two".into(), offset: 20, length: 0 };
    assert_eq!(one.test(&file, (u64::MAX, 1), false).await, TestReply::Denied(holder));
    assert_eq!(one.test(&file, (0, 5), false).await, TestReply::Other(Granted));
    // A part given back is free, and what was never held can be given back.
    assert_eq!(one.unlock(&file, (12, 2)).await, Granted);
    assert_eq!(two.try_lock(&file, (12, 2), true).await, Granted);
    assert_eq!(two.try_lock(&file, (11, 1), true).await, Denied);
    assert_eq!(one.unlock(&file, ALL).await, Granted);
    assert_eq!(two.try_lock(&file, ALL, true).await, Granted);
}

#[tokio::test]
async fn readers_share_and_a_lock_can_change_its_kind() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, two, file) = two(&mount).await;
    assert_eq!(one.try_lock(&file, ALL, false).await, Granted);
    assert_eq!(two.try_lock(&file, ALL, false).await, Granted);
    assert_eq!(one.try_lock(&file, ALL, true).await, Denied);
    assert_eq!(two.unlock(&file, ALL).await, Granted);
    assert_eq!(one.try_lock(&file, ALL, true).await, Granted);
    assert_eq!(two.try_lock(&file, ALL, false).await, Denied);
    assert_eq!(one.try_lock(&file, ALL, false).await, Granted);
    assert_eq!(two.try_lock(&file, ALL, false).await, Granted);
}

#[tokio::test]
async fn offsets_reach_as_far_as_sixty_four_bits() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, two, file) = two(&mount).await;
    let end = i64::MAX as u64;
    assert_eq!(one.try_lock(&file, (end, 1), true).await, Granted);
    assert_eq!(two.try_lock(&file, (0, end), true).await, Granted);
    assert_eq!(two.try_lock(&file, (end, 0), true).await, Denied);
    assert_eq!(two.try_lock(&file, (end + 1, 0), true).await, Granted);
    assert_eq!(one.try_lock(&file, (u64::MAX, 2), true).await, TooBig);
    assert_eq!(one.test(&file, (2, u64::MAX), true).await, TestReply::Other(TooBig));
    assert_eq!(one.unlock(&file, (2, u64::MAX)).await, TooBig);
    assert_eq!(one.cancel(&file, (2, u64::MAX), true).await, TooBig);
}

#[tokio::test]
async fn handles_are_looked_at() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, two, file) = two(&mount).await;
    assert_eq!(one.lock(&file, ALL, true).await, Granted);
    assert_eq!(two.lock(&file, ALL, true).await, Blocked);
    mount.remove(&mount.root, "file").await;
    // What is locked can be given back, whatever has become of the file.
    assert_eq!(one.unlock(&file, (5, 5)).await, Granted);
    assert_eq!(two.lock(&file, ALL, true).await, StaleHandle);
    assert_eq!(one.test(&file, ALL, true).await, TestReply::Other(StaleHandle));
    let mut forged = file.as_bytes().to_vec();
    forged[20] ^= 1;
    let forged = FileHandle::new(&forged).unwrap();
    assert_eq!(one.lock(&forged, ALL, true).await, StaleHandle);
    assert_eq!(one.unlock(&forged, ALL).await, StaleHandle);
    assert_eq!(one.cancel(&forged, ALL, true).await, StaleHandle);
    // Locks are for files with bytes.
    assert_eq!(one.lock(&mount.root, ALL, false).await, Failed);
}

#[tokio::test]
async fn a_read_only_mount_locks_for_reading() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, two, file) = two(&mount).await;
    let locked = world.mount("/one-read-only", 0).await;
    let same = locked.lookup(&locked.root, "file").await.unwrap();
    assert_eq!(two.try_lock(&same, ALL, true).await, ReadOnly);
    assert_eq!(two.try_lock(&same, ALL, false).await, Granted);
    // One file, by whichever handle.
    assert_eq!(one.try_lock(&file, ALL, true).await, Denied);
}

#[tokio::test]
async fn only_who_may_use_a_file_may_lock_it() {
    let world = World::start().await;
    let mount = world.one().await;
    let (_, _, file) = two(&mount).await;
    let set = |bits| SetAttrArgs { object: file, attributes: mode(bits), guard: None };
    mount.client.setattr(&set(0o644)).await.unwrap().unwrap();
    let stranger = Locker::new(&mount.as_user(1000).client, "stranger", 1);
    assert_eq!(stranger.try_lock(&file, ALL, true).await, Failed);
    assert_eq!(stranger.try_lock(&file, ALL, false).await, Granted);
    mount.client.setattr(&set(0o600)).await.unwrap().unwrap();
    assert_eq!(stranger.try_lock(&file, (0, 1), false).await, Failed);
    assert_eq!(stranger.test(&file, ALL, true).await, TestReply::Other(Failed));
    assert_eq!(stranger.unlock(&file, ALL).await, Granted);
    let nobody = mount.client.with_credential(Credential::None);
    nobody.call::<op::Null>(&()).await.unwrap();
    let args = TestArgs { lock: stranger.lock_of(&file, ALL), ..TestArgs::default() };
    let error = nobody.call::<op::Test>(&args).await.unwrap_err();
    let denied = ReplyBody::Denied(Rejection::Auth(AuthStat::TooWeak));
    assert!(matches!(error, ClientError::Refused(body) if body == denied));
}

#[tokio::test]
async fn waiting_in_a_circle_is_refused() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, two, first) = two(&mount).await;
    let second = mount.create(&mount.root, "second").await;
    assert_eq!(one.lock(&first, ALL, true).await, Granted);
    assert_eq!(two.lock(&second, ALL, true).await, Granted);
    assert_eq!(one.lock(&second, ALL, true).await, Blocked);
    assert_eq!(two.lock(&first, ALL, true).await, Deadlock);
    assert_eq!(two.try_lock(&first, ALL, true).await, Denied);
    assert_eq!(one.cancel(&second, ALL, true).await, Granted);
    assert_eq!(one.cancel(&second, ALL, true).await, Denied);
    assert_eq!(two.lock(&first, ALL, true).await, Blocked);
}

#[tokio::test]
async fn names_that_are_too_long_find_no_room() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, _, file) = two(&mount).await;
    let mut args = one.args(&file, ALL, true, false);
    args.lock.owner = vec![b'x'; 256][..].into();
    assert_eq!(one.send(&args).await, DeniedNoLocks);
    args.lock.owner = vec![b'x'; 255][..].into();
    assert_eq!(one.send(&args).await, Granted);
    args.lock.caller_name = vec![b'x'; 256][..].into();
    assert_eq!(one.send(&args).await, DeniedNoLocks);
}

/// A client that has as many locks as it may, all of them on a file that is gone.
#[tokio::test]
async fn locks_of_files_that_are_gone_make_room() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, _, file) = two(&mount).await;
    let room = LOCKS_PER_CLIENT_MAX as u64 - 1;
    for first in (0..room).step_by(256) {
        let last = room.min(first + 256);
        let locks = (first..last).map(|at| {
            let one = one.clone();
            async move { one.try_lock(&file, (2 * at, 1), true).await }
        });
        assert!(futures::future::join_all(locks).await.iter().all(|status| *status == Granted));
    }
    let other = mount.create(&mount.root, "other").await;
    assert_eq!(one.try_lock(&other, ALL, true).await, DeniedNoLocks);
    mount.remove(&mount.root, "file").await;
    assert_eq!(one.try_lock(&other, ALL, true).await, Granted);
}

#[tokio::test]
async fn an_unmonitored_client_frees_all_it_holds() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, two, file) = two(&mount).await;
    let args = one.args(&file, ALL, true, false);
    assert_eq!(mount.client.call::<op::NmLock>(&args).await.unwrap().status, Granted);
    let free = |name: &str| NotifyArgs { name: name.into(), state: 0 };
    mount.client.call::<op::FreeAll>(&free("two")).await.unwrap();
    assert_eq!(two.try_lock(&file, ALL, true).await, Denied);
    mount.client.call::<op::FreeAll>(&free("one")).await.unwrap();
    assert_eq!(two.try_lock(&file, ALL, true).await, Granted);
}

#[tokio::test]
async fn a_newer_state_of_a_client_ends_its_older_locks() {
    let world = World::start().await;
    let mount = world.one().await;
    let (mut one, two, file) = two(&mount).await;
    one.state = 3;
    assert_eq!(one.try_lock(&file, (0, 1), true).await, Granted);
    one.state = 5;
    assert_eq!(one.try_lock(&file, (9, 1), true).await, Granted);
    assert_eq!(two.try_lock(&file, (0, 1), true).await, Granted);
    assert_eq!(two.try_lock(&file, (9, 1), true).await, Denied);
}

#[tokio::test]
async fn a_deleted_volume_has_no_locks() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, two, file) = two(&mount).await;
    assert_eq!(one.try_lock(&file, ALL, true).await, Granted);
    world.locks.end_volume(ONE).await.unwrap();
    assert_eq!(two.try_lock(&file, ALL, true).await, Granted);
    world.node.engine.delete_volume(ONE).await.unwrap();
    assert_eq!(one.try_lock(&file, ALL, true).await, StaleHandle);
}

#[tokio::test]
async fn reservations_exclude_each_other_and_nothing_else() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, two, file) = two(&mount).await;
    let args = |who: &Locker, mode, access| {
        let lock = who.lock_of(&file, ALL);
        let share =
            ShareRequest { caller_name: lock.caller_name, file: lock.file, owner: lock.owner, mode, access };
        ShareArgs { cookie: "c".into(), share, reclaim: false }
    };
    let share = async |who: &Locker, mode, access| {
        let answer = who.client.call::<op::Share>(&args(who, mode, access)).await.unwrap();
        assert_eq!((&answer.cookie[..], answer.sequence), (&b"c"[..], 0));
        answer.status
    };
    assert_eq!(share(&one, ShareMode::DenyWrite, ShareAccess::Read).await, Granted);
    assert_eq!(share(&two, ShareMode::DenyNone, ShareAccess::Write).await, Denied);
    assert_eq!(share(&two, ShareMode::DenyWrite, ShareAccess::Read).await, Granted);
    assert_eq!(two.try_lock(&file, ALL, true).await, Granted);
    let end = args(&one, ShareMode::DenyWrite, ShareAccess::Read);
    assert_eq!(mount.client.call::<op::Unshare>(&end).await.unwrap().status, Granted);
    assert_eq!(mount.client.call::<op::Unshare>(&end).await.unwrap().status, Granted);
    let end = args(&two, ShareMode::DenyWrite, ShareAccess::Read);
    assert_eq!(mount.client.call::<op::Unshare>(&end).await.unwrap().status, Granted);
    assert_eq!(share(&one, ShareMode::DenyBoth, ShareAccess::Both).await, Granted);
}

#[tokio::test]
async fn this_server_waits_for_nobodys_grant() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, _, file) = two(&mount).await;
    let args = TestArgs { cookie: "c".into(), exclusive: true, lock: one.lock_of(&file, ALL) };
    let answer = mount.client.call::<op::Granted>(&args).await.unwrap();
    assert_eq!((&answer.cookie[..], answer.status), (&b"c"[..], Denied));
    // Answers to questions that were never asked.
    mount.client.call::<op::GrantedResult>(&answer).await.unwrap();
    mount.client.call::<op::LockResult>(&answer).await.unwrap();
    mount.client.call::<op::CancelResult>(&answer).await.unwrap();
    mount.client.call::<op::UnlockResult>(&answer).await.unwrap();
    let reclaim = LockArgs { reclaim: true, ..one.args(&file, ALL, true, false) };
    assert_eq!(one.send(&reclaim).await, holdfast_wire::nlm4::LockStat4::DeniedGracePeriod);
}
