//! The port over a real engine in memory.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use holdfast_api::files::{FileKind as Kind, Precondition, Resource, UploadError};
use holdfast_base::{OsRandom, Random, SystemClock};
use holdfast_engine::{EngineConfig, Environment, RealDisk, Store};

use holdfast_nfs::LockConfig;

use super::*;

struct Fixture {
    files: EngineFiles,
    volume: VolumeId,
    _dir: tempfile::TempDir,
}

async fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let random: Arc<dyn Random> = Arc::new(OsRandom);
    let environment = Environment {
        store: Store::memory(),
        disk: Arc::new(RealDisk),
        clock: Arc::new(SystemClock::default()),
        random: random.clone(),
        master_key: None,
    };
    let engine = Engine::start(EngineConfig::new(dir.path().into()), environment).await.unwrap();
    let clock = Arc::new(SystemClock::default());
    let locks = LockConfig::new(Arc::new(RealDisk), dir.path().into(), clock, false);
    let files = EngineFiles::new(engine, Locks::open(locks).await.unwrap());
    let volume = VolumeId::generate(&*random);
    files.create_volume(volume, limits(10_000_000), VolumeSettings::default()).await.unwrap();
    Fixture { files, volume, _dir: dir }
}

fn limits(bytes: u64) -> VolumeLimits {
    VolumeLimits { bytes: ByteSize(bytes), inodes: 1000 }
}

fn path(text: &str) -> FilePath {
    FilePath::from_bytes(text.as_bytes()).unwrap()
}

fn body(bytes: &[u8]) -> Upload {
    let chunks: Vec<_> = bytes.chunks(100_000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    stream::iter(chunks).boxed()
}

impl Fixture {
    async fn put(&self, at: &str, bytes: &[u8], request: PutRequest) -> Result<Made, FilesError> {
        self.files.put(self.volume, &path(at), request, body(bytes)).await
    }

    async fn get(&self, at: &str) -> Result<Vec<u8>, FilesError> {
        let opened = self.files.open(&self.volume.into(), &path(at)).await?;
        let chunks: Vec<Bytes> = opened.content.read(0..opened.metadata.size).try_collect().await?;
        Ok(chunks.concat())
    }
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at / 7) as u8).collect()
}

#[tokio::test]
async fn content_comes_back_whole_and_in_ranges() {
    let fixture = fixture().await;
    for len in [0, 1, 70_000, 3_500_001] {
        let bytes = pattern(len);
        let made = fixture.put("/a/b/f", &bytes, PutRequest::default()).await.unwrap();
        assert_eq!((made.metadata.size, made.metadata.mode), (len as u64, 0o644));
        assert!(fixture.get("/a/b/f").await.unwrap() == bytes);
    }
    let opened = fixture.files.open(&fixture.volume.into(), &path("/a/b/f")).await.unwrap();
    let part: Vec<Bytes> = opened.content.read(1_048_570..2_097_160).try_collect().await.unwrap();
    assert!(part.concat() == pattern(3_500_001)[1_048_570..2_097_160]);
    let parent = fixture.files.stat(&fixture.volume.into(), &path("/a/b"), true).await.unwrap();
    assert_eq!((parent.kind, parent.mode), (Kind::Directory, 0o755));
}

#[tokio::test]
async fn a_download_never_mixes_two_versions() {
    let fixture = fixture().await;
    fixture.put("/f", &pattern(3_000_000), PutRequest::default()).await.unwrap();
    let opened = fixture.files.open(&fixture.volume.into(), &path("/f")).await.unwrap();
    fixture.put("/f", &pattern(3_000_000), PutRequest::default()).await.unwrap();
    let read: Result<Vec<Bytes>, _> = opened.content.read(0..3_000_000).try_collect().await;
    assert!(matches!(read, Err(FilesError::Changed)));
}

#[tokio::test]
async fn preconditions_hold_or_nothing_changes() {
    let fixture = fixture().await;
    let with = |precondition| PutRequest { precondition, ..PutRequest::default() };
    let refused = fixture.put("/f", b"1", with(Precondition::Present)).await;
    assert!(matches!(refused, Err(FilesError::PreconditionFailed)));
    let made = fixture.put("/f", b"1", with(Precondition::Absent)).await.unwrap();
    assert!(made.created);
    let version = made.metadata.version;
    let replaced = fixture.put("/f", b"2", with(Precondition::Version(vec![version]))).await.unwrap();
    assert!(!replaced.created && replaced.metadata.version.inode == version.inode);
    for stale in [Precondition::Absent, Precondition::Version(vec![version])] {
        assert!(matches!(fixture.put("/f", b"3", with(stale)).await, Err(FilesError::PreconditionFailed)));
    }
    assert_eq!(fixture.get("/f").await.unwrap(), b"2");
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let fixture = fixture().await;
    let broken = stream::iter([Ok(Bytes::from_static(b"half")), Err(UploadError::Aborted("gone".into()))]);
    let put = fixture.files.put(fixture.volume, &path("/d/f"), PutRequest::default(), broken.boxed()).await;
    assert!(matches!(put, Err(FilesError::Upload(_))));
    let stat = fixture.files.stat(&fixture.volume.into(), &path("/d"), true).await;
    assert!(matches!(stat, Err(FilesError::NotFound)));
}

