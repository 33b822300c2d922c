//! A store whose server fails: what the engine did is there all the same, and nothing hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use holdfast_engine::{Error, Store};
use holdfast_gcs_server::Server;
use holdfast_gcs_server::faults::{Fault, Kind, Operation};
use object_store::path::Path;

use crate::{BUCKET, any_port, engine_over, open};

/// How rare the troubles of a bad day are.
const REQUESTS_PER_FAULT: u64 = 6;

async fn server() -> (Server, Store) {
    let server = Server::start(any_port(), &[BUCKET]).await.unwrap();
    let store = open(&format!("gs://{BUCKET}/x"), &[("STORAGE_EMULATOR_HOST".to_owned(), server.url())]);
    (server, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_replies_to_creations_are_resolved() {
    let (server, store) = server().await;
    let path = Path::from("once");
    server.faults().add(Fault::new(Kind::LostReply).of(&[Operation::Put]).times(2));
    assert!(store.create(&path, Bytes::from_static(b"mine")).await.unwrap());
    assert!(!store.create(&path, Bytes::from_static(b"mine")).await.unwrap());
    assert_eq!(store.read_whole(&path).await.unwrap().unwrap(), "mine");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_is_read_again() {
    let (server, store) = server().await;
    let (path, content) = (Path::from("x"), Bytes::from(vec![5; 3 << 20]));
    store.put(&path, vec![content.clone()]).await.unwrap();
    server.faults().add(Fault::new(Kind::Truncate).of(&[Operation::Get]).times(2));
    assert!(store.read_whole(&path).await.unwrap().unwrap() == content);
    server.faults().add(Fault::new(Kind::Truncate).of(&[Operation::Get]).times(1));
    assert!(store.read(&path, 100..2 << 20).await.unwrap() == content.slice(100..2 << 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_gets_through_a_bad_day() {
    let (server, store) = server().await;
    // Every kind of trouble, one at a time: the next comes once that was met and the store has rested.
    let met = Arc::new(AtomicUsize::new(0));
    let troubles = tokio::spawn({
        let (kinds, met) = ([Kind::Error, Kind::LostReply, Kind::Truncate, Kind::Slow], met.clone());
        async move {
            for round in 0.. {
                let kind = kinds[round % kinds.len()];
                let mut fault = Fault::new(kind).times(1);
                fault.delay_ms = 50;
                fault.status = if round % 3 == 0 { 429 } else { 503 };
                if kind == Kind::Truncate {
                    fault = fault.of(&[Operation::Get]);
                }
                let requests = || server.faults().requests().values().sum::<u64>();
                let before = requests();
                server.faults().add(fault);
                while requests() < before + REQUESTS_PER_FAULT {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                met.store(round + 1, Ordering::Relaxed);
            }
        }
    });
    engine_over::keeps_everything(&store, 3).await;
    troubles.abort();
    let met = met.load(Ordering::Relaxed);
    assert!(met >= 12, "a day of {met} troubles is not a bad one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_bucket_is_said_to_be_missing() {
    let server = Server::start(any_port(), &[]).await.unwrap();
    let store = open("gs://nowhere", &[("STORAGE_EMULATOR_HOST".to_owned(), server.url())]);
    let refusal = store.check().await.unwrap_err();
    assert!(matches!(refusal, Error::Unavailable(_)), "{refusal}");
    assert!(refusal.to_string().contains("does not exist"), "{refusal}");
}
