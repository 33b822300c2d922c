//! Locks over a restart, a power loss, a lost log, and a disk that fails. The status monitor.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use holdfast_base::SeededRandom;
use holdfast_engine::{Disk, DiskFile, MemoryDisk};
use holdfast_nfs::LockConfig;
use holdfast_nfs_client::ClientError;
use holdfast_wire::nlm4::LockStat4::{Denied, DeniedGracePeriod, Failed, Granted};
use holdfast_wire::nsm1::{
    CallbackId, MonitorArgs, MonitorId, MonitorStat, NotifyArgs, Private, StatusCall, op,
};
use holdfast_wire::rpc::AcceptStatus;

use super::lock_support::{ALL, Called, Locker, Stub, serve_locks};
use super::support::{World, lock_config};

#[tokio::test]
async fn locks_are_held_over_restarts_and_power_loss() {
    let mut world = World::start().await;
    let mount = world.one().await;
    let (one, two) = (Locker::new(&mount.client, "one", 1), Locker::new(&mount.client, "two", 2));
    let file = mount.create(&mount.root, "file").await;
    assert_eq!(one.lock(&file, (0, 10), true).await, Granted);
    assert_eq!(two.lock(&file, (10, 0), false).await, Granted);
    assert_eq!(two.unlock(&file, (20, 10)).await, Granted);
    // Power is lost now: nothing of this server is told.
    let crashed = Arc::new(world.node.disk.crash(&SeededRandom::new(1)));
    world.ended().await;
    for disk in [world.node.disk.clone(), crashed] {
        let disk: Arc<dyn Disk> = disk;
        let next = serve_locks(&world.node, LockConfig { disk, ..lock_config(&world.node) }).await;
        let mount = next.one().await;
        let (one, two) = (Locker::new(&mount.client, "one", 1), Locker::new(&mount.client, "two", 2));
        let three = Locker::new(&mount.client, "three", 3);
        assert_eq!(three.try_lock(&file, (0, 1), false).await, Denied);
        assert_eq!(three.try_lock(&file, (10, 1), true).await, Denied);
        assert_eq!(three.try_lock(&file, (20, 10), true).await, Granted);
        assert_eq!(one.unlock(&file, ALL).await, Granted);
        assert_eq!(two.unlock(&file, ALL).await, Granted);
        assert_eq!(three.try_lock(&file, ALL, true).await, Granted);
    }
}

#[tokio::test]
async fn a_log_of_much_history_stays_small() {
    let world = World::start().await;
    let mount = world.one().await;
    let one = Locker::new(&mount.client, "one", 1);
    let file = mount.create(&mount.root, "file").await;
    let rounds = 64;
    for _ in 0..rounds {
        let calls = (0..200).map(|at| {
            let one = one.clone();
            async move {
                one.try_lock(&file, (2 * at, 1), true).await;
                one.unlock(&file, (2 * at, 1)).await;
            }
        });
        futures::future::join_all(calls).await;
    }
    let log = world.node.disk.open(Path::new("/locks/locks")).unwrap();
    assert!(log.size_bytes().unwrap() < 3 << 20, "{}", log.size_bytes().unwrap());
}

#[tokio::test]
async fn a_lost_log_begins_a_time_of_grace() {
    let world = World::start().await;
    let mount = world.one().await;
    let file = mount.create(&mount.root, "file").await;
    let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
    let config = LockConfig {
        disk,
        may_have_held: true,
        grace: Duration::from_millis(1500),
        ..lock_config(&world.node)
    };
    let next = serve_locks(&world.node, config).await;
    let mount = next.one().await;
    let (one, two) = (Locker::new(&mount.client, "one", 1), Locker::new(&mount.client, "two", 2));
    assert_eq!(two.lock(&file, ALL, true).await, DeniedGracePeriod);
    assert_eq!(one.reclaim(&file, ALL, true).await, Granted);
    tokio::time::sleep(Duration::from_millis(1600)).await;
    assert_eq!(two.try_lock(&file, ALL, true).await, Denied);
    assert_eq!(two.reclaim(&file, ALL, true).await, DeniedGracePeriod);
    assert_eq!(one.unlock(&file, ALL).await, Granted);
    assert_eq!(two.try_lock(&file, ALL, true).await, Granted);
}

