//! Snapshots of a volume, and who else needs its segments.
//!
//! A snapshot is a checkpoint whose rows are kept, plus one immutable object that names it. The objects are the
//! registry; this is its copy in memory, read on first use and changed only together with the store. While it is
//! locked, no snapshot comes or goes.
//!
//! In a crash: a pin without its object is removed by the next collection; an object is whole or not there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::TryStreamExt;
use holdfast_base::{Timestamp, VolumeId, limits};
use object_store::ObjectStore;
use object_store::path::Path;
use tokio::sync::MutexGuard;
use uuid::Uuid;

use super::checkpoint::segment_counts;
use super::open::prefix;
use super::{Volume, index_path};
use crate::error::{Error, Result};
use crate::format::snapshot::{Snapshot, check_name};
use crate::store::Store;

/// A snapshot as others see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Its id.
    pub id: Uuid,
    /// Its name, unique in the volume.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// Bytes of file data in it.
    pub used_bytes: u64,
    /// Inodes in it.
    pub used_inodes: u64,
}

impl SnapshotInfo {
    fn new(id: Uuid, snapshot: &Snapshot) -> Self {
        Self {
            id,
            name: snapshot.name.clone(),
            created: snapshot.created,
            used_bytes: snapshot.counters.used_bytes,
            used_inodes: snapshot.counters.used_inodes,
        }
    }
}

/// The snapshots of a volume by their ids.
pub(crate) type Registry = BTreeMap<Uuid, Arc<Snapshot>>;

/// Who has a say about this volume's segments.
pub(crate) struct Holds {
    /// `None` until read from the store.
    snapshots: Option<Registry>,
    /// Relatives may need own segments below this number.
    shared_below: u64,
    /// Whether it is known if there are relatives.
    relatives_known: bool,
}

impl Holds {
    pub(crate) fn new(first: u64) -> Self {
        Self { snapshots: None, shared_below: first, relatives_known: false }
    }

    /// The snapshots, after they were read.
    fn known(&mut self) -> &mut Registry {
        self.snapshots.get_or_insert_default()
    }

    /// The segments that snapshots need.
    pub(super) fn segments(&mut self) -> BTreeSet<u64> {
        self.known().values().flat_map(|snapshot| &snapshot.segments).copied().collect()
    }

    /// Whether a snapshot of this name may be made.
    fn admit(&mut self, name: &str) -> Result<()> {
        let known = self.known();
        if known.values().any(|snapshot| snapshot.name == name) {
            return Err(Error::Exists);
        }
        let (used, limit) = (known.len() as u64, limits::SNAPSHOTS_MAX);
        if used >= limit {
            return Err(Error::QuotaExceeded { used, limit, unit: "snapshots" });
        }
        Ok(())
    }
}

/// Who decides about a segment that this volume's head no longer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Nobody else: it can go.
    Own,
    /// A snapshot of this volume needs it.
    Snapshot,
    /// Forks may need it: the family's collection finds out.
    Family,
    /// It is an ancestor's.
    Ancestor,
}

/// A kept moment of an index, from which another one can begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BranchPoint {
    /// Which of the volume's indexes.
    pub index: u64,
    pub pin: Uuid,
    /// That index's own epoch at the time, and what the volume added to it.
    pub epoch: u64,
    pub epoch_base: u64,
}

impl BranchPoint {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let Snapshot { index, checkpoint, epoch, epoch_base, .. } = *snapshot;
        Self { index, pin: checkpoint, epoch, epoch_base }
    }

    /// The epoch that the last numbers before the branch were drawn from.
    pub(crate) fn effective_epoch(&self) -> u64 {
        self.epoch.saturating_add(self.epoch_base)
    }
}

/// The objects that name a volume's snapshots.
pub(crate) fn snapshots_prefix(id: VolumeId) -> Path {
    prefix(id).join("snapshots")
}

/// The object that names a snapshot.
fn snapshot_path(id: VolumeId, snapshot: Uuid) -> Path {
    snapshots_prefix(id).join(snapshot.to_string())
}

/// The objects that name the forks, and the forks of forks, of a volume that is no fork itself.
pub(crate) fn family_prefix(root: VolumeId) -> Path {
    prefix(root).join("family")
}

/// The object that says that a volume belongs to a family.
pub(crate) fn member_path(family: VolumeId, id: VolumeId) -> Path {
    family_prefix(family).join(id.0.to_string())
}

/// Reads all snapshots of a volume.
pub(crate) async fn read_snapshots(store: &Store, id: VolumeId) -> Result<Registry> {
    let objects: Vec<_> = store.objects().list(Some(&snapshots_prefix(id))).try_collect().await?;
    let mut registry = Registry::new();
    for object in objects {
        let name = object.location.filename().unwrap_or_default();
        let Ok(snapshot) = Uuid::parse_str(name) else { continue };
        // Deleted since it was listed: then it is none.
        let Some(bytes) = store.read_whole(&object.location).await? else { continue };
        registry.insert(snapshot, Arc::new(Snapshot::decode(bytes)?));
    }
    Ok(registry)
}

