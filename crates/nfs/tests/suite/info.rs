//! GETATTR, ACCESS, FSSTAT, FSINFO, PATHCONF, NULL: what the server says about itself must be true.

use holdfast_base::limits::{FILE_SIZE_MAX_BYTES, LINK_MAX, NFS_IO_MAX_BYTES};
use holdfast_wire::nfs3::{
    AccessArgs, Ftype3, GetAttrArgs, MkdirArgs, NfsStat3, NfsTime3, StableHow, access, properties,
};

use super::support::{SMALL_SPEC, World, at, mode, status};

#[tokio::test]
async fn the_root_has_attributes() {
    let world = World::start().await;
    let mount = world.one().await;
    mount.client.nfs_null().await.expect("an answer");
    let root = mount.attributes(&mount.root).await.unwrap();
    assert_eq!((root.kind, root.mode, root.nlink), (Ftype3::Directory, 0o1777, 2));
    let other = world.mount("/two", 0).await;
    let other = other.attributes(&other.root).await.unwrap();
    assert_ne!(root.fsid, other.fsid);
}

#[tokio::test]
async fn access_says_what_the_mode_allows() {
    let world = World::start().await;
    let mount = world.one().await;
    let args = MkdirArgs { target: at(&mount.root, "dir"), attributes: mode(0o750) };
    let dir = mount.as_user(1000).client.mkdir(&args).await.unwrap().unwrap().object.unwrap();
    let all =
        access::READ | access::LOOKUP | access::MODIFY | access::EXTEND | access::DELETE | access::EXECUTE;
    let granted = async |mount: &super::support::Mount, object, access| {
        mount.client.access(&AccessArgs { object, access }).await.unwrap().unwrap().access
    };
    let everything = all & !access::EXECUTE;
    assert_eq!(granted(&mount.as_user(1000), dir, all).await, everything);
    assert_eq!(granted(&mount.as_user(1000), dir, access::READ).await, access::READ);
    assert_eq!(granted(&mount.as_user(2000), dir, all).await, 0);
    let read_only = world.mount("/one-read-only", 1000).await;
    let dir = read_only.lookup(&read_only.root, "dir").await.unwrap();
    assert_eq!(granted(&read_only, dir, all).await, access::READ | access::LOOKUP);
}

#[tokio::test]
async fn space_is_the_limit_and_what_is_left_of_it() {
    let world = World::start().await;
    let mount = world.mount("/small", 0).await;
    let args = GetAttrArgs { object: mount.root };
    let file = mount.create(&mount.root, "file").await;
    mount.write(&file, 0, vec![1; 1000], StableHow::FileSync).await.unwrap();
    let stat = mount.client.fsstat(&args).await.unwrap().unwrap();
    assert_eq!(stat.total_bytes, SMALL_SPEC.limit_bytes);
    assert_eq!((stat.free_bytes, stat.available_bytes), (stat.total_bytes - 1000, stat.total_bytes - 1000));
    assert_eq!(stat.total_files, SMALL_SPEC.limit_inodes);
    assert_eq!((stat.free_files, stat.available_files), (stat.total_files - 2, stat.total_files - 2));
    assert_eq!(stat.invariant_seconds, 0);
    assert_eq!(mount.remove(&mount.root, "file").await, NfsStat3::Ok);
    let stat = mount.client.fsstat(&args).await.unwrap().unwrap();
    assert_eq!((stat.free_bytes, stat.free_files), (stat.total_bytes, stat.total_files - 1));
}

#[tokio::test]
async fn promises_are_those_that_the_server_keeps() {
    let world = World::start().await;
    let mount = world.one().await;
    let args = GetAttrArgs { object: mount.root };
    let info = mount.client.fsinfo(&args).await.unwrap().unwrap();
    assert_eq!((info.read_max_bytes, info.write_max_bytes), (NFS_IO_MAX_BYTES, NFS_IO_MAX_BYTES));
    assert_eq!(info.file_size_max_bytes, FILE_SIZE_MAX_BYTES);
    assert_eq!(info.time_delta, NfsTime3 { seconds: 0, nanos: 1 });
    assert_eq!(info.properties & properties::LINK, properties::LINK);
    let conf = mount.client.pathconf(&args).await.unwrap().unwrap();
    assert_eq!((conf.link_max, conf.name_max), (LINK_MAX, 255));
    assert_eq!((conf.no_trunc, conf.chown_restricted), (true, true));
    assert_eq!((conf.case_insensitive, conf.case_preserving), (false, true));
    // A name of 255 bytes is taken, one of 256 is refused and not cut.
    mount.create(&mount.root, &"n".repeat(255)).await;
    assert_eq!(mount.lookup(&mount.root, &"n".repeat(256)).await, Err(NfsStat3::NameTooLong));
    let long = MkdirArgs { target: at(&mount.root, &"n".repeat(256)), attributes: mode(0o755) };
    assert_eq!(status(&mount.client.mkdir(&long).await.unwrap()), NfsStat3::NameTooLong);
}