#[tokio::test]
async fn clients_are_told_when_a_part_of_the_log_is_lost() {
    let mut world = World::start().await;
    let mut stub = Stub::start().await;
    let mount = world.one().await;
    let one = Locker::new(&mount.client, "one", 1);
    let file = mount.create(&mount.root, "file").await;
    assert_eq!(one.lock(&file, (0, 1), true).await, Granted);
    assert_eq!(one.lock(&file, (9, 1), true).await, Granted);
    let before = mount.client.call::<op::Stat>(&"me".into()).await.unwrap().state;
    world.ended().await;
    let log = world.node.disk.open(Path::new("/locks/locks")).unwrap();
    let size = log.size_bytes().unwrap();
    log.write_all_at(b"damage", size - 6).unwrap();
    let config = LockConfig { client_portmap_port: stub.address.port(), ..lock_config(&world.node) };
    let next = serve_locks(&world.node, config).await;
    let Called::Status(StatusCall::Notify(told)) = stub.next().await else { panic!("no NOTIFY") };
    assert_eq!(told.host, "127.0.0.1".into());
    assert!(told.state > before && told.state % 2 == 1);
    let mount = next.one().await;
    let one = Locker::new(&mount.client, "one", 1);
    // What was read is held, what was damaged can be reclaimed.
    assert_eq!(one.reclaim(&file, (0, 1), true).await, Granted);
    assert_eq!(one.reclaim(&file, (9, 1), true).await, Granted);
    assert_eq!(mount.client.call::<op::Stat>(&"me".into()).await.unwrap().state, told.state);
}

/// A disk that stops to work.
struct Failing {
    disk: MemoryDisk,
    failed: Arc<AtomicBool>,
}

struct FailingFile {
    file: Arc<dyn DiskFile>,
    failed: Arc<AtomicBool>,
}

impl Failing {
    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(FailingFile { file, failed: self.failed.clone() })
    }
}

impl Disk for Failing {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.create_dir_all(path)
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.create(path).map(|file| self.file(file))
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(path).map(|file| self.file(file))
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk.list(dir)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.hard_link(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.disk.sync_dir(path)
    }
}

impl DiskFile for FailingFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, offset)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(io::Error::other("a planted fault"));
        }
        self.file.sync_data()
    }
    fn size_bytes(&self) -> io::Result<u64> {
        self.file.size_bytes()
    }
}

#[tokio::test]
async fn without_a_disk_requests_fail_at_once() {
    let world = World::start().await;
    let failed = Arc::new(AtomicBool::new(false));
    let disk: Arc<dyn Disk> = Arc::new(Failing { disk: MemoryDisk::new(), failed: failed.clone() });
    let next = serve_locks(&world.node, LockConfig { disk, ..lock_config(&world.node) }).await;
    let mount = next.one().await;
    let one = Locker::new(&mount.client, "one", 1);
    let file = mount.create(&mount.root, "file").await;
    assert_eq!(one.try_lock(&file, (0, 1), true).await, Granted);
    failed.store(true, Ordering::Relaxed);
    assert_eq!(one.try_lock(&file, (5, 1), true).await, Failed);
    assert_eq!(one.unlock(&file, ALL).await, Failed);
    assert!(mount.attributes(&file).await.is_ok());
}

#[tokio::test]
async fn a_client_that_begins_anew_gives_up_its_locks() {
    let world = World::start().await;
    let mount = world.one().await;
    let (one, two) = (Locker::new(&mount.client, "one", 1), Locker::new(&mount.client, "two", 2));
    let file = mount.create(&mount.root, "file").await;
    assert_eq!(one.lock(&file, ALL, true).await, Granted);
    let notify = |host: &str| NotifyArgs { host: host.into(), state: 9 };
    mount.client.call::<op::Null>(&()).await.unwrap();
    mount.client.call::<op::Notify>(&notify("another")).await.unwrap();
    assert_eq!(two.try_lock(&file, ALL, true).await, Denied);
    mount.client.call::<op::Notify>(&notify("one.example")).await.unwrap();
    assert_eq!(two.try_lock(&file, ALL, true).await, Granted);
}

#[tokio::test]
async fn nobody_is_monitored_for_others() {
    let world = World::start().await;
    let client = world.client(0).await;
    let callback = CallbackId { name: "me".into(), program: 1, version: 1, procedure: 1 };
    let id = MonitorId { host: "peer".into(), callback: callback.clone() };
    let monitor = MonitorArgs { id: id.clone(), private: Private::default() };
    let stat = client.call::<op::Stat>(&"peer".into()).await.unwrap();
    assert_eq!(stat.result, MonitorStat::Fail);
    assert!(stat.state % 2 == 1);
    assert_eq!(client.call::<op::Mon>(&monitor).await.unwrap().result, MonitorStat::Fail);
    assert_eq!(client.call::<op::Unmon>(&id).await.unwrap().state, stat.state);
    assert_eq!(client.call::<op::UnmonAll>(&callback).await.unwrap().state, stat.state);
    let refused = client.call::<op::SimuCrash>(&()).await.unwrap_err();
    let unavailable = AcceptStatus::ProcedureUnavailable.into();
    assert!(matches!(refused, ClientError::Refused(body) if body == unavailable));
}