impl Volume {
    /// The holders of this volume's segments, read from the store if they are not known yet.
    pub(super) async fn load_holds(&self) -> Result<MutexGuard<'_, Holds>> {
        let mut holds = self.holds.lock().await;
        if !holds.relatives_known {
            let family = family_prefix(self.family());
            let has_relatives = self.store.objects().list(Some(&family)).try_next().await?.is_some();
            if !has_relatives {
                holds.shared_below = 0;
            }
            holds.relatives_known = true;
        }
        if holds.snapshots.is_none() {
            holds.snapshots = Some(read_snapshots(&self.store, self.id).await?);
        }
        Ok(holds)
    }

    /// What the volume's marker says.
    pub(crate) fn marker(&self) -> &crate::format::marker::Marker {
        &self.marker
    }

    /// The volume that this one's family comes from: itself, if it is no fork.
    pub(crate) fn family(&self) -> VolumeId {
        self.marker.lineage.root(self.id)
    }

    /// Who decides about a segment without live bytes in the head.
    pub(super) fn claim(&self, holds: &Holds, segment: u64) -> Claim {
        if self.segments.owner(segment) != self.id {
            return Claim::Ancestor;
        }
        if holds.snapshots.iter().flatten().any(|(_, snapshot)| snapshot.needs(segment)) {
            return Claim::Snapshot;
        }
        if segment < holds.shared_below { Claim::Family } else { Claim::Own }
    }

    /// The volume's snapshots, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    pub async fn snapshots(&self) -> Result<Vec<SnapshotInfo>> {
        let mut holds = self.load_holds().await?;
        let known = holds.known().iter();
        let mut found: Vec<_> = known.map(|(id, snapshot)| SnapshotInfo::new(*id, snapshot)).collect();
        found.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        Ok(found)
    }

    /// The snapshot whose id begins with these 8 bytes.
    ///
    /// # Errors
    /// [`Error::NoSuchSnapshot`], [`Error::Unavailable`] if the store does not answer.
    pub async fn snapshot_beginning(&self, with: u64) -> Result<Uuid> {
        let range = Uuid::from_u64_pair(with, 0)..=Uuid::from_u64_pair(with, u64::MAX);
        let mut holds = self.load_holds().await?;
        holds.known().range(range).next().map(|(id, _)| *id).ok_or(Error::NoSuchSnapshot)
    }

    /// The snapshot itself.
    pub(crate) async fn snapshot(&self, id: Uuid) -> Result<Arc<Snapshot>> {
        self.load_holds().await?.known().get(&id).cloned().ok_or(Error::NoSuchSnapshot)
    }

    /// Makes a snapshot of all that was acknowledged before the call.
    pub(crate) async fn make_snapshot(&self, id: Uuid, name: &str) -> Result<SnapshotInfo> {
        check_name(name)?;
        let mut memory = self.checkpoint.lock().await;
        self.load_holds().await?.admit(name)?;
        self.checkpoint_all(&mut memory).await?;
        let counters = self.state.lock().frozen_mark.counters;
        let checkpoint = self.index.pin(id.to_string()).await?;
        let counts = segment_counts(&self.index).await?.into_iter();
        let snapshot = Arc::new(Snapshot {
            name: name.to_owned(),
            created: self.clock.now(),
            checkpoint,
            index: self.marker.index,
            epoch: self.index.epoch(),
            epoch_base: self.marker.epoch_base,
            counters,
            segments: counts.filter(|(_, live)| *live > 0).map(|(segment, _)| segment).collect(),
        });
        let mut holds = self.load_holds().await?;
        let path = snapshot_path(self.id, id);
        if let Err(error) = self.store.put(&path, vec![snapshot.encode()]).await {
            // It may be there all the same: the store is asked before the next use.
            holds.snapshots = None;
            self.garbage.store(true, Ordering::Relaxed);
            return Err(error);
        }
        holds.known().insert(id, snapshot.clone());
        Ok(SnapshotInfo::new(id, &snapshot))
    }

    /// Checkpoints until everything that was acknowledged before the call is in the index.
    pub(super) async fn checkpoint_all(&self, memory: &mut super::checkpoint::Memory) -> Result<()> {
        let wanted = self.state.lock().lsn;
        loop {
            self.checkpoint_with(memory).await?;
            let state = self.state.lock();
            let nothing_left = state.active.is_empty() || state.frozen_mark.lsn >= wanted;
            if state.frozen.is_none() && nothing_left {
                return Ok(());
            }
        }
    }

    /// Deletes a snapshot. What only it needed is collected later.
    pub(crate) async fn drop_snapshot(&self, id: Uuid) -> Result<()> {
        let mut holds = self.load_holds().await?;
        let snapshot = holds.known().get(&id).cloned().ok_or(Error::NoSuchSnapshot)?;
        self.store.delete(&snapshot_path(self.id, id)).await?;
        holds.known().remove(&id);
        drop(holds);
        self.garbage.store(true, Ordering::Relaxed);
        if let Err(error) = self.index.unpin(&index_path(self.id, snapshot.index), snapshot.checkpoint).await
        {
            tracing::warn!(volume = %self.id, %error, "a deleted snapshot's rows are kept until the next collection");
        }
        Ok(())
    }

    /// Where a fork of the head, or of a snapshot, branches off. What the fork will share is claimed by nobody alone
    /// from now on.
    pub(crate) async fn branch_point(&self, snapshot: Option<Uuid>, fork: VolumeId) -> Result<BranchPoint> {
        let mut memory = self.checkpoint.lock().await;
        let mut holds = self.load_holds().await?;
        holds.shared_below = holds.shared_below.max(self.segments.next_number());
        if let Some(id) = snapshot {
            let kept = holds.known().get(&id).ok_or(Error::NoSuchSnapshot)?;
            return Ok(BranchPoint::of(kept));
        }
        drop(holds);
        self.checkpoint_all(&mut memory).await?;
        let mut holds = self.load_holds().await?;
        holds.shared_below = holds.shared_below.max(self.segments.next_number());
        let pin = self.index.pin(format!("fork-{}", fork.0)).await?;
        // The clone keeps what it reads by a pin of its own: this one goes at the next collection.
        self.garbage.store(true, Ordering::Relaxed);
        Ok(BranchPoint {
            index: self.marker.index,
            pin,
            epoch: self.index.epoch(),
            epoch_base: self.marker.epoch_base,
        })
    }
}
