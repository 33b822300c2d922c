//! File handles: forged, stale, of other mounts, and over a restart.

use bytes::Bytes;
use holdfast_wire::nfs3::{
    CreateArgs, CreateHow3, FileHandle, LinkArgs, MkdirArgs, MknodArgs, MknodData3, NfsStat3, RemoveArgs,
    RenameArgs, SetAttrArgs, StableHow, SymlinkArgs, WriteArgs,
};

use super::support::{Mount, World, at, mode, status};

#[tokio::test]
async fn forged_handles_are_bad() {
    let world = World::start().await;
    let mount = world.one().await;
    let genuine = mount.root.as_bytes().to_vec();
    let forged = |bytes: &[u8]| FileHandle::new(bytes).unwrap();
    for bit in [0, 8 * 2, 8 * 20 + 3, 8 * 46, genuine.len() * 8 - 1] {
        let mut bytes = genuine.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(mount.attributes(&forged(&bytes)).await, Err(NfsStat3::BadHandle), "bit {bit}");
    }
    for length in [0, 1, 16, 61, 64] {
        let bytes = vec![0; length];
        assert_eq!(mount.attributes(&forged(&bytes)).await, Err(NfsStat3::BadHandle), "length {length}");
    }
}

#[tokio::test]
async fn a_removed_file_is_stale_for_every_procedure_and_its_number_is_not_reused() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    let fileid = mount.attributes(&file).await.unwrap().fileid;
    assert_eq!(mount.remove(&mount.root, "file").await, NfsStat3::Ok);
    assert_eq!(mount.attributes(&file).await, Err(NfsStat3::Stale));
    assert_eq!(mount.read(&file, 0, 1).await.unwrap_err(), NfsStat3::Stale);
    assert_eq!(mount.write(&file, 0, "x", StableHow::Unstable).await, Err(NfsStat3::Stale));
    assert_eq!(mount.lookup(&file, "x").await, Err(NfsStat3::Stale));
    let again = mount.create(&mount.root, "file").await;
    assert_ne!(mount.attributes(&again).await.unwrap().fileid, fileid);
    assert_eq!(mount.attributes(&file).await, Err(NfsStat3::Stale));
}

#[tokio::test]
async fn handles_follow_renames() {
    let world = World::start().await;
    let mount = world.one().await;
    let (file, dir) = (mount.create(&mount.root, "file").await, mount.mkdir(&mount.root, "dir").await);
    let args = RenameArgs { from: at(&mount.root, "file"), to: at(&dir, "moved") };
    mount.client.rename(&args).await.unwrap().unwrap();
    mount.write(&file, 0, "data", StableHow::FileSync).await.unwrap();
    assert_eq!(mount.lookup(&dir, "moved").await, Ok(file));
}

#[tokio::test]
async fn handles_outlive_the_server() {
    let mut world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    world.ended().await;
    let next = World::serve(world.node.clone(), [7; 32]).await;
    let mount = next.one().await;
    assert!(mount.attributes(&file).await.is_ok());
    let stranger = World::serve(world.node.clone(), [8; 32]).await;
    assert_eq!(stranger.one().await.attributes(&file).await, Err(NfsStat3::BadHandle));
}

#[tokio::test]
async fn volumes_are_apart() {
    let world = World::start().await;
    let (one, two) = (world.one().await, world.mount("/two", 0).await);
    let (first, second) = (one.create(&one.root, "file").await, two.create(&two.root, "file").await);
    one.write(&first, 0, "first", StableHow::Unstable).await.unwrap();
    two.write(&second, 0, "second", StableHow::Unstable).await.unwrap();
    // One connection may use handles of both.
    assert_eq!(one.read(&second, 0, 10).await.unwrap().data.into_bytes(), Bytes::from_static(b"second"));
    assert_eq!(two.read(&first, 0, 10).await.unwrap().data.into_bytes(), Bytes::from_static(b"first"));
    assert_eq!(one.remove(&one.root, "file").await, NfsStat3::Ok);
    assert!(two.lookup(&two.root, "file").await.is_ok());
    assert_eq!(one.attributes(&first).await, Err(NfsStat3::Stale));
    let link = LinkArgs { file: second, link: at(&one.root, "link") };
    assert_eq!(status(&one.client.link(&link).await.unwrap()), NfsStat3::XDev);
    let rename = RenameArgs { from: at(&two.root, "file"), to: at(&one.root, "file") };
    assert_eq!(status(&one.client.rename(&rename).await.unwrap()), NfsStat3::XDev);
}

#[tokio::test]
async fn a_read_only_mount_changes_nothing() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    mount.write(&file, 0, "data", StableHow::FileSync).await.unwrap();
    let before = (mount.attributes(&file).await, mount.attributes(&mount.root).await);

    let locked = world.mount("/one-read-only", 0).await;
    let file = locked.lookup(&locked.root, "file").await.unwrap();
    assert_eq!(locked.read(&file, 0, 4).await.unwrap().count, 4);
    assert_eq!(every_change(&locked, &file).await, [NfsStat3::RoFs; 10]);
    locked.commit(&file).await;
    // Nor can its handles be mixed with those of a mount that may write.
    let link = LinkArgs { file, link: at(&mount.root, "link") };
    assert_eq!(status(&mount.client.link(&link).await.unwrap()), NfsStat3::RoFs);
    let genuine = mount.lookup(&mount.root, "file").await.unwrap();
    assert_eq!((mount.attributes(&genuine).await, mount.attributes(&mount.root).await), before);
}

/// What comes of each procedure that changes something; `file` is `file` in the mount's root.
pub async fn every_change(mount: &Mount, file: &FileHandle) -> [NfsStat3; 10] {
    let (client, root, file) = (&mount.client, &mount.root, *file);
    let attributes = mode(0o600);
    let write = WriteArgs { file, offset: 0, count: 1, stable: StableHow::Unstable, data: "x".into() };
    let (target, old) = (at(root, "new"), at(root, "file"));
    let new = || target.clone();
    let create = CreateArgs { target: new(), how: CreateHow3::Unchecked(attributes) };
    let mknod = MknodArgs { target: new(), what: MknodData3::Fifo(attributes) };
    let symlink = SymlinkArgs { link: new(), attributes, target: "x".into() };
    [
        status(&client.setattr(&SetAttrArgs { object: file, attributes, guard: None }).await.unwrap()),
        status(&client.write(&write).await.unwrap()),
        status(&client.create(&create).await.unwrap()),
        status(&client.mkdir(&MkdirArgs { target: new(), attributes }).await.unwrap()),
        status(&client.symlink(&symlink).await.unwrap()),
        status(&client.mknod(&mknod).await.unwrap()),
        status(&client.remove(&RemoveArgs { object: old.clone() }).await.unwrap()),
        status(&client.rmdir(&RemoveArgs { object: old.clone() }).await.unwrap()),
        status(&client.rename(&RenameArgs { from: old, to: new() }).await.unwrap()),
        status(&client.link(&LinkArgs { file, link: new() }).await.unwrap()),
    ]
}
