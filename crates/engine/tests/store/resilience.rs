//! Trouble below the layer, and what is seen above it. Time is tokio's, and stands still unless everybody waits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use holdfast_base::{SeededRandom, limits};
use holdfast_engine::{Error, Store, StoreOptions};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use tokio::time::Instant;

use crate::faults::{Fault, FaultyStore, Script};

const CREATE: PutMode = PutMode::Create;

fn store() -> (Store, Arc<Script>, Arc<InMemory>) {
    let memory = Arc::new(InMemory::new());
    let (faulty, script) = FaultyStore::new(memory.clone());
    (Store::new(faulty, None, StoreOptions::new(Arc::new(SeededRandom::new(7)))), script, memory)
}

fn create() -> PutOptions {
    CREATE.into()
}

#[tokio::test(start_paused = true)]
async fn a_few_failures_are_not_seen_above() {
    let (store, script, _) = store();
    let path = Path::from("a/b");
    for fault in [Fault::Error, Fault::Hang, Fault::LostReply] {
        script.then([fault, fault]);
        store.put(&path, vec![Bytes::from_static(b"con"), Bytes::from_static(b"tent")]).await.unwrap();
        script.then([fault, fault]);
        assert_eq!(store.read(&path, 1..5).await.unwrap(), "onte", "{fault:?}");
        script.then([fault, fault]);
        assert_eq!(store.read_whole(&path).await.unwrap().unwrap(), "content");
        script.then([fault, fault]);
        store.delete(&path).await.unwrap();
        assert_eq!(store.read_whole(&path).await.unwrap(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn truncated_bodies_are_read_again() {
    let (store, script, _) = store();
    let path = Path::from("x");
    store.put(&path, vec![Bytes::from(vec![7; 1000])]).await.unwrap();
    script.then([Fault::Truncate, Fault::Truncate]);
    assert_eq!(store.read_whole(&path).await.unwrap().unwrap(), vec![7; 1000]);
    script.then([Fault::Truncate]);
    assert_eq!(store.read(&path, 10..900).await.unwrap().len(), 890);
    script.then([Fault::Truncate; limits::STORE_ATTEMPTS_MAX as usize]);
    assert!(matches!(store.read(&path, 10..900).await, Err(Error::Unavailable(_))));
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_a_creation_is_found_to_be_a_success() {
    let (store, script, memory) = store();
    let objects = store.objects();
    let path = Path::from("once");
    script.then([Fault::LostReply]);
    objects.put_opts(&path, "mine".into(), create()).await.unwrap();
    // Somebody else's object is somebody else's, also with the same content, and also after a failed attempt.
    for faults in [vec![], vec![Fault::Error], vec![Fault::Hang, Fault::Error]] {
        script.then(faults);
        let again = objects.put_opts(&path, "mine".into(), create()).await;
        assert!(matches!(again, Err(object_store::Error::AlreadyExists { .. })), "{again:?}");
    }
    assert_eq!(memory.get(&path).await.unwrap().bytes().await.unwrap(), "mine");
}

#[tokio::test(start_paused = true)]
async fn the_look_for_a_lost_reply_may_fail_too() {
    let (store, script, _) = store();
    script.then([Fault::LostReply, Fault::None, Fault::Error]);
    assert!(store.create(&Path::from("once"), Bytes::from_static(b"x")).await.unwrap());
    assert!(!store.create(&Path::from("once"), Bytes::from_static(b"x")).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn every_call_ends_in_bounded_time() {
    let (store, script, _) = store();
    script.then([Fault::Hang; 1000]);
    let begun = Instant::now();
    assert!(matches!(store.read_whole(&Path::from("x")).await, Err(Error::Unavailable(_))));
    let most = Duration::from_millis(limits::STORE_ATTEMPT_TIMEOUT_MS + limits::STORE_BACKOFF_MAX_MS)
        * limits::STORE_ATTEMPTS_MAX
        + Duration::from_secs(70 * u64::from(limits::STORE_ATTEMPTS_MAX));
    assert!(begun.elapsed() <= most, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_outage_opens_the_circuit_and_its_end_closes_it() {
    let (store, script, _) = store();
    let path = Path::from("x");
    store.put(&path, vec![Bytes::from_static(b"x")]).await.unwrap();
    assert_eq!(store.trouble(), None);
    script.outage(true);
    while store.trouble().is_none() {
        assert!(store.read_whole(&path).await.is_err());
    }
    assert!(store.trouble().unwrap().contains("read from"), "{:?}", store.trouble());
    // Open: calls fail at once, and the store sees none of them.
    let (calls, begun) = (script.calls(), Instant::now());
    for _ in 0..100 {
        assert!(store.read_whole(&path).await.is_err());
    }
    assert_eq!((script.calls(), begun.elapsed()), (calls, Duration::ZERO));
    // Writes have a circuit of their own.
    assert!(store.put(&path, vec![Bytes::from_static(b"y")]).await.is_err());
    assert!(script.calls() > calls);
    // A minute of it: tried again and again, with pauses.
    let calls = script.calls();
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        store.probe_if_down().await;
    }
    let tried = script.calls() - calls;
    assert!((4..=40).contains(&tried), "{tried} tries");
    script.outage(false);
    tokio::time::sleep(Duration::from_millis(limits::STORE_CIRCUIT_PAUSE_MAX_MS)).await;
    store.probe_if_down().await;
    assert_eq!(store.trouble(), None);
    assert_eq!(store.read_whole(&path).await.unwrap().unwrap(), "x");
}

#[tokio::test(start_paused = true)]
async fn retries_are_paid_from_a_budget() {
    let (store, script, _) = store();
    let path = Path::from("x");
    store.put(&path, vec![Bytes::from_static(b"x")]).await.unwrap();
    let calls = script.calls();
    // One of two attempts fails, for ever: the circuit never opens, and still retries must not double the load.
    let reads = 2000;
    let mut failed = 0;
    for _ in 0..reads {
        script.then([Fault::Error]);
        failed += u64::from(store.read_whole(&path).await.is_err());
        assert!(store.read_whole(&path).await.is_ok() || store.trouble().is_none());
    }
    let extra = script.calls() - calls - 2 * reads;
    let most =
        u64::from(limits::STORE_RETRY_BUDGET_MAX) + 2 * reads / u64::from(limits::STORE_CALLS_PER_RETRY);
    assert!(extra <= most && failed > 0, "{extra} retries, {failed} calls failed");
}

#[tokio::test(start_paused = true)]
async fn a_listing_goes_on_where_a_page_failed() {
    let (store, script, memory) = store();
    let count = 2 * limits::STORE_LIST_PAGE_OBJECTS + 17;
    for index in 0..count {
        memory.put(&Path::from(format!("list/{index:05}")), "x".into()).await.unwrap();
    }
    script.then([Fault::Error, Fault::None, Fault::Hang, Fault::None, Fault::Error]);
    let objects = store.objects();
    let listed: Vec<_> = objects.list(Some(&Path::from("list"))).try_collect().await.unwrap();
    let names: Vec<_> = listed.iter().map(|object| object.location.to_string()).collect();
    assert_eq!(names, (0..count).map(|index| format!("list/{index:05}")).collect::<Vec<_>>());
    assert_eq!(store.delete_all(&Path::from("list")).await.unwrap(), count as u64);
}

#[tokio::test(start_paused = true)]
async fn a_store_without_conditions_is_refused() {
    let (store, script, _) = store();
    store.check().await.unwrap();
    script.then([Fault::LostReply, Fault::LostReply, Fault::LostReply]);
    store.check().await.unwrap();
    let careless = Store::new(
        Arc::new(crate::careless::Careless(InMemory::new())),
        None,
        StoreOptions::new(Arc::new(SeededRandom::new(1))),
    );
    let refusal = careless.check().await.unwrap_err();
    assert!(matches!(refusal, Error::NotSupported(_)), "{refusal}");
    assert!(refusal.to_string().contains("If-None-Match"), "{refusal}");
}
