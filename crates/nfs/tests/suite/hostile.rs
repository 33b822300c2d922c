//! Malformed, oversized, cut and random records, while a good client works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use holdfast_base::limits::{RPC_FRAGMENTS_MAX, RPC_RECORD_MAX_BYTES};
use holdfast_base::{Random, SeededRandom};
use holdfast_nfs_client::{ConnectOptions, RawConnection};
use holdfast_wire::nfs3::{GetAttrArgs, StableHow, op};
use holdfast_wire::record::record_header;
use holdfast_wire::rpc::Credential;

use super::support::{Mount, World, user};

async fn raw(world: &World) -> RawConnection {
    let options = ConnectOptions { call_timeout: Duration::from_secs(5), ..ConnectOptions::default() };
    RawConnection::connect(world.address, options).await.expect("a connection")
}

/// A client that writes, reads and compares until it is told to stop; how often it did.
async fn work(mount: Mount, stop: Arc<AtomicBool>) -> u32 {
    let file = mount.create(&mount.root, "good").await;
    let mut rounds = 0;
    while !stop.load(Ordering::Relaxed) {
        let data = vec![rounds as u8; 10_000];
        mount.write(&file, 0, data.clone(), StableHow::Unstable).await.unwrap();
        assert_eq!(mount.read(&file, 0, 10_000).await.unwrap().data.into_bytes(), data);
        rounds += 1;
    }
    rounds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_records_disturb_nobody() {
    let world = World::start().await;
    let stop = Arc::new(AtomicBool::new(false));
    let good = tokio::spawn(work(world.one().await, stop.clone()));
    let root = world.one().await.root;
    let random = SeededRandom::new(1);
    let until = Instant::now() + Duration::from_secs(2);
    let mut sent = 0;
    while Instant::now() < until {
        let mut raw = raw(&world).await;
        for _ in 0..20 {
            let mut record = vec![0; random.next_u64() as usize % 300];
            random.fill(&mut record);
            // Many look like calls: a call of version 2 to a program and a procedure that exist.
            for (word, value) in [(1, 0), (2, 2), (3, 100_003), (4, 3), (5, random.next_u64() as u32 % 22)] {
                if let Some(place) = record.get_mut(4 * word..4 * word + 4)
                    && !random.next_u64().is_multiple_of(8)
                {
                    place.copy_from_slice(&u32::to_be_bytes(value));
                }
            }
            if raw.send_record(&record).await.is_err() {
                break;
            }
            sent += 1;
        }
    }
    // Calls with random arguments behind a good header and a good handle.
    let mut raw = raw(&world).await;
    for xid in 0..2000u32 {
        let credential = Credential::from(user(0));
        let mut rope = holdfast_wire::Rope::new();
        let header = holdfast_wire::rpc::CallHeader {
            xid,
            program: 100_003,
            version: 3,
            procedure: xid % 22,
            credential,
            verifier: holdfast_wire::rpc::OpaqueAuth::NONE,
        };
        holdfast_wire::Encode::encode(&header, &mut rope);
        rope.put_opaque(root.as_bytes());
        let mut rest = vec![0; random.next_u64() as usize % 60];
        random.fill(&mut rest);
        rest.iter_mut().step_by(3).for_each(|byte| *byte = 0);
        rope.put_raw(&rest);
        raw.send_record(&rope.into_bytes()).await.unwrap();
        assert_eq!(raw.read_reply().await.unwrap().0.xid, xid);
    }
    stop.store(true, Ordering::Relaxed);
    assert!(good.await.unwrap() > 10);
    assert!(sent > 100);
}

#[tokio::test]
async fn records_over_the_limit_end_the_connection_at_once() {
    let world = World::start().await;
    let mut announced = raw(&world).await;
    announced.send(&record_header(RPC_RECORD_MAX_BYTES + 1)).await.unwrap();
    assert!(announced.is_closed_by_server().await.unwrap());

    let mut fragments = raw(&world).await;
    fragments.send(&[0; 4].repeat(RPC_FRAGMENTS_MAX + 1)).await.unwrap();
    assert!(fragments.is_closed_by_server().await.unwrap());

    let mut short = raw(&world).await;
    short.send_record(b"abc").await.unwrap();
    assert!(short.is_closed_by_server().await.unwrap());

    // Cut in the middle of a record: nothing to answer, nothing to keep.
    let mut cut = raw(&world).await;
    cut.send(&[&record_header(100)[..], b"half"].concat()).await.unwrap();
    cut.finish_sending().await.unwrap();
    assert!(cut.is_closed_by_server().await.unwrap());
}

#[tokio::test]
async fn a_record_may_come_in_pieces() {
    let world = World::start().await;
    let mount = world.one().await;
    let mut rope = holdfast_wire::Rope::new();
    let header = holdfast_wire::rpc::CallHeader {
        xid: 4,
        program: 100_003,
        version: 3,
        procedure: 1,
        credential: user(0).into(),
        verifier: holdfast_wire::rpc::OpaqueAuth::NONE,
    };
    holdfast_wire::rpc::write_call(&mut rope, &header, &GetAttrArgs { object: mount.root });
    let call = rope.into_bytes();
    let mut raw = raw(&world).await;
    for byte in call.iter() {
        raw.send(&[*byte]).await.unwrap();
    }
    assert_eq!(raw.read_reply().await.unwrap().0.xid, 4);
    // As fragments of four bytes.
    for (index, piece) in call[4..].chunks(8).enumerate() {
        let last = index + 1 == call[4..].len().div_ceil(8);
        let word = piece.len() as u32 | if last { 1 << 31 } else { 0 };
        raw.send(&[&word.to_be_bytes()[..], piece].concat()).await.unwrap();
    }
    assert_eq!(raw.read_reply().await.unwrap().0.xid, 4);
}

/// Huge announced counts inside of a record cost nothing and are refused.
#[tokio::test]
async fn announced_counts_are_not_believed() {
    let world = World::start().await;
    let mut raw = raw(&world).await;
    let header = [1u32, 0, 2, 100_003, 3, 1];
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>();
    // Groups in the credential, the credential itself, the handle.
    for tail in [
        &[1, 32, 0, 0, 0, 0, u32::MAX, 0, 0, 0][..],
        &[1, u32::MAX, 0, 0],
        &[1, 20, 0, 0, 0, 0, 0, 0, 0, 0xffff_fff0],
    ] {
        raw.send_record(&words(&[&header, tail].concat())).await.unwrap();
        assert_eq!(raw.read_reply().await.unwrap().0.xid, 1);
    }
    raw.send_call::<op::Null>(2, &Credential::None, &()).await.unwrap();
    assert_eq!(raw.read_reply().await.unwrap().0.xid, 2);
}
