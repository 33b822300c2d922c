//! SETATTR, CREATE, MKDIR, SYMLINK, MKNOD: new objects and changed attributes.

use holdfast_wire::nfs3::{
    CreateArgs, CreateHow3, CreateVerifier3, DeviceData3, Ftype3, MkdirArgs, MknodArgs, MknodData3, NfsStat3,
    NfsTime3, ReadLinkArgs, Sattr3, SetAttrArgs, SetTime3, SpecData3, StableHow, SymlinkArgs,
};

use super::support::{SMALL_SPEC, World, at, made, mode, status};

#[tokio::test]
async fn attributes_are_set_to_the_nanosecond() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    let before = mount.attributes(&file).await.unwrap();
    let (atime, mtime) = (NfsTime3 { seconds: 1, nanos: 999_999_999 }, NfsTime3 { seconds: 2, nanos: 1 });
    let attributes = Sattr3 {
        mode: Some(0o4711),
        uid: Some(5),
        gid: Some(6),
        size: Some(7),
        atime: SetTime3::ClientTime(atime),
        mtime: SetTime3::ClientTime(mtime),
    };
    let args = SetAttrArgs { object: file, attributes, guard: None };
    let wcc = mount.client.setattr(&args).await.unwrap().unwrap().wcc;
    assert_eq!(wcc.before, Some((&before).into()));
    let after = mount.attributes(&file).await.unwrap();
    assert_eq!(wcc.after, Some(after));
    assert_eq!((after.mode, after.uid, after.gid, after.size), (0o4711, 5, 6, 7));
    assert_eq!((after.atime, after.mtime), (atime, mtime));
    assert!(after.ctime > before.ctime);

    let now = Sattr3 { mtime: SetTime3::ServerTime, ..Sattr3::default() };
    mount.client.setattr(&SetAttrArgs { attributes: now, ..args }).await.unwrap().unwrap();
    let later = mount.attributes(&file).await.unwrap();
    assert!(later.mtime >= after.ctime && later.atime == atime);

    let odd = SetTime3::ClientTime(NfsTime3 { seconds: 0, nanos: 1_000_000_000 });
    let attributes = Sattr3 { atime: odd, ..Sattr3::default() };
    let refused = mount.client.setattr(&SetAttrArgs { attributes, ..args }).await.unwrap().unwrap_err();
    assert_eq!((refused.status, refused.info.after), (NfsStat3::Inval, Some(later)));
}

#[tokio::test]
async fn a_guard_that_fails_changes_nothing() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    let seen = mount.attributes(&file).await.unwrap();
    mount.write(&file, 0, "changed", StableHow::Unstable).await.unwrap();
    let now = mount.attributes(&file).await.unwrap();
    let args = SetAttrArgs { object: file, attributes: mode(0o600), guard: Some(seen.ctime) };
    let refused = mount.client.setattr(&args).await.unwrap().unwrap_err();
    assert_eq!((refused.status, refused.info.after), (NfsStat3::NotSync, Some(now)));
    assert_eq!(mount.attributes(&file).await, Ok(now));
    let args = SetAttrArgs { guard: Some(now.ctime), ..args };
    mount.client.setattr(&args).await.unwrap().unwrap();
    assert_eq!(mount.attributes(&file).await.unwrap().mode, 0o600);
}

#[tokio::test]
async fn only_owners_set_modes() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    let args = SetAttrArgs { object: file, attributes: mode(0o777), guard: None };
    let refused = mount.as_user(1000).client.setattr(&args).await.unwrap();
    assert_eq!(status(&refused), NfsStat3::Perm);
    let size = Sattr3 { size: Some(1), ..Sattr3::default() };
    let args = SetAttrArgs { attributes: size, ..args };
    assert_eq!(status(&mount.as_user(1000).client.setattr(&args).await.unwrap()), NfsStat3::Acces);
}

