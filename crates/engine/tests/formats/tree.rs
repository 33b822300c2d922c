//! The files of every fixture: one of each kind, in every place where data can be.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_base::VolumeId;
use holdfast_engine::{FileId, FileKind, SetAttr, Special, Volume};

use crate::common::{Machine, make_file, read_all, root, write};

/// A write of this size goes to a segment file.
const BULK: usize = 64 << 10;
/// An offset in a file's second extent page.
const FAR: u64 = 9 << 20;

/// What a path is.
#[derive(Debug, PartialEq, Eq)]
enum What {
    Directory,
    File(Vec<u8>),
    Link(Vec<u8>),
    Fifo,
}

/// Text that is different on every line, for one file.
fn text(name: &str, len: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(len + 32);
    for line in 0.. {
        if text.len() >= len {
            break;
        }
        text.extend_from_slice(format!("{name}, line {line:06}\n").as_bytes());
    }
    text.truncate(len);
    text
}

fn sparse() -> Vec<u8> {
    let mut content = vec![0; FAR as usize];
    content.extend_from_slice(&text("sparse", 100));
    content
}

fn expected() -> BTreeMap<String, What> {
    let mut overwritten = text("bulk", BULK);
    overwritten[1000..1020].copy_from_slice(&text("patch", 20));
    [
        ("docs", What::Directory),
        ("docs/small", What::File(text("small", 300))),
        ("docs/hard", What::File(text("small", 300))),
        ("docs/moved", What::File(text("old", 50))),
        ("bulk", What::File(overwritten)),
        ("sparse", What::File(sparse())),
        ("cut", What::File(text("cut", 500))),
        ("empty", What::File(Vec::new())),
        ("link", What::Link(b"docs/small".to_vec())),
        ("fifo", What::Fifo),
        ("late", What::File(text("late", 700))),
        ("late-bulk", What::File(text("late-bulk", BULK))),
    ]
    .into_iter()
    .map(|(path, what)| (path.to_owned(), what))
    .collect()
}

/// Makes the tree: a part is checkpointed, a part is in the journal and the spool only.
pub async fn build(machine: &Machine, id: VolumeId) {
    machine.engine.create_volume(id, crate::common::SPEC).await.unwrap();
    let volume = machine.open(id).await;
    let v = &volume;
    let top = v.root();
    let docs = v.mkdir(&root(), top, b"docs", SetAttr::default()).await.unwrap();
    let docs = docs.durable().await.unwrap().attr.id();
    let small = put(v, docs, "small", &text("small", 300)).await;
    v.link(&root(), small, docs, b"hard").await.unwrap().durable().await.unwrap();
    put(v, top, "old", &text("old", 50)).await;
    let bulk = put(v, top, "bulk", &text("bulk", BULK)).await;
    let cut = put(v, top, "cut", &text("cut", 1000)).await;
    put(v, top, "gone", &text("gone", 100)).await;
    make_file(v, top, "empty").await;
    let sparse = make_file(v, top, "sparse").await;
    write(v, sparse, FAR, text("sparse", 100)).await;
    v.symlink(&root(), top, b"link", b"docs/small", SetAttr::default())
        .await
        .unwrap()
        .durable()
        .await
        .unwrap();
    v.mknod(&root(), top, b"fifo", Special::Fifo, SetAttr::default()).await.unwrap().durable().await.unwrap();
    machine.engine.checkpoint_all().await.unwrap();
    put(v, top, "late", &text("late", 700)).await;
    put(v, top, "late-bulk", &text("late-bulk", BULK)).await;
    write(v, bulk, 1000, text("patch", 20)).await;
    let shorter = SetAttr { size: Some(500), ..SetAttr::default() };
    v.setattr(&root(), cut, shorter, None).await.unwrap().durable().await.unwrap();
    v.remove(&root(), top, b"gone").await.unwrap().durable().await.unwrap();
    v.rename(&root(), top, b"old", docs, b"moved").await.unwrap().durable().await.unwrap();
}

async fn put(volume: &Volume, dir: FileId, name: &str, content: &[u8]) -> FileId {
    let file = make_file(volume, dir, name).await;
    write(volume, file, 0, content.to_vec()).await;
    file
}

/// The volume holds the tree, all of it and nothing else.
pub async fn check(volume: &Volume) {
    let mut found = BTreeMap::new();
    let mut left = vec![(String::new(), volume.root())];
    while let Some((prefix, dir)) = left.pop() {
        let listing = volume.list(&root(), dir, 0, 4096, true).await.unwrap();
        assert!(listing.end);
        for entry in listing.entries {
            let path = format!("{prefix}{}", std::str::from_utf8(&entry.name).unwrap());
            let file = entry.attr.unwrap().id();
            let what = match entry.kind {
                FileKind::Directory => {
                    left.push((format!("{path}/"), file));
                    What::Directory
                }
                FileKind::Regular => What::File(read_all(volume, file).await),
                FileKind::Symlink => What::Link(volume.readlink(file).await.unwrap().0.to_vec()),
                FileKind::Fifo => What::Fifo,
                other => panic!("{path} is a {other:?}"),
            };
            found.insert(path, what);
        }
    }
    for (path, what) in expected() {
        assert!(found.remove(&path) == Some(what), "{path} is not what was written");
    }
    assert!(found.is_empty(), "{:?}", found.keys());
    let usage = volume.usage();
    assert_eq!((usage.used_inodes, usage.used_bytes), (12, 300 + 50 + 500 + 100 + 700 + 2 * BULK as u64));
}

/// The volume can be written to.
pub async fn change(volume: &Arc<Volume>) {
    let docs = volume.stat_path(&root(), b"docs", true).await.unwrap().0.id();
    let file = put(volume, docs, "new", &text("new", 3 * BULK)).await;
    assert_eq!(read_all(volume, file).await, text("new", 3 * BULK));
    let bulk = volume.stat_path(&root(), b"bulk", true).await.unwrap().0.id();
    write(volume, bulk, 100, text("bulk", 10)).await;
    assert_eq!(&read_all(volume, bulk).await[100..110], text("bulk", 10));
}
