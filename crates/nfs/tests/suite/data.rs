//! READ, WRITE, COMMIT.

use bytes::Bytes;
use holdfast_base::limits::NFS_IO_MAX_BYTES;
use holdfast_wire::nfs3::{CommitArgs, NfsStat3, StableHow, WriteArgs};
use holdfast_wire::rpc::AcceptStatus;

use super::support::{SMALL_SPEC, World, status};

#[tokio::test]
async fn what_is_written_is_read() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    let data: Bytes = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    for offset in (0..data.len()).step_by(1 << 20) {
        let chunk = data.slice(offset..data.len().min(offset + (1 << 20)));
        mount.write(&file, offset as u64, chunk, StableHow::Unstable).await.unwrap();
    }
    for count in [1 << 20, 70_000] {
        let mut got = Vec::new();
        loop {
            let read = mount.read(&file, got.len() as u64, count).await.unwrap();
            assert_eq!(read.count as usize, read.data.len());
            got.extend_from_slice(&read.data.into_bytes());
            assert_eq!(read.eof, got.len() == data.len());
            if read.eof {
                break;
            }
        }
        assert_eq!(got, data);
    }
}

#[tokio::test]
async fn the_end_of_a_file_and_its_holes_are_exact() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "sparse").await;
    let far = 1 << 40;
    mount.write(&file, far, "end", StableHow::FileSync).await.unwrap();
    assert_eq!(mount.attributes(&file).await.unwrap().size, far + 3);
    let read = mount.read(&file, far - 2, 10).await.unwrap();
    assert_eq!((read.data.into_bytes(), read.eof), (Bytes::from_static(b"\0\0end"), true));
    let read = mount.read(&file, far, 3).await.unwrap();
    assert!(read.eof && read.count == 3);
    assert!(!mount.read(&file, far, 2).await.unwrap().eof);
    for past in [far + 3, far + 4, u64::MAX] {
        let read = mount.read(&file, past, 10).await.unwrap();
        assert_eq!((read.count, read.eof), (0, true), "{past}");
    }
    // More than a READ may be is read as much as it may be.
    let read = mount.read(&file, 0, u32::MAX).await.unwrap();
    assert_eq!((read.count, read.eof), (NFS_IO_MAX_BYTES, false));
    assert_eq!(mount.write(&file, 0, "", StableHow::FileSync).await.unwrap().count, 0);
    let too_far = mount.write(&file, i64::MAX as u64, "x", StableHow::Unstable).await;
    assert_eq!(too_far, Err(NfsStat3::FBig));
    assert_eq!(mount.write(&file, u64::MAX, "x", StableHow::Unstable).await, Err(NfsStat3::FBig));
}

#[tokio::test]
async fn writes_say_what_they_did() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    let answers = [
        (StableHow::Unstable, StableHow::Unstable),
        (StableHow::DataSync, StableHow::FileSync),
        (StableHow::FileSync, StableHow::FileSync),
    ];
    let verifier = mount.commit(&file).await;
    for (asked, answered) in answers {
        let written = mount.write(&file, 0, "data", asked).await.unwrap();
        assert_eq!((written.committed, written.count), (answered, 4));
        // It stays over any number of COMMITs.
        assert_eq!(written.verifier.0, verifier);
        assert_eq!(mount.commit(&file).await, verifier);
    }
    let other = world.mount("/two", 0).await;
    let elsewhere = other.create(&other.root, "file").await;
    assert_eq!(other.commit(&elsewhere).await, verifier);
}

#[tokio::test]
async fn wcc_data_brackets_each_write() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    let mut last = mount.attributes(&file).await.unwrap();
    for (offset, size) in [(0, 10), (5, 20), (0, 20)] {
        let data = vec![1; (size - offset) as usize];
        let wcc = mount.write(&file, offset, data, StableHow::Unstable).await.unwrap().wcc;
        assert_eq!(wcc.before, Some((&last).into()));
        last = wcc.after.unwrap();
        assert_eq!(last.size, size);
        assert_eq!(mount.attributes(&file).await, Ok(last));
    }
    let args = CommitArgs { file, offset: 0, count: 0 };
    let wcc = mount.client.commit(&args).await.unwrap().unwrap().wcc;
    assert_eq!((wcc.before, wcc.after), (Some((&last).into()), Some(last)));
}

#[tokio::test]
async fn counts_and_data_must_agree() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    let args = |count, length| WriteArgs {
        file,
        offset: 0,
        count,
        stable: StableHow::Unstable,
        data: vec![0; length].into(),
    };
    let short = mount.client.write(&args(3, 4)).await.unwrap();
    assert_eq!(status(&short), NfsStat3::Inval);
    let refused = mount.client.write(&args(5, 4)).await.unwrap_err();
    let garbage = AcceptStatus::GarbageArguments.into();
    assert!(matches!(refused, holdfast_nfs_client::ClientError::Refused(body) if body == garbage));
    assert_eq!(mount.attributes(&file).await.unwrap().size, 0);
    // A WRITE over the maximum is done in part.
    let length = NFS_IO_MAX_BYTES as usize + 1000;
    let written = mount.client.write(&args(length as u32, length)).await.unwrap().unwrap();
    assert_eq!(written.count, NFS_IO_MAX_BYTES);
    assert_eq!(mount.attributes(&file).await.unwrap().size, u64::from(NFS_IO_MAX_BYTES));
}

#[tokio::test]
async fn permissions_bind_readers_and_writers() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    mount.write(&file, 0, "data", StableHow::FileSync).await.unwrap();
    let stranger = mount.as_user(1000);
    assert_eq!(stranger.read(&file, 0, 4).await.unwrap().count, 4);
    assert_eq!(stranger.write(&file, 0, "x", StableHow::FileSync).await, Err(NfsStat3::Acces));
    let args = WriteArgs { file, offset: 0, count: 1, stable: StableHow::FileSync, data: "x".into() };
    let refused = stranger.client.write(&args).await.unwrap().unwrap_err();
    assert_eq!(refused.info.after, Some(mount.attributes(&file).await.unwrap()));
    let dir = mount.mkdir(&mount.root, "dir").await;
    assert_eq!(mount.read(&dir, 0, 1).await, Err(NfsStat3::IsDir));
    assert_eq!(mount.write(&dir, 0, "x", StableHow::FileSync).await, Err(NfsStat3::IsDir));
}

#[tokio::test]
async fn a_full_filesystem_says_so_and_recovers() {
    let world = World::start().await;
    let mount = world.mount("/small", 0).await;
    let file = mount.create(&mount.root, "file").await;
    let all = SMALL_SPEC.limit_bytes as usize;
    assert_eq!(mount.write(&file, 0, vec![1; all + 1], StableHow::FileSync).await, Err(NfsStat3::DQuot));
    mount.write(&file, 0, vec![1; all], StableHow::FileSync).await.unwrap();
    assert_eq!(mount.write(&file, all as u64, "x", StableHow::Unstable).await, Err(NfsStat3::DQuot));
    // What is there may be overwritten, and what is removed gives its room back at once.
    mount.write(&file, 0, vec![2; all], StableHow::FileSync).await.unwrap();
    assert_eq!(mount.remove(&mount.root, "file").await, NfsStat3::Ok);
    let file = mount.create(&mount.root, "next").await;
    mount.write(&file, 0, vec![1; all], StableHow::FileSync).await.unwrap();
}