#[tokio::test]
async fn limits_are_kept_and_told() {
    let fixture = fixture().await;
    let announced = PutRequest { expected_bytes: Some(10_000_001), ..PutRequest::default() };
    let refused = fixture.put("/f", b"", announced).await;
    assert!(
        matches!(refused, Err(FilesError::NoSpace { resource: Resource::Bytes, limit: 10_000_000, used: 0 })),
        "{refused:?}"
    );
    let unannounced = fixture.put("/f", &pattern(10_000_001), PutRequest::default()).await;
    assert!(matches!(unannounced, Err(FilesError::NoSpace { .. })));
    fixture.put("/f", &pattern(3000), PutRequest::default()).await.unwrap();
    let shrunk = fixture.files.set_limits(fixture.volume, limits(2999)).await;
    assert!(matches!(shrunk, Err(FilesError::NoSpace { limit: 2999, used: 3000, .. })), "{shrunk:?}");
    fixture.files.set_limits(fixture.volume, limits(3000)).await.unwrap();
    let usage = fixture.files.usage(fixture.volume).await.unwrap();
    assert_eq!((usage.bytes, usage.limits), (ByteSize(3000), limits(3000)));
}

#[tokio::test]
async fn directories_are_made_listed_and_removed() {
    let fixture = fixture().await;
    let (files, volume) = (&fixture.files, fixture.volume);
    let owner = Ownership { uid: Some(7), gid: Some(8), mode: Some(0o700) };
    let made = files.make_directory(volume, &path("/x/y"), owner, Parents::default()).await.unwrap();
    assert!(made.created && (made.metadata.uid, made.metadata.gid, made.metadata.mode) == (7, 8, 0o700));
    assert!(!files.make_directory(volume, &path("/x/y"), owner, Parents::default()).await.unwrap().created);
    assert!(!files.make_directory(volume, &path("/"), owner, Parents::default()).await.unwrap().created);
    for number in 0..25 {
        fixture.put(&format!("/x/y/f{number}"), b"x", PutRequest::default()).await.unwrap();
    }
    let taken = files.make_directory(volume, &path("/x/y/f1"), owner, Parents::default()).await;
    assert!(matches!(taken, Err(FilesError::Exists)));
    let below_file = files.make_directory(volume, &path("/x/y/f1/z/z"), owner, Parents::default()).await;
    assert!(matches!(below_file, Err(FilesError::NotADirectory)), "{below_file:?}");
    let mut found = BTreeMap::new();
    let mut after = None;
    loop {
        let page = files.list(&volume.into(), &path("/x/y"), after, 10).await.unwrap();
        after = page.entries.last().map(|entry| entry.cookie);
        found.extend(page.entries.into_iter().map(|entry| (entry.name, entry.metadata.kind)));
        if page.end {
            break;
        }
    }
    assert_eq!(found.len(), 25);
    assert!(matches!(
        files.list(&volume.into(), &path("/x/y/f1"), None, 10).await,
        Err(FilesError::NotADirectory)
    ));
    assert!(matches!(files.open(&volume.into(), &path("/x/y")).await, Err(FilesError::IsADirectory)));
    assert!(matches!(files.remove(volume, &path("/x"), false).await, Err(FilesError::NotEmpty)));
    files.remove(volume, &path("/x"), true).await.unwrap();
    assert!(matches!(files.stat(&volume.into(), &path("/x"), true).await, Err(FilesError::NotFound)));
}

#[tokio::test]
async fn a_volume_that_is_gone_says_so() {
    let fixture = fixture().await;
    fixture.files.delete_volume(fixture.volume).await.unwrap();
    fixture.files.delete_volume(fixture.volume).await.unwrap();
    assert!(matches!(fixture.files.usage(fixture.volume).await, Err(FilesError::NoVolume)));
}