#[tokio::test]
async fn create_treats_an_existing_name_as_asked() {
    let world = World::start().await;
    let mount = world.one().await;
    let create =
        async |how| mount.client.create(&CreateArgs { target: at(&mount.root, "file"), how }).await.unwrap();
    let root = mount.attributes(&mount.root).await.unwrap();
    let first = create(CreateHow3::Guarded(mode(0o640))).await.unwrap();
    assert_eq!(first.dir_wcc.before, Some((&root).into()));
    let (file, attributes) = made(first);
    assert_eq!((attributes.mode, attributes.kind, attributes.nlink), (0o640, Ftype3::Regular, 1));
    assert_eq!(first.dir_wcc.after, Some(mount.attributes(&mount.root).await.unwrap()));

    let taken = create(CreateHow3::Guarded(mode(0o640))).await.unwrap_err();
    assert_eq!((taken.status, taken.info.after), (NfsStat3::Exist, first.dir_wcc.after));
    mount.write(&file, 0, "data", StableHow::FileSync).await.unwrap();
    let (same, _) = made(create(CreateHow3::Unchecked(Sattr3::default())).await.unwrap());
    assert_eq!((same, mount.attributes(&file).await.unwrap().size), (file, 4));
    let cut = Sattr3 { size: Some(0), ..Sattr3::default() };
    assert_eq!(made(create(CreateHow3::Unchecked(cut)).await.unwrap()).1.size, 0);
    let verifier = CreateVerifier3([1; 8]);
    assert_eq!(status(&create(CreateHow3::Exclusive(verifier)).await), NfsStat3::Exist);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_guarded_creates_one_succeeds() {
    let world = World::start().await;
    let mount = world.one().await;
    for round in 0..20 {
        let name = format!("file{round}");
        let creates = (0..16).map(|_| {
            let (client, target) = (mount.client.clone(), at(&mount.root, &name));
            tokio::spawn(async move {
                let how = CreateHow3::Guarded(mode(0o600));
                status(&client.create(&CreateArgs { target, how }).await.unwrap())
            })
        });
        let mut outcomes = Vec::new();
        for create in creates.collect::<Vec<_>>() {
            outcomes.push(create.await.unwrap());
        }
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == NfsStat3::Ok).count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == NfsStat3::Exist).count(), 15);
    }
}

#[tokio::test]
async fn an_exclusive_create_succeeds_again_with_its_verifier() {
    let world = World::start().await;
    let mount = world.one().await;
    let create = async |verifier| {
        let how = CreateHow3::Exclusive(CreateVerifier3([verifier; 8]));
        mount.client.create(&CreateArgs { target: at(&mount.root, "file"), how }).await.unwrap()
    };
    let (file, _) = made(create(1).await.unwrap());
    assert_eq!(made(create(1).await.unwrap()).0, file);
    assert_eq!(status(&create(2).await), NfsStat3::Exist);
    // The client sets the attributes then, and that ends the exclusive creation.
    let args = SetAttrArgs { object: file, attributes: mode(0o600), guard: None };
    mount.client.setattr(&args).await.unwrap().unwrap();
    assert_eq!(status(&create(1).await), NfsStat3::Exist);
}

#[tokio::test]
async fn directories_inherit_and_count_links() {
    let world = World::start().await;
    let mount = world.one().await;
    let args = MkdirArgs { target: at(&mount.root, "dir"), attributes: mode(0o2775) };
    let (dir, attributes) = made(mount.client.mkdir(&args).await.unwrap().unwrap());
    assert_eq!((attributes.kind, attributes.mode, attributes.nlink), (Ftype3::Directory, 0o2775, 2));
    let args = SetAttrArgs {
        object: dir,
        attributes: Sattr3 { gid: Some(77), mode: Some(0o2777), ..Sattr3::default() },
        guard: None,
    };
    mount.client.setattr(&args).await.unwrap().unwrap();
    let (_, inner) = {
        let args = MkdirArgs { target: at(&dir, "inner"), attributes: mode(0o755) };
        made(mount.as_user(1000).client.mkdir(&args).await.unwrap().unwrap())
    };
    assert_eq!((inner.gid, inner.mode & 0o2000), (77, 0o2000));
    assert_eq!(mount.attributes(&dir).await.unwrap().nlink, 3);
    let again = MkdirArgs { target: at(&dir, "inner"), attributes: mode(0o755) };
    assert_eq!(status(&mount.client.mkdir(&again).await.unwrap()), NfsStat3::Exist);
}

