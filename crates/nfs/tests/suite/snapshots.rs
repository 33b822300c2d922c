//! `.snapshots` over NFS.

use holdfast_wire::nfs3::{
    AccessArgs, CookieVerifier3, FsStatArgs, NfsStat3, ReadDirArgs, ReadDirPlusArgs, StableHow, access,
};

use super::support::{Mount, ONE, World, status};

async fn listed(mount: &Mount, dir: &holdfast_wire::nfs3::FileHandle) -> Vec<String> {
    let args = ReadDirArgs { dir: *dir, cookie: 0, verifier: CookieVerifier3([0; 8]), count: 8192 };
    let page = mount.client.readdir(&args).await.unwrap().unwrap();
    assert!(page.eof);
    page.entries.iter().map(|entry| String::from_utf8(entry.name.to_vec()).unwrap()).collect()
}

#[tokio::test]
async fn snapshots_are_read_below_their_directory() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    mount.write(&file, 0, b"old".to_vec(), StableHow::FileSync).await.unwrap();
    let snapshots = mount.lookup(&mount.root, ".snapshots").await.unwrap();
    assert_eq!(listed(&mount, &snapshots).await, [".", ".."]);
    let before = mount.attributes(&snapshots).await.unwrap();
    let made = world.node.engine.create_snapshot(ONE, "v1").await.unwrap();
    assert_ne!(mount.attributes(&snapshots).await.unwrap().mtime, before.mtime);
    mount.write(&file, 0, b"new".to_vec(), StableHow::FileSync).await.unwrap();

    assert_eq!(listed(&mount, &snapshots).await, [".", "..", "v1"]);
    assert_eq!(listed(&mount, &mount.root).await, [".", "..", "file"]);
    let root = mount.lookup(&snapshots, "v1").await.unwrap();
    let kept = mount.lookup(&root, "file").await.unwrap();
    assert_eq!(mount.read(&kept, 0, 10).await.unwrap().data.into_bytes(), "old");
    assert_eq!(mount.read(&file, 0, 10).await.unwrap().data.into_bytes(), "new");
    let (live, old) = (mount.attributes(&file).await.unwrap(), mount.attributes(&kept).await.unwrap());
    assert_eq!(live.fsid, old.fsid);
    assert_ne!(live.fileid, old.fileid, "a file and its past are no links of one");
    assert_eq!(mount.lookup(&root, "..").await, Ok(snapshots));
    assert_eq!(mount.lookup(&snapshots, "..").await, Ok(mount.root));
    assert_eq!(mount.lookup(&snapshots, ".").await, Ok(snapshots));
    assert_eq!(mount.lookup(&snapshots, "v2").await, Err(NfsStat3::NoEnt));
    let args = ReadDirPlusArgs {
        dir: root,
        cookie: 0,
        verifier: CookieVerifier3([0; 8]),
        dircount: 8192,
        maxcount: 32768,
    };
    let plus = mount.client.readdirplus(&args).await.unwrap().unwrap();
    let entry = plus.entries.iter().find(|entry| &entry.name[..] == b"file").unwrap();
    assert_eq!((entry.handle, entry.fileid), (Some(kept), old.fileid));

    world.node.engine.delete_snapshot(ONE, made.id).await.unwrap();
    assert_eq!(mount.attributes(&kept).await, Err(NfsStat3::Stale));
    assert_eq!(listed(&mount, &snapshots).await, [".", ".."]);
}

#[tokio::test]
async fn nothing_below_the_directory_can_be_changed() {
    let world = World::start().await;
    let mount = world.one().await;
    mount.create(&mount.root, "file").await;
    world.node.engine.create_snapshot(ONE, "v1").await.unwrap();
    let snapshots = mount.lookup(&mount.root, ".snapshots").await.unwrap();
    let root = mount.lookup(&snapshots, "v1").await.unwrap();
    let kept = mount.lookup(&root, "file").await.unwrap();
    assert_eq!(mount.write(&kept, 0, b"x".to_vec(), StableHow::Unstable).await.err(), Some(NfsStat3::RoFs));
    for dir in [&snapshots, &root] {
        assert_eq!(mount.remove(dir, "file").await, NfsStat3::RoFs);
        let wanted = access::READ | access::LOOKUP | access::MODIFY | access::EXTEND | access::DELETE;
        let granted =
            mount.client.access(&AccessArgs { object: *dir, access: wanted }).await.unwrap().unwrap();
        assert_eq!(granted.access, access::READ | access::LOOKUP);
        let space = mount.client.fsstat(&FsStatArgs { object: *dir }).await.unwrap();
        assert_eq!(status(&space), NfsStat3::Ok);
    }
    assert_eq!(mount.read(&snapshots, 0, 10).await.err(), Some(NfsStat3::Stale));
}

#[tokio::test]
async fn a_file_of_that_name_hides_the_directory() {
    let world = World::start().await;
    let mount = world.one().await;
    let own = mount.mkdir(&mount.root, ".snapshots").await;
    assert_eq!(mount.lookup(&mount.root, ".snapshots").await, Ok(own));
    let dir = mount.mkdir(&mount.root, "dir").await;
    assert_eq!(mount.lookup(&dir, ".snapshots").await, Err(NfsStat3::NoEnt), "only in the root");
}
