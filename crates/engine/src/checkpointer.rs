//! What a node does by itself: checkpoints of volumes that are due, shipping, and closing of volumes that nobody uses.
//!
//! A volume has one checkpoint in hand at a time and the node a bounded number, first come first served. So one volume
//! cannot hold all places, and one whose store does not answer keeps only its own. One that failed is left alone for a
//! while.
//!
//! An idle node looks around once a second and does nothing else: open volumes have no tasks and no timers.

use std::sync::Arc;
use std::time::Duration;

use holdfast_base::limits;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::engine::Engine;
use crate::volume::Volume;

/// How often the checkpointer looks around when nobody wakes it.
const TICK: Duration = Duration::from_secs(1);

impl Engine {
    /// Runs until it is aborted; checkpoints that are under way end by themselves.
    pub(crate) async fn keep_checkpointing(self: Arc<Self>) {
        let places = Arc::new(Semaphore::new(limits::CHECKPOINTS_MAX));
        let mut closing: Option<JoinHandle<()>> = None;
        loop {
            // Woken by a volume that has much to write, or by time for those that have little.
            let _ = tokio::time::timeout(TICK, self.env.due.notified()).await;
            metrics::gauge!("holdfast_journal_held_bytes").set(self.env.journal.held_bytes() as f64);
            let lag = self.env.shipping.lag();
            metrics::gauge!("holdfast_unshipped_bytes").set(lag.bytes as f64);
            metrics::gauge!("holdfast_unshipped_records").set(lag.records as f64);
            metrics::gauge!("holdfast_unshipped_seconds").set(lag.age.as_secs_f64());
            metrics::gauge!("holdfast_dirty_bytes").set(self.env.dirty.bytes() as f64);
            for volume in self.due_volumes() {
                if volume.begin_checkpointing() {
                    tokio::spawn(checkpoint(volume, places.clone()));
                }
            }
            if closing.as_ref().is_none_or(JoinHandle::is_finished) && self.has_idle() {
                closing = Some(tokio::spawn(self.clone().close_idle()));
            }
        }
    }

    /// Ships now and then what nobody waits for, until it is aborted. One who waits ships by himself.
    pub(crate) async fn keep_shipping(self: Arc<Self>, every: Duration) {
        let mut failing = false;
        loop {
            tokio::time::sleep(every).await;
            let shipped = self.env.shipping.run().await;
            // Said once, not every second.
            if let Err(error) = &shipped
                && !failing
            {
                tracing::warn!(%error, "the journal cannot be shipped at the moment; it will be when the store answers");
            }
            failing = shipped.is_err();
        }
    }

    fn due_volumes(&self) -> Vec<Arc<Volume>> {
        let (laggards, held) = self.env.journal.laggards();
        let pressed = held > limits::JOURNAL_SOFT_MAX_BYTES;
        let mut due = self.open_volumes();
        due.retain(|volume| volume.checkpoint_due() || (pressed && laggards.contains(&volume.id())));
        due
    }

    /// Whether [`Engine::close_idle`] would find anything.
    fn has_idle(&self) -> bool {
        let open = self.open_volumes();
        open.len() > limits::OPEN_VOLUMES_MAX
            || open.iter().any(|volume| volume.idle_ms() >= limits::VOLUME_IDLE_SECONDS * 1000)
    }

    /// Closes volumes that nobody has used for a while.
    async fn close_idle(self: Arc<Self>) {
        let slots: Vec<_> = self.slots.lock().iter().map(|(id, slot)| (*id, slot.clone())).collect();
        // A place that was used once stays, though nothing is open in it.
        let open = slots.iter().filter(|(_, slot)| slot.volume.lock().is_some()).count();
        let over = open.saturating_sub(limits::OPEN_VOLUMES_MAX);
        let mut idle: Vec<_> = slots
            .into_iter()
            .filter_map(|(id, slot)| {
                let idle_ms = slot.volume.lock().as_ref().filter(|v| Arc::strong_count(v) == 1)?.idle_ms();
                Some((idle_ms, id, slot))
            })
            .collect();
        idle.sort_by_key(|(idle_ms, ..)| std::cmp::Reverse(*idle_ms));
        for (index, (idle_ms, id, slot)) in idle.into_iter().enumerate() {
            if index >= over && idle_ms < limits::VOLUME_IDLE_SECONDS * 1000 {
                return;
            }
            let _turn = slot.turn.lock().await;
            // Taken out first: whoever asks for it now waits for its turn and opens it again.
            let taken = slot.volume.lock().take_if(|volume| Arc::strong_count(volume) == 1);
            let Some(volume) = taken else { continue };
            if let Err(error) = volume.close().await {
                tracing::warn!(volume = %id, %error, "an idle volume did not close");
                *slot.volume.lock() = Some(volume);
                continue;
            }
            metrics::gauge!("holdfast_open_volumes").decrement(1);
        }
    }
}

/// One checkpoint, once there is a place for it.
async fn checkpoint(volume: Arc<Volume>, places: Arc<Semaphore>) {
    let Ok(place) = places.acquire().await else { return };
    let done = volume.checkpoint().await;
    drop(place);
    if let Err(error) = done {
        tracing::warn!(volume = %volume.id(), %error, "a checkpoint failed; it will be tried again");
        tokio::time::sleep(limits::CHECKPOINT_RETRY).await;
    }
    volume.end_checkpointing();
}
