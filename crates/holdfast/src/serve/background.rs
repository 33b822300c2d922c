//! What runs now and then beside the requests.

use std::time::Duration;

use holdfast_api::Filesystems;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::metrics::Recorder;

/// How often recorded durations move into their histograms.
const UPKEEP: Duration = Duration::from_secs(5);
/// How often deletions whose volume could not be removed are tried again.
const DELETIONS: Duration = Duration::from_secs(60);

/// Starts it. Abort the task to end it: each step may stop anywhere.
pub(super) fn start(filesystems: Filesystems, recorder: Recorder) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut upkeep = tokio::time::interval(UPKEEP);
        let mut deletions = tokio::time::interval(DELETIONS);
        deletions.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The start has just done it.
        deletions.reset();
        loop {
            tokio::select! {
                _ = upkeep.tick() => recorder.upkeep(),
                _ = deletions.tick() => finish_deletions(&filesystems).await,
            }
        }
    })
}

async fn finish_deletions(filesystems: &Filesystems) {
    match filesystems.finish_deletions().await {
        Ok(done) if done.deleted + done.left > 0 => {
            tracing::info!(deleted = done.deleted, left = done.left, "tried unfinished deletions again");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "unfinished deletions cannot be looked up"),
    }
}
