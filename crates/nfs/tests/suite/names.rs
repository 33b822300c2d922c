//! LOOKUP, REMOVE, RMDIR, RENAME, LINK.

use holdfast_wire::nfs3::{LinkArgs, LookupArgs, MkdirArgs, NfsStat3, RemoveArgs, RenameArgs, StableHow};

use super::support::{Mount, World, at, mode, status};

async fn rmdir(mount: &Mount, name: &str) -> NfsStat3 {
    status(&mount.client.rmdir(&RemoveArgs { object: at(&mount.root, name) }).await.unwrap())
}

async fn rename(mount: &Mount, from: &str, to: &str) -> NfsStat3 {
    let args = RenameArgs { from: at(&mount.root, from), to: at(&mount.root, to) };
    status(&mount.client.rename(&args).await.unwrap())
}

#[tokio::test]
async fn lookup_finds_dots_and_tells_the_directory() {
    let world = World::start().await;
    let mount = world.one().await;
    let dir = mount.mkdir(&mount.root, "dir").await;
    assert_eq!(mount.lookup(&mount.root, "dir").await, Ok(dir));
    assert_eq!(mount.lookup(&dir, ".").await, Ok(dir));
    assert_eq!(mount.lookup(&dir, "..").await, Ok(mount.root));
    assert_eq!(mount.lookup(&mount.root, "..").await, Ok(mount.root));
    let missing = LookupArgs { what: at(&dir, "missing") };
    let missing = mount.client.lookup(&missing).await.unwrap().unwrap_err();
    assert_eq!((missing.status, missing.info), (NfsStat3::NoEnt, mount.attributes(&dir).await.ok()));
    let file = mount.create(&dir, "file").await;
    assert_eq!(mount.lookup(&file, "x").await, Err(NfsStat3::NotDir));
    let closed = MkdirArgs { target: at(&mount.root, "closed"), attributes: mode(0o700) };
    let closed = mount.client.mkdir(&closed).await.unwrap().unwrap().object.unwrap();
    assert_eq!(mount.as_user(1000).lookup(&closed, "x").await, Err(NfsStat3::Acces));
}

#[tokio::test]
async fn remove_is_for_files_and_rmdir_for_directories() {
    let world = World::start().await;
    let mount = world.one().await;
    let dir = mount.mkdir(&mount.root, "dir").await;
    mount.create(&dir, "file").await;
    mount.create(&mount.root, "file").await;
    assert_eq!(mount.remove(&mount.root, "dir").await, NfsStat3::IsDir);
    assert_eq!(rmdir(&mount, "file").await, NfsStat3::NotDir);
    assert_eq!(rmdir(&mount, "dir").await, NfsStat3::NotEmpty);
    assert_eq!(mount.remove(&mount.root, "missing").await, NfsStat3::NoEnt);
    assert_eq!(rmdir(&mount, "missing").await, NfsStat3::NoEnt);

    let before = mount.attributes(&dir).await.unwrap();
    let args = RemoveArgs { object: at(&dir, "file") };
    let wcc = mount.client.remove(&args).await.unwrap().unwrap().dir_wcc;
    assert_eq!((wcc.before, wcc.after), (Some((&before).into()), mount.attributes(&dir).await.ok()));
    assert_eq!(rmdir(&mount, "dir").await, NfsStat3::Ok);
    assert_eq!(mount.attributes(&dir).await, Err(NfsStat3::Stale));
    assert_eq!(mount.attributes(&mount.root).await.unwrap().nlink, 2);
    // The root is sticky: what others own is not to be removed.
    assert_eq!(mount.as_user(1000).remove(&mount.root, "file").await, NfsStat3::Perm);
}

#[tokio::test]
async fn rename_replaces_what_fits() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    mount.write(&file, 0, "data", StableHow::FileSync).await.unwrap();
    let replaced = mount.create(&mount.root, "other").await;
    let dir = mount.mkdir(&mount.root, "dir").await;
    assert_eq!(rename(&mount, "file", "dir").await, NfsStat3::IsDir);
    assert_eq!(rename(&mount, "dir", "file").await, NfsStat3::NotDir);
    assert_eq!(rename(&mount, "missing", "file").await, NfsStat3::NoEnt);
    assert_eq!(rename(&mount, "file", "other").await, NfsStat3::Ok);
    assert_eq!(mount.attributes(&replaced).await, Err(NfsStat3::Stale));
    assert_eq!(mount.lookup(&mount.root, "other").await, Ok(file));
    assert_eq!(mount.lookup(&mount.root, "file").await, Err(NfsStat3::NoEnt));

    let (root, inner) = (mount.attributes(&mount.root).await.unwrap(), mount.attributes(&dir).await.unwrap());
    let args = RenameArgs { from: at(&mount.root, "other"), to: at(&dir, "in") };
    let wcc = mount.client.rename(&args).await.unwrap().unwrap();
    assert_eq!((wcc.from_dir.before, wcc.to_dir.before), (Some((&root).into()), Some((&inner).into())));
    assert_eq!(wcc.from_dir.after, mount.attributes(&mount.root).await.ok());
    assert_eq!(wcc.to_dir.after, mount.attributes(&dir).await.ok());
    let args = RenameArgs { from: at(&mount.root, "dir"), to: at(&dir, "self") };
    let into_itself = mount.client.rename(&args).await.unwrap().unwrap_err();
    assert_eq!(into_itself.status, NfsStat3::Inval);
    assert_eq!(into_itself.info.to_dir.after, mount.attributes(&dir).await.ok());
}

#[tokio::test]
async fn links_share_one_file() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    let dir = mount.mkdir(&mount.root, "dir").await;
    let before = mount.attributes(&dir).await.unwrap();
    let linked = mount.client.link(&LinkArgs { file, link: at(&dir, "link") }).await.unwrap().unwrap();
    assert_eq!(linked.attributes.unwrap().nlink, 2);
    assert_eq!(linked.dir_wcc.before, Some((&before).into()));
    assert_eq!(mount.lookup(&dir, "link").await, Ok(file));
    let again = mount.client.link(&LinkArgs { file, link: at(&dir, "link") }).await.unwrap().unwrap_err();
    assert_eq!(again.status, NfsStat3::Exist);
    assert_eq!(again.info.attributes.unwrap().nlink, 2);
    let of_dir = LinkArgs { file: dir, link: at(&mount.root, "hard") };
    assert_eq!(status(&mount.client.link(&of_dir).await.unwrap()), NfsStat3::Perm);
    assert_eq!(mount.remove(&mount.root, "file").await, NfsStat3::Ok);
    assert_eq!(mount.attributes(&file).await.unwrap().nlink, 1);
}
