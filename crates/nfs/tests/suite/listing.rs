//! READDIR and READDIRPLUS: limits to the byte, and every entry exactly once.

use std::collections::HashMap;

use holdfast_wire::Encode;
use holdfast_wire::nfs3::{
    CookieVerifier3, FileHandle, NfsStat3, ReadDirArgs, ReadDirOk, ReadDirPlusArgs, ReadDirPlusOk,
};

use super::support::{Mount, World, status};

const NO_VERIFIER: CookieVerifier3 = CookieVerifier3([0; 8]);

async fn page(mount: &Mount, dir: &FileHandle, cookie: u64, count: u32) -> ReadDirOk {
    let args = ReadDirArgs { dir: *dir, cookie, verifier: NO_VERIFIER, count };
    mount.client.readdir(&args).await.unwrap().unwrap()
}

async fn plus_page(
    mount: &Mount,
    dir: &FileHandle,
    cookie: u64,
    dircount: u32,
    maxcount: u32,
) -> ReadDirPlusOk {
    let args = ReadDirPlusArgs { dir: *dir, cookie, verifier: NO_VERIFIER, dircount, maxcount };
    mount.client.readdirplus(&args).await.unwrap().unwrap()
}

/// How often each name is listed, in pages of `count` bytes; `between` runs after each page.
async fn names(
    mount: &Mount,
    dir: &FileHandle,
    count: u32,
    mut between: impl AsyncFnMut(usize),
) -> HashMap<String, u32> {
    let (mut names, mut cookie) = (HashMap::new(), 0);
    for number in 0.. {
        let page = page(mount, dir, cookie, count).await;
        assert!(page.to_bytes().len() <= count as usize);
        for entry in &page.entries {
            *names.entry(String::from_utf8(entry.name.to_vec()).unwrap()).or_default() += 1;
            cookie = entry.cookie;
        }
        if page.eof {
            return names;
        }
        assert!(!page.entries.is_empty());
        between(number).await;
    }
    unreachable!()
}

#[tokio::test]
async fn an_empty_directory_has_its_dots() {
    let world = World::start().await;
    let mount = world.one().await;
    let dir = mount.mkdir(&mount.root, "dir").await;
    let page = page(&mount, &dir, 0, 4096).await;
    let (own, root) = (mount.attributes(&dir).await.unwrap(), mount.attributes(&mount.root).await.unwrap());
    let entries: Vec<_> = page.entries.iter().map(|entry| (&*entry.name, entry.fileid)).collect();
    assert_eq!(entries, [(&b"."[..], own.fileid), (b"..", root.fileid)]);
    assert!(page.eof && page.dir_attributes == Some(own));

    let page = plus_page(&mount, &dir, 0, 4096, 4096).await;
    let entries: Vec<_> = page.entries.iter().map(|entry| (entry.handle, entry.attributes)).collect();
    assert_eq!(entries, [(Some(dir), Some(own)), (Some(mount.root), Some(root))]);
    for cookie in [2, page.entries[1].cookie] {
        let rest = plus_page(&mount, &dir, cookie, 4096, 4096).await;
        assert!(rest.entries.is_empty() && rest.eof);
    }
}

#[tokio::test]
async fn pages_hold_each_entry_once_whatever_comes_and_goes() {
    let world = World::start().await;
    let mount = world.one().await;
    let dir = mount.mkdir(&mount.root, "dir").await;
    for number in 0..200 {
        mount.create(&dir, &format!("stays-{number}")).await;
        mount.create(&dir, &format!("goes-{number}")).await;
    }
    for count in [200, 1000] {
        let listed = names(&mount, &dir, count, async |number| {
            let _ = mount.remove(&dir, &format!("goes-{}", number % 200)).await;
            mount.create(&dir, &format!("comes-{count}-{number}")).await;
        })
        .await;
        for number in 0..200 {
            assert_eq!(listed[&format!("stays-{number}")], 1);
        }
        assert!(listed.values().all(|times| *times == 1));
        assert!(listed.contains_key(".") && listed.contains_key(".."));
    }
}

