//! Attachments against a client that says whatever it likes: what one gives, and when it ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use holdfast_base::{AttachmentId, ManualClock, Timestamp, UidPolicy, VolumeId};
use holdfast_engine::FileId;
use holdfast_nfs::{Attached, Attachments, Locks, NfsConfig};
use holdfast_nfs_client::Client;
use holdfast_wire::mount3::MountStat3;
use holdfast_wire::nfs3::{
    AccessArgs, CookieVerifier3, FileHandle, LinkArgs, NfsStat3, ReadDirArgs, ReadDirPlusArgs, RemoveArgs,
    RenameArgs, StableHow, access,
};
use holdfast_wire::nlm4::LockStat4;
use holdfast_wire::rpc::AuthSys;
use uuid::Uuid;

use super::lock_support::{ALL, Locker};
use super::support::{Mount, ONE, TWO, World, at, lock_config, nfs_config, status};

/// An attachment of a whole volume that gives all.
pub fn whole(id: u128, volume: VolumeId) -> Attached {
    Attached {
        id: AttachmentId(Uuid::from_u128(id)),
        volume,
        read_only: false,
        directory: None,
        uid_policy: UidPolicy::Root,
        networks: Vec::new(),
        expires_at: None,
    }
}

impl World {
    /// Makes an attachment that is mounted by `path`.
    pub fn attach(&self, path: &str, attached: Attached) {
        self.node.attached.lock().insert(path.to_owned(), attached);
    }
}

/// The inode behind a handle: the layout is no secret, only the key is.
fn file_of(handle: &FileHandle) -> FileId {
    let bytes = handle.as_bytes();
    let ino = u64::from_be_bytes(bytes[18..26].try_into().unwrap());
    FileId { ino, generation: u32::from_be_bytes(bytes[26..30].try_into().unwrap()) }
}

#[tokio::test]
async fn an_attachment_mounts_what_a_direct_export_does_and_is_no_secret_to_nobody() {
    let world = World::start().await;
    world.attach("/secret", whole(1, ONE));
    let (direct, attached) = (world.one().await, world.mount("/secret", 0).await);
    let file = direct.create(&direct.root, "file").await;
    let found = attached.lookup(&attached.root, "file").await.unwrap();
    assert_ne!(found, file);
    assert_eq!(attached.attributes(&found).await, direct.attributes(&file).await);
    attached.write(&found, 0, "data", StableHow::FileSync).await.unwrap();
    assert_eq!(direct.read(&file, 0, 9).await.unwrap().data.into_bytes(), "data");
    // Two mounts of one volume are two, for what needs two handles.
    let rename = RenameArgs { from: at(&attached.root, "file"), to: at(&direct.root, "moved") };
    assert_eq!(status(&attached.client.rename(&rename).await.unwrap()), NfsStat3::XDev);

    let dumped = attached.client.mount_dump().await.unwrap().0;
    let exported = attached.client.exports().await.unwrap().0;
    assert!(dumped.iter().all(|entry| &entry.path[..] != b"/secret"), "{dumped:?}");
    assert!(exported.iter().all(|entry| &entry.path[..] != b"/secret"), "{exported:?}");
    assert!(attached.client.mnt("/secret/file").await.unwrap().is_err());
}

#[tokio::test]
async fn a_handle_belongs_to_its_attachment_alone() {
    let world = World::start().await;
    world.attach("/secret", Attached { read_only: true, ..whole(1, ONE) });
    let mount = world.mount("/secret", 0).await;
    // Without the flag, with another attachment, with none, with another volume.
    for (place, with) in [(1, 0), (45, 2), (45, 0), (2, 0x22)] {
        let mut bytes = mount.root.as_bytes().to_vec();
        bytes[place] = with;
        let forged = FileHandle::new(&bytes).unwrap();
        assert_eq!(mount.attributes(&forged).await, Err(NfsStat3::BadHandle), "{place}");
    }
    // An attachment of this id that is of another volume is not this handle's.
    let other = World::serve(world.node.clone(), [7; 32]).await;
    other.attach("/secret", whole(1, TWO));
    let there = Mount { client: other.client(0).await, root: mount.root };
    assert_eq!(there.attributes(&mount.root).await, Err(NfsStat3::Stale));
}

