//! Encryption at rest: what lies on disk and in the store gives nothing away, a wrong master key locks the encrypted
//! volumes and nothing else, foreign bytes are refused, and a deletion begins with the key.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod common;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use common::*;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use holdfast_base::VolumeId;
use holdfast_engine::{
    Compression, Error, KeyWrapper, MasterKey, MemoryDisk, PutOwner, SetAttr, Store, StoreOptions,
    VolumeSettings, VolumeSpec,
};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use parking_lot::Mutex;

/// What is looked for in raw files; no compression hides it.
const MARKER: &[u8] = b"a marker that nobody may find";
const UNCOMPRESSED: VolumeSpec =
    VolumeSpec { settings: VolumeSettings { compression: Compression::None, ..SETTINGS }, ..SPEC };

/// The raw files of the node and the store that hold the marker.
async fn leaks(machine: &Machine) -> Vec<String> {
    let mut raw = disk_files(&machine.disk);
    let mut objects = machine.store.objects().list(None);
    while let Some(object) = objects.try_next().await.unwrap() {
        let bytes = machine.store.read_whole(&object.location).await.unwrap().unwrap();
        raw.push((object.location.to_string(), bytes.to_vec()));
    }
    let holds = |bytes: &[u8]| bytes.windows(MARKER.len()).any(|part| part == MARKER);
    raw.into_iter().filter(|(_, bytes)| holds(bytes)).map(|(name, _)| name).collect()
}

/// Puts the marker wherever a tenant's bytes can be: names, link targets, small data, bulk data, uploads.
async fn write_markers(machine: &Machine, id: VolumeId) {
    let v = machine.open(id).await;
    let name = String::from_utf8(MARKER.to_vec()).unwrap();
    let named = make_file(&v, v.root(), &name).await;
    write(&v, named, 5, MARKER.to_vec()).await;
    v.symlink(&root(), v.root(), b"link", MARKER, SetAttr::default()).await.unwrap().durable().await.unwrap();
    let bulk = make_file(&v, v.root(), "bulk").await;
    write(&v, bulk, 0, MARKER.repeat(10_000)).await;
    let mut upload = v.upload();
    upload.write(MARKER.repeat(5_000).into()).await.unwrap();
    upload.finish(b"upload", PutOwner::default(), &|_| true).await.unwrap().durable().await.unwrap();
    v.commit(bulk).await.unwrap();
}

async fn check_markers(machine: &Machine, id: VolumeId) {
    let v = machine.open(id).await;
    let caller = root();
    let file = |name: &'static [u8]| v.stat_path(&caller, name, false);
    assert_eq!(&read_all(&v, file(MARKER).await.unwrap().0.id()).await[5..], MARKER);
    assert_eq!(file(b"link").await.unwrap().1, MARKER);
    assert_eq!(read_all(&v, file(b"bulk").await.unwrap().0.id()).await, MARKER.repeat(10_000));
    assert_eq!(read_all(&v, file(b"upload").await.unwrap().0.id()).await, MARKER.repeat(5_000));
}

#[tokio::test]
async fn raw_files_of_an_encrypted_volume_hold_no_plaintext() {
    for sealed in [false, true] {
        let mut machine = if sealed { Machine::start_sealed(21).await } else { Machine::start(21).await };
        let id = VolumeId::generate(machine.random.as_ref());
        machine.engine.create_volume(id, UNCOMPRESSED).await.unwrap();
        write_markers(&machine, id).await;
        // In the journal and in segment files of the local disk.
        let journal = leaks(&machine).await;
        machine.engine.checkpoint_all().await.unwrap();
        // In segments and tables of the store.
        let stored = leaks(&machine).await;
        if sealed {
            assert_eq!((journal, stored), (vec![], vec![]));
        } else {
            // What would be found without encryption: the search looks in every kind of file.
            for part in ["/journal/", "/spool/"] {
                assert!(journal.iter().any(|name| name.contains(part)), "{part} in {journal:?}");
            }
            for part in ["/segments/", "/index/"] {
                assert!(stored.iter().any(|name| name.contains(part)), "{part} in {stored:?}");
            }
        }
        check_markers(&machine, id).await;
        machine = machine.crash().await;
        check_markers(&machine, id).await;
    }
}

fn with_key(byte: u8) -> Option<Arc<dyn KeyWrapper>> {
    Some(Arc::new(MasterKey::new(&[byte; 32])))
}