#[tokio::test]
async fn a_listing_that_removes_everything_reaches_everything() {
    let world = World::start().await;
    let mount = world.one().await;
    let dir = mount.mkdir(&mount.root, "dir").await;
    for number in 0..300 {
        mount.create(&dir, &number.to_string()).await;
    }
    let mut cookie = 0;
    loop {
        let page = page(&mount, &dir, cookie, 600).await;
        for entry in page.entries.iter().filter(|entry| !entry.name.starts_with(b".")) {
            assert_eq!(mount.remove(&dir, std::str::from_utf8(&entry.name).unwrap()).await, NfsStat3::Ok);
        }
        cookie = page.entries.last().map_or(cookie, |entry| entry.cookie);
        if page.eof {
            break;
        }
    }
    assert_eq!(page(&mount, &dir, 0, 600).await.entries.len(), 2);
}

#[tokio::test]
async fn attributes_and_handles_come_along() {
    let world = World::start().await;
    let mount = world.one().await;
    let dir = mount.mkdir(&mount.root, "dir").await;
    let mut made = HashMap::new();
    for number in 0..100 {
        let name = format!("file-{number}");
        made.insert(name.clone(), mount.create(&dir, &name).await);
    }
    let (mut cookie, mut seen) = (0, 0);
    loop {
        let page = plus_page(&mount, &dir, cookie, 8192, 3000).await;
        assert!(page.to_bytes().len() <= 3000);
        // As full as it can be.
        assert!(page.eof || page.to_bytes().len() > 3000 - 200);
        for entry in &page.entries {
            cookie = entry.cookie;
            if let Some(handle) = made.get(std::str::from_utf8(&entry.name).unwrap()) {
                seen += 1;
                assert_eq!(entry.handle, Some(*handle));
                assert_eq!(entry.attributes, mount.attributes(handle).await.ok());
                assert_eq!(entry.attributes.unwrap().fileid, entry.fileid);
            }
        }
        if page.eof {
            break;
        }
    }
    assert_eq!(seen, 100);
    // The names of a page with a small dircount take no more than that.
    let few = plus_page(&mount, &dir, 2, 100, 1 << 20).await;
    let names_bytes: usize = few.entries.iter().map(|entry| 24 + entry.name.len().next_multiple_of(4)).sum();
    assert!(!few.entries.is_empty() && names_bytes <= 100 && !few.eof);
}

#[tokio::test]
async fn too_little_room_is_an_error() {
    let world = World::start().await;
    let mount = world.one().await;
    mount.create(&mount.root, &"n".repeat(255)).await;
    let args = ReadDirArgs { dir: mount.root, cookie: 2, verifier: NO_VERIFIER, count: 300 };
    let refused = mount.client.readdir(&args).await.unwrap().unwrap_err();
    assert_eq!(
        (refused.status, refused.info),
        (NfsStat3::TooSmall, mount.attributes(&mount.root).await.ok())
    );
    let tiny = ReadDirArgs { count: 50, ..args };
    assert_eq!(status(&mount.client.readdir(&tiny).await.unwrap()), NfsStat3::TooSmall);
    let plus =
        ReadDirPlusArgs { dir: mount.root, cookie: 2, verifier: NO_VERIFIER, dircount: 4096, maxcount: 300 };
    assert_eq!(status(&mount.client.readdirplus(&plus).await.unwrap()), NfsStat3::TooSmall);
}

#[tokio::test]
async fn any_verifier_will_do_and_files_are_not_listed() {
    let world = World::start().await;
    let mount = world.one().await;
    let args = ReadDirArgs { dir: mount.root, cookie: 1, verifier: CookieVerifier3([9; 8]), count: 4096 };
    let page = mount.client.readdir(&args).await.unwrap().unwrap();
    assert_eq!((page.verifier, page.entries.len()), (NO_VERIFIER, 1));
    let file = mount.create(&mount.root, "file").await;
    let args = ReadDirArgs { dir: file, ..args };
    assert_eq!(status(&mount.client.readdir(&args).await.unwrap()), NfsStat3::NotDir);
}

#[tokio::test]
async fn a_directory_that_may_be_read_but_not_searched_is_listed() {
    let world = World::start().await;
    let mount = world.one().await;
    let dir = mount.mkdir(&mount.root, "dir").await;
    mount.create(&dir, "file").await;
    let args = holdfast_wire::nfs3::SetAttrArgs {
        object: dir,
        attributes: super::support::mode(0o744),
        guard: None,
    };
    mount.client.setattr(&args).await.unwrap().unwrap();
    let page = plus_page(&mount.as_user(1000), &dir, 0, 4096, 4096).await;
    // `..` cannot be looked up by this caller, so nothing is said of it.
    assert_eq!(page.entries.len(), 3);
    assert_eq!((page.entries[1].attributes, page.entries[1].handle), (None, None));
}