/// Whatever the handle says: an attachment that is read-only refuses what its older handles would allow.
#[tokio::test]
async fn read_only_holds_for_every_procedure_and_access_says_so() {
    let world = World::start().await;
    world.attach("/secret", whole(1, ONE));
    let mount = world.mount("/secret", 0).await;
    let file = mount.create(&mount.root, "file").await;
    let world = World::serve(world.node.clone(), [7; 32]).await;
    world.attach("/secret", Attached { read_only: true, ..whole(1, ONE) });
    let old = Mount { client: world.client(0).await, root: mount.root };
    let new = world.mount("/secret", 0).await;
    for (mount, file) in [(&old, file), (&new, new.lookup(&new.root, "file").await.unwrap())] {
        for refused in super::handles::every_change(mount, &file).await {
            assert_eq!(refused, NfsStat3::RoFs);
        }
        let all = access::READ | access::LOOKUP | access::MODIFY | access::EXTEND | access::DELETE;
        let args = AccessArgs { object: mount.root, access: all };
        let granted = mount.client.access(&args).await.unwrap().unwrap().access;
        assert_eq!(granted, access::READ | access::LOOKUP);
        mount.read(&file, 0, 1).await.unwrap();
        mount.commit(&file).await;
        let locker = Locker::new(&mount.client, "host", 1);
        assert_eq!(locker.try_lock(&file, ALL, true).await, LockStat4::ReadOnly);
        assert_eq!(locker.try_lock(&file, ALL, false).await, LockStat4::Granted);
        assert_eq!(locker.unlock(&file, ALL).await, LockStat4::Granted);
    }
}

/// A tree with a part that is attached, and what is beside it.
async fn part(world: &World) -> (Mount, FileHandle, Mount) {
    let whole_mount = world.one().await;
    let part = whole_mount.mkdir(&whole_mount.root, "part").await;
    whole_mount.create(&whole_mount.root, "beside").await;
    let inner = whole_mount.mkdir(&part, "inner").await;
    whole_mount.create(&inner, "file").await;
    world.attach("/secret", Attached { directory: Some(file_of(&part)), ..whole(1, ONE) });
    let confined = world.mount("/secret", 0).await;
    (whole_mount, part, confined)
}

/// The file numbers of `..` as READDIR and READDIRPLUS tell them, and the handle's as READDIRPLUS does.
async fn dot_dot(mount: &Mount, dir: FileHandle) -> (u64, u64, Option<FileHandle>) {
    let verifier = CookieVerifier3([0; 8]);
    let args = ReadDirArgs { dir, cookie: 0, verifier, count: 8192 };
    let listed = mount.client.readdir(&args).await.unwrap().unwrap();
    let args = ReadDirPlusArgs { dir, cookie: 0, verifier, dircount: 8192, maxcount: 32768 };
    let plus = mount.client.readdirplus(&args).await.unwrap().unwrap();
    let (plain, full) = (&listed.entries[1], &plus.entries[1]);
    assert!(&plain.name[..] == b".." && &full.name[..] == b"..");
    assert_eq!(full.attributes.map_or(full.fileid, |attributes| attributes.fileid), full.fileid);
    (plain.fileid, full.fileid, full.handle)
}

