//! What every store does, whatever it is: one suite, run over memory, a directory, S3, Azure and Google's.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use holdfast_base::limits;
use holdfast_engine::Store;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode};

/// A part of an upload: stores want 5 MiB at least.
const PART_BYTES: usize = 5 << 20;

/// The whole suite, below names that nobody else uses.
pub async fn conforms(store: &Store) {
    store.check().await.unwrap();
    whole_objects(store).await;
    ranges(store).await;
    creation(store).await;
    names(store).await;
    listings(store).await;
    parts(store).await;
    large(store).await;
    assert_eq!(store.trouble(), None);
}

async fn whole_objects(store: &Store) {
    let path = Path::from("whole/object");
    assert_eq!(store.read_whole(&path).await.unwrap(), None);
    store.delete(&path).await.unwrap();
    for content in ["first", "", "the third is longer"] {
        store.put(&path, vec![Bytes::from_static(content.as_bytes())]).await.unwrap();
        assert_eq!(store.read_whole(&path).await.unwrap().unwrap(), content);
        assert_eq!(store.objects().head(&path).await.unwrap().size, content.len() as u64);
    }
    store.delete(&path).await.unwrap();
    store.delete(&path).await.unwrap();
    assert!(matches!(store.objects().get(&path).await, Err(Error::NotFound { .. })));
    assert!(matches!(store.objects().head(&path).await, Err(Error::NotFound { .. })));
}

async fn ranges(store: &Store) {
    let (path, objects) = (Path::from("range/object"), store.objects());
    let content = Bytes::from_iter((0..100_000u32).flat_map(u32::to_be_bytes));
    store.put(&path, vec![content.slice(..1000), content.slice(1000..)]).await.unwrap();
    for range in [0..1, 0..400_000, 17..4711, 399_999..400_000] {
        let read = store.read(&path, range.clone()).await.unwrap();
        assert!(read == content.slice(range.start as usize..range.end as usize), "{range:?}");
    }
    let several = objects.get_ranges(&path, &[5..10, 200_000..200_100]).await.unwrap();
    assert_eq!(several, [content.slice(5..10), content.slice(200_000..200_100)]);
}

async fn creation(store: &Store) {
    let path = Path::from("creation/object");
    assert!(store.create(&path, Bytes::from_static(b"first")).await.unwrap());
    for content in [&b"second"[..], b"first"] {
        assert!(!store.create(&path, Bytes::from_static(content)).await.unwrap());
    }
    assert_eq!(store.read_whole(&path).await.unwrap().unwrap(), "first");
    store.delete(&path).await.unwrap();
    // Of many at once one wins.
    let tries = (0..8u8).map(|one| store.create(&path, Bytes::from(vec![one])));
    let won: Vec<bool> = futures::future::try_join_all(tries).await.unwrap();
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let winner = won.iter().position(|won| *won).unwrap() as u8;
    assert_eq!(store.read_whole(&path).await.unwrap().unwrap(), vec![winner]);
}

async fn names(store: &Store) {
    let objects = store.objects();
    for name in ["names/with space", "names/a+b", "names/100%", "names/ü/ß", "names/a&b=c;d", "names/~x'(y)"]
    {
        let path = Path::from(name);
        objects.put_opts(&path, name.into(), PutMode::Create.into()).await.unwrap();
        assert_eq!(store.read_whole(&path).await.unwrap().unwrap(), name);
        let found: Vec<_> = objects.list(Some(&Path::from("names"))).try_collect().await.unwrap();
        assert!(found.iter().any(|object| object.location == path), "{name}: {found:?}");
    }
    assert_eq!(store.delete_all(&Path::from("names")).await.unwrap(), 6);
}

async fn listings(store: &Store) {
    // More than a page, so that a listing must go on.
    let count = limits::STORE_LIST_PAGE_OBJECTS + 5;
    let paths = (0..count).map(|index| Path::from(format!("list/dir{}/{index:05}", index % 3)));
    let puts = stream::iter(paths.clone())
        .map(|path| async move { store.put(&path, vec![Bytes::from_static(b"x")]).await });
    puts.buffer_unordered(32).try_collect::<Vec<()>>().await.unwrap();
    store.put(&Path::from("listless"), vec![Bytes::new()]).await.unwrap();
    let objects = store.objects();
    let found: Vec<_> = objects.list(Some(&Path::from("list"))).try_collect().await.unwrap();
    let mut names: Vec<_> = found.into_iter().map(|object| object.location).collect();
    names.sort();
    let mut wanted: Vec<_> = paths.collect();
    wanted.sort();
    assert_eq!(names, wanted);
    let folders = objects.list_with_delimiter(Some(&Path::from("list"))).await.unwrap().common_prefixes;
    assert_eq!(folders, ["list/dir0", "list/dir1", "list/dir2"].map(Path::from));
    assert_eq!(store.delete_all(&Path::from("list")).await.unwrap(), count as u64);
    assert_eq!(store.delete_all(&Path::from("list")).await.unwrap(), 0);
    store.delete(&Path::from("listless")).await.unwrap();
}

async fn parts(store: &Store) {
    let (path, objects) = (Path::from("parts/object"), store.objects());
    let mut upload = objects.put_multipart(&path).await.unwrap();
    let part = |fill: u8, len: usize| Bytes::from(vec![fill; len]);
    let sent = [upload.put_part(part(1, PART_BYTES).into()), upload.put_part(part(2, PART_BYTES).into())];
    futures::future::try_join_all(sent).await.unwrap();
    upload.put_part(part(3, 1000).into()).await.unwrap();
    assert_eq!(store.read_whole(&path).await.unwrap(), None, "seen before it was complete");
    upload.complete().await.unwrap();
    let read = store.read_whole(&path).await.unwrap().unwrap();
    assert!(read == [part(1, PART_BYTES), part(2, PART_BYTES), part(3, 1000)].concat());
    let mut given_up = objects.put_multipart(&Path::from("parts/never")).await.unwrap();
    given_up.put_part(part(4, PART_BYTES).into()).await.unwrap();
    given_up.abort().await.unwrap();
    assert_eq!(store.read_whole(&Path::from("parts/never")).await.unwrap(), None);
    assert_eq!(store.delete_all(&Path::from("parts")).await.unwrap(), 1);
}

async fn large(store: &Store) {
    let path = Path::from("large/object");
    let piece = Bytes::from_iter((0..1u32 << 20).map(|index| ((index * 7) >> 3) as u8));
    store.put(&path, vec![piece.clone(); 24]).await.unwrap();
    let read = store.read(&path, (5 << 20) + 3..(7 << 20) + 3).await.unwrap();
    assert!(read == [piece.slice(3..), piece.clone(), piece.slice(..3)].concat());
    store.delete(&path).await.unwrap();
}
