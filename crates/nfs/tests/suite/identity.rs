//! AUTH_SYS identities as POSIX treats them: classes, supplementary groups, sticky directories, chown, and the bits
//! that a write or a change of owner takes away.

use holdfast_nfs_client::Client;
use holdfast_wire::nfs3::{AccessArgs, FileHandle, NfsStat3, Sattr3, SetAttrArgs, StableHow, access};
use holdfast_wire::rpc::AuthSys;

use super::support::{Mount, World, mode, status};

const OWNER: u32 = 1000;
const GROUP: u32 = 500;
const STRANGER: u32 = 2000;

fn member(mount: &Mount, uid: u32, gid: u32, groups: &[u32]) -> Mount {
    let client: Client = mount.client.with_credential(AuthSys::new(uid, gid, groups));
    Mount { client, root: mount.root }
}

async fn set(mount: &Mount, object: FileHandle, attributes: Sattr3) -> NfsStat3 {
    status(&mount.client.setattr(&SetAttrArgs { object, attributes, guard: None }).await.unwrap())
}

fn owned(uid: u32, gid: u32, bits: u32) -> Sattr3 {
    Sattr3 { uid: Some(uid), gid: Some(gid), mode: Some(bits), ..Sattr3::default() }
}

#[tokio::test]
async fn the_first_class_that_fits_decides() {
    let world = World::start().await;
    let root = world.one().await;
    let file = root.create(&root.root, "file").await;
    // The owner may nothing, the group may read, others may write.
    assert_eq!(set(&root, file, owned(OWNER, GROUP, 0o042)).await, NfsStat3::Ok);
    let asked = access::READ | access::MODIFY | access::EXTEND | access::EXECUTE;
    let granted = async |mount: Mount| {
        mount.client.access(&AccessArgs { object: file, access: asked }).await.unwrap().unwrap().access
    };
    let writes = access::MODIFY | access::EXTEND;
    assert_eq!(granted(member(&root, OWNER, GROUP, &[])).await, 0);
    assert_eq!(granted(member(&root, STRANGER, GROUP, &[])).await, access::READ);
    assert_eq!(granted(member(&root, STRANGER, 1, &[7, 8, GROUP])).await, access::READ);
    assert_eq!(granted(member(&root, STRANGER, 1, &[7, 8])).await, writes);
    assert_eq!(granted(root.clone()).await, access::READ | writes);
    // Executable by anybody is executable by root.
    assert_eq!(set(&root, file, mode(0o001)).await, NfsStat3::Ok);
    assert_eq!(granted(root.clone()).await, asked);
    // ACCESS does what it says: a write that it denies is denied.
    assert_eq!(set(&root, file, mode(0o042)).await, NfsStat3::Ok);
    let denied = member(&root, STRANGER, GROUP, &[]).write(&file, 0, "x", StableHow::Unstable).await;
    assert_eq!(denied, Err(NfsStat3::Acces));
    member(&root, STRANGER, 1, &[]).write(&file, 0, "x", StableHow::Unstable).await.unwrap();
}

#[tokio::test]
async fn writes_take_privileged_bits_away() {
    let world = World::start().await;
    let root = world.one().await;
    let user = member(&root, OWNER, GROUP, &[]);
    let bits = async |file| root.attributes(&file).await.unwrap().mode;
    for (before, after) in
        [(0o6755, 0o755), (0o4755, 0o755), (0o2755, 0o755), (0o2745, 0o2745), (0o1755, 0o1755)]
    {
        let file = root.create(&root.root, &format!("{before:o}")).await;
        assert_eq!(set(&root, file, owned(OWNER, GROUP, before)).await, NfsStat3::Ok);
        assert_eq!(bits(file).await, before);
        user.write(&file, 0, "x", StableHow::Unstable).await.unwrap();
        assert_eq!(bits(file).await, after, "{before:o}");
        // Root's writes leave them.
        assert_eq!(set(&root, file, mode(before)).await, NfsStat3::Ok);
        root.write(&file, 0, "x", StableHow::Unstable).await.unwrap();
        assert_eq!(bits(file).await, before);
    }
}

#[tokio::test]
async fn owners_change_groups_and_only_root_changes_owners() {
    let world = World::start().await;
    let root = world.one().await;
    let file = root.create(&root.root, "file").await;
    assert_eq!(set(&root, file, owned(OWNER, GROUP, 0o6755)).await, NfsStat3::Ok);
    let user = member(&root, OWNER, 1, &[GROUP, 600]);
    let only = |uid, gid| Sattr3 { uid, gid, ..Sattr3::default() };
    assert_eq!(set(&user, file, only(Some(STRANGER), None)).await, NfsStat3::Perm);
    assert_eq!(set(&user, file, only(None, Some(601))).await, NfsStat3::Perm);
    assert_eq!(set(&member(&root, STRANGER, 600, &[]), file, only(None, Some(600))).await, NfsStat3::Perm);
    assert_eq!(root.attributes(&file).await.unwrap().mode, 0o6755);
    assert_eq!(set(&user, file, only(Some(OWNER), Some(600))).await, NfsStat3::Ok);
    let changed = root.attributes(&file).await.unwrap();
    assert_eq!((changed.uid, changed.gid, changed.mode), (OWNER, 600, 0o755));
    assert_eq!(set(&root, file, only(Some(STRANGER), None)).await, NfsStat3::Ok);
    assert_eq!(root.attributes(&file).await.unwrap().uid, STRANGER);
    // A group that one is not in cannot be lent its privilege.
    assert_eq!(set(&member(&root, STRANGER, 1, &[]), file, mode(0o2755)).await, NfsStat3::Ok);
    assert_eq!(root.attributes(&file).await.unwrap().mode, 0o755);
}

#[tokio::test]
async fn in_a_sticky_directory_names_belong_to_owners() {
    let world = World::start().await;
    let root = world.one().await;
    let dir = root.mkdir(&root.root, "shared").await;
    assert_eq!(set(&root, dir, mode(0o1777)).await, NfsStat3::Ok);
    let (owner, stranger) = (root.as_user(OWNER), root.as_user(STRANGER));
    owner.create(&dir, "file").await;
    assert!(matches!(stranger.remove(&dir, "file").await, NfsStat3::Perm | NfsStat3::Acces));
    assert_eq!(owner.remove(&dir, "file").await, NfsStat3::Ok);
    owner.create(&dir, "file").await;
    assert_eq!(set(&root, dir, mode(0o777)).await, NfsStat3::Ok);
    assert_eq!(stranger.remove(&dir, "file").await, NfsStat3::Ok);
}