#[tokio::test]
async fn a_wrong_master_key_locks_the_encrypted_volumes_and_nothing_else() {
    let mut machine = Machine::start(22).await;
    let plain = machine.new_volume().await;
    machine.master_key = with_key(1);
    machine = machine.restart().await;
    let sealed = machine.new_volume().await;
    write_markers(&machine, sealed).await;
    write_markers(&machine, plain).await;
    machine.engine.checkpoint_all().await.unwrap();
    let v = machine.open(sealed).await;
    let late = make_file(&v, v.root(), "late").await;
    write(&v, late, 0, "only in the journal").await;
    v.commit(late).await.unwrap();
    drop(v);
    for key in [with_key(2), None] {
        machine.master_key = key;
        machine = machine.crash().await;
        for _ in 0..2 {
            let refused = machine.engine.volume(sealed).await.err().unwrap();
            assert!(matches!(&refused, Error::Locked(why) if why.contains("master key")), "{refused}");
        }
        check_markers(&machine, plain).await;
        let other = machine.new_volume().await;
        write_markers(&machine, other).await;
        machine.engine.checkpoint_all().await.unwrap();
        machine.engine.delete_volume(other).await.unwrap();
    }
    machine.master_key = with_key(1);
    machine = machine.crash().await;
    check_markers(&machine, sealed).await;
    let v = machine.open(sealed).await;
    assert_eq!(read_all(&v, late).await, b"only in the journal");
}

#[tokio::test]
async fn segments_of_another_volume_are_refused() {
    let mut machine = Machine::start_sealed(23).await;
    let (mine, other) = (machine.new_volume().await, machine.new_volume().await);
    for id in [mine, other] {
        write_markers(&machine, id).await;
    }
    machine = machine.restart().await;
    // Whoever can write to the bucket puts one volume's segments in the place of another's.
    let segments = |id: VolumeId| Path::from(format!("volumes/{}/segments", id.0));
    let listed: Vec<_> = machine.store.objects().list(Some(&segments(other))).try_collect().await.unwrap();
    assert!(!listed.is_empty());
    for object in listed {
        let bytes = machine.store.read_whole(&object.location).await.unwrap().unwrap();
        let target = segments(mine).join(object.location.filename().unwrap());
        machine.store.put(&target, vec![bytes]).await.unwrap();
    }
    check_markers(&machine, other).await;
    let v = machine.open(mine).await;
    let bulk = v.stat_path(&root(), b"bulk", true).await.unwrap().0.id();
    assert!(matches!(v.read(&root(), bulk, 0, 4096).await, Err(Error::Corrupt(_))));
}

/// A store that notes what is deleted, and fails deletions once they are more than allowed.
#[derive(Debug)]
struct Deleting {
    inner: Arc<dyn ObjectStore>,
    deleted: Arc<Mutex<Vec<String>>>,
    allowed: Arc<AtomicUsize>,
}

impl fmt::Display for Deleting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

type Done<T> = object_store::Result<T>;

#[async_trait]
impl ObjectStore for Deleting {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Done<PutResult> {
        self.inner.put_opts(at, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        at: &Path,
        options: PutMultipartOptions,
    ) -> Done<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Done<GetResult> {
        self.inner.get_opts(at, options).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Done<Path>>) -> BoxStream<'static, Done<Path>> {
        let (deleted, allowed) = (self.deleted.clone(), self.allowed.clone());
        let admitted = paths.map(move |path| {
            let path = path?;
            let take = |left: usize| left.checked_sub(1);
            if allowed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
                let source = "no more deletions".into();
                return Err(object_store::Error::Generic { store: "test", source });
            }
            deleted.lock().push(path.to_string());
            Ok(path)
        });
        self.inner.delete_stream(admitted.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Done<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Done<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Done<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn a_deletion_destroys_the_key_first() {
    let machine = Machine::start_sealed(24).await;
    let (deleted, allowed) = (Arc::default(), Arc::new(AtomicUsize::new(usize::MAX)));
    let store = Deleting {
        inner: Store::memory().objects(),
        deleted: Arc::clone(&deleted),
        allowed: allowed.clone(),
    };
    let Machine { random, clock, master_key, .. } = machine;
    let store = Store::new(Arc::new(store), None, StoreOptions::new(random.clone()));
    let sealed = Options { master_key, ..Options::default() };
    let machine = Machine::boot_with(MemoryDisk::new(), store, random, clock, sealed).await;
    let id = machine.new_volume().await;
    write_markers(&machine, id).await;
    machine.engine.checkpoint_all().await.unwrap();
    deleted.lock().clear();
    // The store fails right after the key: the rest of the volume is there, and nobody can read it.
    allowed.store(1, Ordering::Relaxed);
    assert!(machine.engine.delete_volume(id).await.is_err());
    assert_eq!(*deleted.lock(), [format!("volumes/{}/keys", id.0)]);
    allowed.store(usize::MAX, Ordering::Relaxed);
    let machine = machine.crash().await;
    assert!(matches!(machine.engine.volume(id).await, Err(Error::Corrupt(_))));
    machine.engine.delete_volume(id).await.unwrap();
    assert!(matches!(machine.engine.volume(id).await, Err(Error::NoSuchVolume)));
    let prefix = Path::from(format!("volumes/{}", id.0));
    let left: Vec<_> = machine.store.objects().list(Some(&prefix)).try_collect().await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}
