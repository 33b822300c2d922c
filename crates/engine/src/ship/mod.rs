//! Shipping: what the journal has synced goes into the object store as well, one object for many volumes.
//!
//! Every volume ships where the node ships at all; volumes of the class `object` always do, because their answers wait
//! for it. Whoever waits ships for all who wait with it; the node does it now and then for the others. A record that
//! points into a segment file takes along what the store lacks: little data travels in the object, much is put there
//! as the segment that it will be anyway.
//!
//! In a crash: what was shipped is read back only by a node that has lost its own journal ([`rebuild`]). What was not,
//! is checkpointed when its volume opens again. An object is deleted when the indexes include every record in it; one
//! that a crash left is deleted by the next run.
//!
//! A store that does not answer stops nothing but the answers of class `object`: the others' changes wait in the journal.

pub(crate) mod object;
pub(crate) mod ranges;
pub(crate) mod rebuild;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures::future::{Either, select};
use holdfast_base::{Clock, VolumeId, limits};
use object_store::path::Path;
use parking_lot::Mutex;

use crate::disk::{Disk, blocking};
use crate::error::{Error, Result};
use crate::journal::{Journal, Lag, Lsn, Records, Stretch, Tail};
use crate::store::Store;
use crate::volume::Volume;
use object::{Piece, Shipment};

/// An object in the store, and who still needs it.
struct Shipped {
    path: Path,
    /// The last record of each volume whose index does not include it yet.
    needed: BTreeMap<VolumeId, Lsn>,
}

/// What ships, and how long one waits for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShippingConfig {
    /// Whether all volumes ship, or only those of class `object`.
    pub all: bool,
    /// Longest wait of an answer.
    pub wait: Duration,
}

/// See the module.
pub(crate) struct Shipping {
    config: ShippingConfig,
    store: Store,
    disk: Arc<dyn Disk>,
    clock: Arc<dyn Clock>,
    journal: Arc<Journal>,
    volumes: Mutex<BTreeMap<VolumeId, Weak<Volume>>>,
    /// The objects in the store. Whoever holds it ships.
    turn: tokio::sync::Mutex<Vec<Shipped>>,
    failing: AtomicBool,
}

impl Shipping {
    /// Begins with the objects of an earlier run, which are needed until the indexes include what the volumes of
    /// `recovered` have in the journal.
    pub(crate) fn new(
        config: ShippingConfig,
        store: Store,
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
        left: Vec<Path>,
        recovered: BTreeMap<VolumeId, Lsn>,
    ) -> Self {
        let left = left.into_iter().map(|path| Shipped { path, needed: recovered.clone() });
        Self {
            config,
            store,
            disk,
            clock,
            journal,
            volumes: Mutex::default(),
            turn: tokio::sync::Mutex::new(left.collect()),
            failing: AtomicBool::new(false),
        }
    }

    /// Whether every volume ships.
    pub(crate) fn is_for_all(&self) -> bool {
        self.config.all
    }

    /// Whether the last object could not be put into the store.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// How far the store is behind.
    pub(crate) fn lag(&self) -> Lag {
        self.tail().lag()
    }

    /// Takes a volume in, before its first operation.
    pub(crate) fn join(&self, volume: &Arc<Volume>) {
        self.volumes.lock().insert(volume.id(), Arc::downgrade(volume));
    }

    /// Waits until a synced record is in the store, and ships it if nobody else does.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store has not taken it in the configured time.
    pub(crate) async fn in_store(&self, lsn: Lsn) -> Result<()> {
        let limit = self.config.wait;
        match tokio::time::timeout(limit, self.until_in_store(lsn)).await {
            Ok(done) => done,
            Err(_) => Err(Error::Unavailable(
                format!("the object store has not taken the change in {limit:?}").into(),
            )),
        }
    }

    async fn until_in_store(&self, lsn: Lsn) -> Result<()> {
        loop {
            let moved = self.tail().moved();
            if self.tail().is_shipped(lsn) {
                return Ok(());
            }
            let Either::Right((mut turn, _)) = select(pin!(moved), pin!(self.turn.lock())).await else {
                continue;
            };
            if self.tail().is_shipped(lsn) {
                return Ok(());
            }
            if let Err(error) = self.step(&mut turn).await {
                tracing::warn!(%error, "the journal could not be shipped; it will be tried again");
                drop(turn);
                tokio::time::sleep(Duration::from_millis(limits::SHIP_RETRY_MS)).await;
            }
        }
    }

    /// Ships what there is, and deletes the objects that nobody needs any more.
    ///
    /// # Errors
    /// Those of the store; what could not be shipped or deleted will be the next time.
    pub(crate) async fn run(&self) -> Result<()> {
        let mut turn = self.turn.lock().await;
        while self.step(&mut turn).await? {}
        self.tidy(&mut turn).await
    }

