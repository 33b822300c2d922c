//! Back-pressure of one volume: nothing, then slower and slower, then a wait for a checkpoint. Time is the test's.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod common;

use std::time::Duration;

use bytes::Bytes;
use common::{Machine, make_file, root};
use holdfast_base::limits;
use holdfast_engine::Error;
use tokio::time::Instant;

/// Inline, so that it stays in memory until a checkpoint.
const BLOCK_BYTES: usize = 32 << 10;

#[tokio::test(start_paused = true)]
async fn a_writer_slows_down_before_it_stops_and_goes_on_after_a_checkpoint() {
    let machine = Machine::start(11).await;
    let volume = machine.open(machine.new_volume().await).await;
    let file = make_file(&volume, volume.root(), "file").await;
    let data = Bytes::from(vec![7; BLOCK_BYTES]);
    // The same block again and again: what is replaced has been brought in all the same.
    let write = async || {
        let began = Instant::now();
        let written = volume.write(&root(), file, 0, data.clone()).await?;
        let _ = written.unsynced();
        Ok::<_, Error>(began.elapsed())
    };
    let blocks = |bytes: u64| bytes / BLOCK_BYTES as u64;
    for block in 0..=blocks(limits::VOLUME_DIRTY_SOFT_BYTES) {
        assert_eq!(write().await.unwrap(), Duration::ZERO, "block {block}");
    }
    let (mut last, mut longest_step) = (Duration::ZERO, Duration::ZERO);
    for _ in blocks(limits::VOLUME_DIRTY_SOFT_BYTES) + 1..blocks(limits::VOLUME_DIRTY_MAX_BYTES) {
        let took = write().await.unwrap();
        longest_step = longest_step.max(took.saturating_sub(last));
        last = took;
    }
    assert!(last > limits::WRITE_DELAY_MAX / 2 && last <= limits::WRITE_DELAY_MAX * 2, "{last:?}");
    assert!(longest_step <= Duration::from_millis(5), "a wall of {longest_step:?}");
    let (began, bound) = (Instant::now(), Duration::from_millis(limits::ADMISSION_TIMEOUT_MS));
    let refused = write().await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "over the hard bound: {refused}");
    assert!(
        began.elapsed() >= bound && began.elapsed() < bound + Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    volume.read(&root(), file, 0, 1).await.unwrap();
    machine.engine.checkpoint_all().await.unwrap();
    assert_eq!(write().await.unwrap(), Duration::ZERO);
}