#[tokio::test]
async fn a_part_cannot_be_left() {
    let world = World::start().await;
    let (_, part, confined) = part(&world).await;
    let root = confined.root;
    let own = confined.attributes(&root).await.unwrap().fileid;
    assert_eq!(file_of(&root), file_of(&part));
    assert_eq!(confined.lookup(&root, "..").await, Ok(root));
    assert_eq!(dot_dot(&confined, root).await, (own, own, Some(root)));
    for name in ["beside", "part", ".snapshots", "../beside", "/"] {
        assert!(confined.lookup(&root, name).await.is_err(), "{name}");
    }
    let inner = confined.lookup(&root, "inner").await.unwrap();
    assert_eq!(confined.lookup(&inner, "..").await, Ok(root));
    assert_eq!(dot_dot(&confined, inner).await, (own, own, Some(root)));
    for (from, to) in [("inner", ".."), ("..", "x"), ("inner", "../x")] {
        let rename = RenameArgs { from: at(&root, from), to: at(&root, to) };
        assert_ne!(status(&confined.client.rename(&rename).await.unwrap()), NfsStat3::Ok, "{from} {to}");
    }
}

#[tokio::test]
async fn handles_of_two_mounts_do_not_mix() {
    let world = World::start().await;
    let (whole_mount, _, confined) = part(&world).await;
    let beside = whole_mount.lookup(&whole_mount.root, "beside").await.unwrap();
    // A hostile client that has both: neither a link nor a move carries anything from one to the other.
    let link = LinkArgs { file: beside, link: at(&confined.root, "stolen") };
    assert_eq!(status(&confined.client.link(&link).await.unwrap()), NfsStat3::XDev);
    for (from, to) in [(whole_mount.root, confined.root), (confined.root, whole_mount.root)] {
        let names = if from == whole_mount.root { ("beside", "stolen") } else { ("inner", "stolen") };
        let rename = RenameArgs { from: at(&from, names.0), to: at(&to, names.1) };
        assert_eq!(status(&confined.client.rename(&rename).await.unwrap()), NfsStat3::XDev);
    }
}

#[tokio::test]
async fn what_is_moved_out_of_a_part_leads_nowhere_up() {
    let world = World::start().await;
    let (whole_mount, part, confined) = part(&world).await;
    let inner = confined.lookup(&confined.root, "inner").await.unwrap();
    let rename = RenameArgs { from: at(&part, "inner"), to: at(&whole_mount.root, "outer") };
    whole_mount.client.rename(&rename).await.unwrap().unwrap();
    assert_eq!(confined.lookup(&confined.root, "inner").await, Err(NfsStat3::NoEnt));
    assert_eq!(confined.lookup(&inner, "..").await, Err(NfsStat3::NoEnt));
    let own = confined.attributes(&inner).await.unwrap().fileid;
    assert_eq!(dot_dot(&confined, inner).await, (own, own, None));
    // The part itself may be renamed: it is bound to the directory, not to its name.
    let rename = RenameArgs { from: at(&whole_mount.root, "part"), to: at(&whole_mount.root, "elsewhere") };
    whole_mount.client.rename(&rename).await.unwrap().unwrap();
    whole_mount.mkdir(&whole_mount.root, "part").await;
    assert_eq!(world.mount("/secret", 0).await.root, confined.root);
    assert_eq!(confined.lookup(&confined.root, "..").await, Ok(confined.root));
    // With the directory the attachment has nothing left.
    let remove = RemoveArgs { object: at(&whole_mount.root, "elsewhere") };
    whole_mount.client.rmdir(&remove).await.unwrap().unwrap();
    assert_eq!(confined.attributes(&confined.root).await, Err(NfsStat3::Stale));
    assert_eq!(confined.client.mnt("/secret").await.unwrap(), Err(MountStat3::NoEnt));
}