#[tokio::test]
async fn links_hold_their_target() {
    let world = World::start().await;
    let mount = world.one().await;
    let symlink = async |name, target: &str| {
        let args =
            SymlinkArgs { link: at(&mount.root, name), attributes: mode(0o777), target: target.into() };
        mount.client.symlink(&args).await.unwrap()
    };
    let (link, attributes) = made(symlink("link", "../some/where").await.unwrap());
    assert_eq!((attributes.kind, attributes.size), (Ftype3::Symlink, 13));
    let read = mount.client.readlink(&ReadLinkArgs { symlink: link }).await.unwrap().unwrap();
    assert_eq!((&*read.target, read.attributes), (&b"../some/where"[..], Some(attributes)));
    assert_eq!(status(&symlink("link", "x").await), NfsStat3::Exist);
    assert_eq!(status(&symlink("long", &"x".repeat(4097)).await), NfsStat3::NameTooLong);
    let not_a_link = mount.client.readlink(&ReadLinkArgs { symlink: mount.root }).await.unwrap();
    assert_eq!(status(&not_a_link), NfsStat3::Inval);
}

#[tokio::test]
async fn special_files_keep_their_numbers() {
    let world = World::start().await;
    let mount = world.one().await;
    let mknod = async |mount: &super::support::Mount, name, what| {
        mount.client.mknod(&MknodArgs { target: at(&mount.root, name), what }).await.unwrap()
    };
    let device = SpecData3 { major: 8, minor: 300 };
    let data = DeviceData3 { attributes: mode(0o660), device };
    let none = SpecData3::default();
    for (name, what, rdev) in [
        ("char", MknodData3::Character(data), device),
        ("block", MknodData3::Block(data), device),
        ("socket", MknodData3::Socket(mode(0o600)), none),
        ("fifo", MknodData3::Fifo(mode(0o600)), none),
    ] {
        let (node, attributes) = made(mknod(&mount, name, what).await.unwrap());
        assert_eq!((attributes.kind, attributes.rdev), (what.kind(), rdev), "{name}");
        assert_eq!(mount.attributes(&node).await, Ok(attributes));
    }
    for what in [MknodData3::Regular, MknodData3::Directory, MknodData3::Symlink] {
        assert_eq!(status(&mknod(&mount, "odd", what).await), NfsStat3::BadType);
    }
    let user = mount.as_user(1000);
    assert_eq!(status(&mknod(&user, "device", MknodData3::Block(data)).await), NfsStat3::Perm);
    assert_eq!(status(&mknod(&user, "pipe", MknodData3::Fifo(mode(0o600))).await), NfsStat3::Ok);
}

#[tokio::test]
async fn inodes_are_limited_too() {
    let world = World::start().await;
    let mount = world.mount("/small", 0).await;
    for number in 1..SMALL_SPEC.limit_inodes {
        mount.create(&mount.root, &number.to_string()).await;
    }
    let args = MkdirArgs { target: at(&mount.root, "one too many"), attributes: mode(0o755) };
    assert_eq!(status(&mount.client.mkdir(&args).await.unwrap()), NfsStat3::DQuot);
    assert_eq!(mount.remove(&mount.root, "1").await, NfsStat3::Ok);
    mount.client.mkdir(&args).await.unwrap().unwrap();
}