#[tokio::test]
async fn attributes_links_copies_and_moves_are_done_by_the_engine() {
    let Fixture { files, volume, _dir } = fixture().await;
    let write = |name: &'static str, text: &'static str| {
        let body = stream::iter([Ok(Bytes::from_static(text.as_bytes()))]).boxed();
        let request = PutRequest::default();
        let files = &files;
        async move { files.put(volume, &path(name), request, body).await.unwrap().metadata }
    };
    let read = |name: &'static str| {
        let files = &files;
        async move {
            let opened = files.open(&volume.into(), &path(name)).await?;
            let pieces: Vec<Bytes> = opened.content.read(0..opened.metadata.size).try_collect().await?;
            Ok::<_, FilesError>(pieces.concat())
        }
    };
    let file = write("/a/f", "content").await;

    let changes = Changes { mode: Some(0o600), uid: Some(7), gid: Some(8), size: Some(4) };
    let changed = files.change(volume, &path("/a/f"), true, changes).await.unwrap();
    assert_eq!((changed.mode, changed.uid, changed.gid, changed.size), (0o600, 7, 8, 4));
    let size = Changes { size: Some(1), ..Changes::default() };
    let refused = files.change(volume, &path("/a"), true, size).await;
    assert!(matches!(refused, Err(FilesError::IsADirectory)), "{refused:?}");

    let target = Bytes::from_static(b"../a/f");
    let link = files.make_symlink(volume, &path("/l/s"), target.clone(), Ownership::default()).await.unwrap();
    assert_eq!((link.kind, link.target), (Kind::Symlink, Some(target)));
    assert_eq!(read("/l/s").await.unwrap(), b"cont");
    let owned = Changes { uid: Some(3), ..Changes::default() };
    assert_eq!(files.change(volume, &path("/l/s"), false, owned).await.unwrap().kind, Kind::Symlink);
    assert_eq!(
        files.stat(&volume.into(), &path("/a/f"), true).await.unwrap().uid,
        7,
        "the link was changed, not its target"
    );

    let other = files.make_link(volume, &path("/l/h"), &path("/a/f")).await.unwrap();
    assert_eq!((other.links, other.version.inode), (2, file.version.inode));
    let taken = files.make_link(volume, &path("/l/h"), &path("/a/f")).await;
    assert!(matches!(taken, Err(FilesError::Exists)), "{taken:?}");

    let copy = files.copy(volume, &path("/l/s"), &path("/new/copy"), Ownership::default()).await.unwrap();
    assert!(copy.created && copy.metadata.version.inode != file.version.inode);
    assert_eq!((copy.metadata.uid, copy.metadata.mode), (7, 0o600));
    assert_eq!(read("/new/copy").await.unwrap(), b"cont");

    let moved = files.rename(volume, &path("/a/f"), &path("/far/away/g")).await.unwrap();
    assert_eq!(moved.version.inode, file.version.inode);
    assert!(matches!(read("/a/f").await, Err(FilesError::NotFound)));
    write("/far/away/h", "to be replaced").await;
    files.rename(volume, &path("/far/away/g"), &path("/far/away/h")).await.unwrap();
    assert_eq!(read("/far/away/h").await.unwrap(), b"cont");
    let into_itself = files.rename(volume, &path("/far"), &path("/far/away/far")).await;
    assert!(matches!(into_itself, Err(FilesError::IntoItself)), "{into_itself:?}");
    let over = files.rename(volume, &path("/a"), &path("/far")).await;
    assert!(matches!(over, Err(FilesError::NotEmpty)), "{over:?}");
    let nothing = files.rename(volume, &path("/none"), &path("/made/for/nothing")).await;
    assert!(matches!(nothing, Err(FilesError::NotFound)), "{nothing:?}");
    assert!(matches!(files.stat(&volume.into(), &path("/made"), true).await, Err(FilesError::NotFound)));
}

#[tokio::test]
async fn parents_are_required_where_the_request_says_so() {
    let Fixture { files, volume, _dir } = fixture().await;
    let request = PutRequest { parents: Parents::Require, ..PutRequest::default() };
    let nobody_reads = stream::once(async { panic!("the body of a refused upload is not read") }).boxed();
    let refused = files.put(volume, &path("/none/f"), request, nobody_reads).await;
    assert!(matches!(refused, Err(FilesError::NotFound)), "{refused:?}");
    let refused =
        files.make_directory(volume, &path("/none/d"), Ownership::default(), Parents::Require).await;
    assert!(matches!(refused, Err(FilesError::NotFound)), "{refused:?}");
    let open = Parents::Make { mode: 0o777 };
    files.make_directory(volume, &path("/some/d"), Ownership::default(), open).await.unwrap();
    assert_eq!(files.stat(&volume.into(), &path("/some"), true).await.unwrap().mode, 0o777);
}