/// Clients that write as fast as they can stop within a second, and none of their calls succeeds afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attachment_that_ends_ends_under_load_and_frees_its_locks() {
    let world = World::start().await;
    world.attach("/secret", whole(1, ONE));
    world.attach("/other", whole(2, ONE));
    let (mount, other) = (world.mount("/secret", 0).await, world.mount("/other", 0).await);
    let file = mount.create(&mount.root, "locked").await;
    let locker = Locker::new(&mount.client, "host", 1);
    assert_eq!(locker.try_lock(&file, ALL, true).await, LockStat4::Granted);
    let waiting = other.lookup(&other.root, "locked").await.unwrap();
    let waiter = Locker::new(&other.client, "host", 1);
    assert_eq!(waiter.try_lock(&waiting, ALL, true).await, LockStat4::Denied);
    let writers: Vec<_> = (0..8)
        .map(|number| {
            let mount = mount.clone();
            tokio::spawn(async move {
                let file = mount.create(&mount.root, &format!("file{number}")).await;
                let mut rounds = 0;
                loop {
                    match mount.write(&file, 0, vec![1; 4096], StableHow::Unstable).await {
                        Ok(_) => rounds += 1,
                        Err(error) => return (error, rounds, Instant::now()),
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ended = Instant::now();
    world.attachments.end(AttachmentId(Uuid::from_u128(1))).await.unwrap();
    for writer in writers {
        let (error, rounds, at) =
            tokio::time::timeout(Duration::from_secs(5), writer).await.unwrap().unwrap();
        assert_eq!(error, NfsStat3::Stale);
        assert!(rounds > 10 && at < ended + Duration::from_secs(1), "{rounds}");
    }
    assert_eq!(mount.attributes(&mount.root).await, Err(NfsStat3::Stale));
    assert_eq!(locker.try_lock(&file, ALL, false).await, LockStat4::StaleHandle);
    assert_eq!(locker.unlock(&file, ALL).await, LockStat4::StaleHandle);
    assert_eq!(waiter.try_lock(&waiting, ALL, true).await, LockStat4::Granted);
    assert_eq!(mount.client.mnt("/secret").await.unwrap(), Err(MountStat3::NoEnt));
    assert!(other.attributes(&other.root).await.is_ok());
}

#[tokio::test]
async fn a_server_that_begins_anew_asks_once_for_each_attachment() {
    let world = World::start().await;
    world.attach("/secret", whole(1, ONE));
    world.attach("/gone", whole(2, ONE));
    let (kept, gone) = (world.mount("/secret", 0).await.root, world.mount("/gone", 0).await.root);
    let world = World::serve(world.node.clone(), [7; 32]).await;
    world.node.attached.lock().remove("/gone");
    let mount = Mount { client: world.client(0).await, root: kept };
    for _ in 0..3 {
        assert!(mount.attributes(&kept).await.is_ok());
        assert_eq!(mount.attributes(&gone).await, Err(NfsStat3::Stale));
    }
    assert_eq!(world.node.asked.load(Ordering::Relaxed), 2);
    assert_eq!(world.attachments.take_activity().len(), 1);
}

/// A server whose attachments live by a clock that the test moves.
async fn with_clock(world: &World) -> (World, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(1_000_000_000_000));
    let locks = Locks::open(lock_config(&world.node)).await.unwrap();
    let attachments = Attachments::new(clock.clone(), locks.clone());
    let config = NfsConfig { attachments, ..nfs_config([7; 32], locks) };
    (World::serve_as(world.node.clone(), config, Duration::from_secs(60)).await, clock)
}

#[tokio::test]
async fn an_attachment_that_expires_ends_on_time() {
    let world = World::start().await;
    let (world, clock) = with_clock(&world).await;
    let end = Timestamp { seconds: 1010, nanos: 0 };
    world.attach("/secret", Attached { expires_at: Some(end), ..whole(1, ONE) });
    let mount = world.mount("/secret", 0).await;
    clock.advance(Duration::from_millis(9_999));
    assert!(mount.attributes(&mount.root).await.is_ok());
    clock.advance(Duration::from_millis(1));
    assert_eq!(mount.attributes(&mount.root).await, Err(NfsStat3::Stale));
    assert_eq!(mount.client.mnt("/secret").await.unwrap(), Err(MountStat3::NoEnt));
    let told = world.attachments.last_activity(AttachmentId(Uuid::from_u128(1)));
    assert_eq!(told, Some(Timestamp { seconds: 1009, nanos: 0 }));
}

#[tokio::test]
async fn addresses_are_checked_at_mount_and_at_each_call() {
    let world = World::start().await;
    let networks = |text: &str| vec![text.parse().unwrap()];
    world.attach("/far", Attached { networks: networks("192.0.2.0/24"), ..whole(1, ONE) });
    world.attach("/near", Attached { networks: networks("127.0.0.0/8"), ..whole(2, ONE) });
    let client: Client = world.client(0).await;
    assert_eq!(client.mnt("/far").await.unwrap(), Err(MountStat3::Acces));
    let mount = world.mount("/near", 0).await;
    assert!(mount.attributes(&mount.root).await.is_ok());
    // The handle came from elsewhere.
    let world = World::serve(world.node.clone(), [7; 32]).await;
    world.attach("/near", Attached { networks: networks("192.0.2.0/24"), ..whole(2, ONE) });
    let mount = Mount { client: world.client(0).await, root: mount.root };
    assert_eq!(mount.attributes(&mount.root).await, Err(NfsStat3::Acces));
}

#[tokio::test]
async fn users_act_as_the_policy_says() {
    let world = World::start().await;
    world.attach("/root", whole(1, ONE));
    world.attach("/squash", Attached { uid_policy: UidPolicy::Squash, ..whole(2, ONE) });
    let map = UidPolicy::Map { uid: 1000, gid: 500 };
    world.attach("/map", Attached { uid_policy: map, ..whole(3, ONE) });
    let direct = world.one().await;
    let secret = direct.create(&direct.root, "roots").await;
    let args = holdfast_wire::nfs3::SetAttrArgs {
        object: secret,
        attributes: super::support::mode(0o600),
        guard: None,
    };
    direct.client.setattr(&args).await.unwrap().unwrap();
    for (path, uid, gid, owner, reads) in [
        ("/root", 0, 0, (0, 0), true),
        ("/root", 7, 8, (7, 8), false),
        ("/squash", 0, 0, (65_534, 65_534), false),
        ("/squash", 7, 0, (7, 65_534), false),
        ("/squash", 7, 8, (7, 8), false),
        ("/map", 0, 0, (1000, 500), false),
        ("/map", 7, 8, (1000, 500), false),
    ] {
        let at_root = world.mount(path, 0).await;
        let client = at_root.client.with_credential(AuthSys::new(uid, gid, &[0, 8]));
        let mount = Mount { client, root: at_root.root };
        let made = mount.create(&mount.root, &format!("{}-{uid}-{gid}", &path[1..])).await;
        let attributes = mount.attributes(&made).await.unwrap();
        assert_eq!((attributes.uid, attributes.gid), owner, "{path} {uid}");
        let found = mount.lookup(&mount.root, "roots").await.unwrap();
        assert_eq!(mount.read(&found, 0, 1).await.is_ok(), reads, "{path} {uid}");
    }
}

#[tokio::test]
async fn a_closed_volume_is_stale_to_everybody_until_it_opens() {
    let world = World::start().await;
    world.attach("/secret", whole(1, ONE));
    let two = world.mount("/two", 0).await;
    for path in ["/one", "/secret"] {
        let mount = world.mount(path, 0).await;
        let file = mount.create(&mount.root, &path[1..]).await;
        let locker = Locker::new(&mount.client, "host", 1);
        assert_eq!(locker.try_lock(&file, ALL, true).await, LockStat4::Granted);
        world.attachments.close(ONE).await.unwrap();
        assert_eq!(mount.attributes(&file).await, Err(NfsStat3::Stale));
        assert_eq!(locker.unlock(&file, ALL).await, LockStat4::StaleHandle);
        assert!(two.attributes(&two.root).await.is_ok());
        world.attachments.open(ONE);
        assert!(mount.attributes(&file).await.is_ok());
        assert_eq!(
            Locker::new(&mount.client, "else", 2).try_lock(&file, ALL, true).await,
            LockStat4::Granted
        );
    }
}