    fn tail(&self) -> &Tail {
        self.journal.tail()
    }

    /// Ships one object; says no when there is nothing to ship. Dropped midway it has shipped the object or not, and
    /// the next step does it again.
    async fn step(&self, objects: &mut Vec<Shipped>) -> Result<bool> {
        let stretches = self.tail().front();
        let Some((first, last)) = stretches.first().zip(stretches.last()) else { return Ok(false) };
        let (first, last) = (first.first, last.last);
        // Asked after the stretches were taken: a volume ships from before its first record that has to.
        let volumes = self.shipping_volumes();
        let began = self.clock.monotonic();
        let done = self.ship(&stretches, (first, last), &volumes, objects).await;
        match done {
            Ok(()) => self.tail().shipped(last),
            // Released and reused while it was read.
            Err(_) if !self.tail().holds(&stretches) => {}
            Err(error) => {
                self.failing.store(true, Ordering::Relaxed);
                metrics::counter!("holdfast_ship_objects_total", "status" => "error").increment(1);
                return Err(error);
            }
        }
        self.failing.store(false, Ordering::Relaxed);
        let took = self.clock.monotonic().saturating_sub(began);
        metrics::histogram!("holdfast_ship_duration_seconds").record(took.as_secs_f64());
        Ok(true)
    }

    /// The open volumes that ship.
    fn shipping_volumes(&self) -> BTreeMap<VolumeId, Arc<Volume>> {
        let mut volumes = self.volumes.lock();
        volumes.retain(|_, volume| volume.strong_count() > 0);
        let open: Vec<_> = volumes.values().filter_map(Weak::upgrade).collect();
        drop(volumes);
        open.into_iter().filter(|volume| volume.ships()).map(|volume| (volume.id(), volume)).collect()
    }

    async fn ship(
        &self,
        stretches: &[Stretch],
        (first, last): (Lsn, Lsn),
        volumes: &BTreeMap<VolumeId, Arc<Volume>>,
        objects: &mut Vec<Shipped>,
    ) -> Result<()> {
        if volumes.is_empty() {
            return Ok(());
        }
        let (records, needed) = self.records(stretches, volumes).await?;
        if records.is_empty() {
            return Ok(());
        }
        let mut pieces = Vec::new();
        let mut carried_bytes = 0;
        for volume in needed.keys().filter_map(|id| volumes.get(id)) {
            volume.carry(&mut pieces, &mut carried_bytes).await?;
        }
        let shipment = Shipment { first, last, records, pieces };
        let path = object::path(first, last);
        // Noted first: it may land though its put fails.
        objects.push(Shipped { path: path.clone(), needed });
        let encoded = shipment.encode();
        let bytes: usize = encoded.iter().map(Bytes::len).sum();
        self.store.put(&path, encoded).await?;
        metrics::counter!("holdfast_ship_objects_total", "status" => "ok").increment(1);
        metrics::counter!("holdfast_ship_bytes_total").increment(bytes as u64);
        for Piece { volume, segment, position, data } in &shipment.pieces {
            if let Some(volume) = volumes.get(volume) {
                volume.carried(*segment, *position, *position + data.len() as u64);
            }
        }
        Ok(())
    }

    /// The records of `volumes` that their indexes lack, and the last of each volume.
    async fn records(
        &self,
        stretches: &[Stretch],
        volumes: &BTreeMap<VolumeId, Arc<Volume>>,
    ) -> Result<(Vec<Bytes>, BTreeMap<VolumeId, Lsn>)> {
        let owned = stretches.to_vec();
        let read = move || owned.iter().map(Stretch::read).collect::<Result<Vec<_>>>();
        let mut kept = Vec::new();
        let mut needed = BTreeMap::new();
        for bytes in blocking(self.disk.as_ref(), read).await? {
            let mut records = Records::new(bytes);
            for (header, record) in records.by_ref() {
                if volumes.contains_key(&header.volume) && self.tail().needs(header.volume, header.lsn) {
                    kept.push(record);
                    needed.insert(header.volume, header.lsn);
                }
            }
            if !records.rest().is_empty() {
                return Err(Error::corrupt("the journal does not read back as it was written"));
            }
        }
        Ok((kept, needed))
    }

    /// Deletes objects whose every record is in an index.
    async fn tidy(&self, objects: &mut Vec<Shipped>) -> Result<()> {
        let tail = self.tail();
        for object in objects.iter_mut() {
            object.needed.retain(|volume, last| tail.needs(*volume, *last));
        }
        let done: BTreeSet<Path> = objects
            .iter()
            .filter(|object| object.needed.is_empty())
            .map(|object| object.path.clone())
            .collect();
        for path in &done {
            self.store.delete(path).await?;
        }
        objects.retain(|object| !done.contains(&object.path));
        if objects.is_empty() {
            tail.forget_released();
        }
        Ok(())
    }
}
