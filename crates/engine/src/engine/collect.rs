//! Collection: deleting what no head, snapshot or fork of a family needs any more.
//!
//! A family is a volume and all forks that come from it. Each of its *views* (the heads and snapshots that exist)
//! counts exactly which segments it uses. A segment that no view counts, that nobody is about to point into and
//! that no journal record points at, is deleted; so is an index that is no head and that nothing pins. Deleted
//! volumes whose last part went end here.
//!
//! Why reading the views one after the other is enough: no view ever begins to use a segment of another volume or
//! of its own past, but by a fork or a restore, and those wait for the family's turn. Segments on their way into a
//! head are looked at under that volume's own lock.
//!
//! In a crash: every step deletes only what is already not needed, and the next collection finds the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use holdfast_base::{VolumeId, limits};
use object_store::ObjectStore;
use object_store::path::Path;
use uuid::Uuid;

use super::Engine;
use super::delete::{id_in, is_any, read_tombstone};
use crate::error::Result;
use crate::format::marker::Marker;
use crate::index::{Pin, collect_closed, delete_index, ties, unpin};
use crate::segments::segment_path;
use crate::volume::{
    Registry, family_prefix, index_path, member_path, prefix, read_marker, read_snapshots, segment_counts,
};

/// What a collection deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Segments.
    pub segments: u64,
    /// Live bytes that were moved out of segments that are mostly dead.
    pub moved_bytes: u64,
    /// Indexes that nobody reads any more.
    pub indexes: u64,
    /// Deleted volumes of which nothing is left.
    pub volumes: u64,
}

/// Deletions that run at once.
const DELETES_AT_ONCE: usize = 8;

/// One volume of a family, as the collection found it.
struct Member {
    id: VolumeId,
    /// The number of its head's index; `None` if the volume was deleted or never came to be.
    head: Option<u64>,
    marker: Marker,
    snapshots: Registry,
}

/// The segments that some view of the family uses, by their owners.
type Needed = BTreeMap<VolumeId, BTreeSet<u64>>;

impl Engine {
    /// Deletes what nobody needs in the family of a volume: segments, indexes, the rest of deleted relatives.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] if the store does not work; what is left waits for the next time.
    pub async fn collect_garbage(&self, id: VolumeId) -> Result<Collected> {
        let family = self.family_of(id).await?;
        self.collect_family(family).await
    }

    pub(super) async fn collect_family(&self, family: VolumeId) -> Result<Collected> {
        let _turn = self.family_lock(family).lock_owned().await;
        let members = self.members(family).await?;
        let moved_bytes = self.rewrite(&members).await?;
        let mut needed = Needed::new();
        for member in members.iter().filter(|member| member.head.is_some()) {
            note_snapshots(member, &mut needed);
            self.note_head(member, &mut needed).await?;
        }
        let indexes = self.collect_indexes(&members).await?;
        let mut collected = Collected { moved_bytes, indexes, ..Collected::default() };
        for member in &members {
            let none = BTreeSet::new();
            let used = needed.get(&member.id).unwrap_or(&none);
            collected.segments += self.collect_segments(member, used).await?;
        }
        collected.volumes = self.collect_ghosts(family, &members).await?;
        metrics::counter!("holdfast_collected_segments_total").increment(collected.segments);
        metrics::counter!("holdfast_rewritten_bytes_total").increment(collected.moved_bytes);
        Ok(collected)
    }

    /// The volumes of a family, those included that were deleted or never came to be. The family's first is the
    /// last, for it goes last.
    async fn members(&self, family: VolumeId) -> Result<Vec<Member>> {
        let store = &self.env.store;
        let listed = store.objects().list(Some(&family_prefix(family)));
        let mut ids: Vec<_> =
            listed.try_filter_map(|object| async move { Ok(id_in(&object.location)) }).try_collect().await?;
        ids.push(family);
        let mut members = Vec::with_capacity(ids.len());
        for id in ids {
            members.push(match read_marker(store, id).await? {
                Some(marker) => Member {
                    id,
                    head: Some(marker.index),
                    marker,
                    snapshots: read_snapshots(store, id).await?,
                },
                None => {
                    let was = read_tombstone(store, id).await?.unwrap_or_default();
                    Member { id, head: None, marker: was, snapshots: Registry::new() }
                }
            });
        }
        Ok(members)
    }

    /// Rewrites what is mostly dead in the volumes that are open; the bytes moved. Segments that a snapshot or a
    /// relative needs stay as they are: moving the head away from them would free nothing.
    async fn rewrite(&self, members: &[Member]) -> Result<u64> {
        let mut moved = 0;
        for member in members {
            let open = self.slots.lock().get(&member.id).and_then(|slot| slot.volume.lock().clone());
            let Some(volume) = open.filter(|_| member.head.is_some()) else { continue };
            let mut held = Needed::new();
            members.iter().for_each(|other| note_snapshots(other, &mut held));
            for other in members.iter().filter(|other| other.id != member.id) {
                self.note_head(other, &mut held).await?;
            }
            let bytes = volume.rewrite(held.get(&member.id).unwrap_or(&BTreeSet::new())).await?;
            if bytes > 0 {
                // Counts the old places as dead, so that this collection can take them.
                volume.checkpoint().await?;
            }
            moved += bytes;
        }
        Ok(moved)
    }

    /// Adds the segments that the head of a volume uses.
    async fn note_head(&self, member: &Member, needed: &mut Needed) -> Result<()> {
        let counts = self.head_counts(member).await?;
        let used = counts.iter().filter(|(_, live)| *live > 0).map(|(segment, _)| *segment);
        note(member, used, needed);
        Ok(())
    }

    /// The live bytes of each segment, as the head's index says.
    async fn head_counts(&self, member: &Member) -> Result<Vec<(u64, u64)>> {
        let open = self.slots.lock().get(&member.id).and_then(|slot| slot.volume.lock().clone());
        if let Some(volume) = open.filter(|volume| !volume.is_closed()) {
            return volume.durable_counts().await;
        }
        let Some(head) = member.head else { return Ok(Vec::new()) };
        let path = index_path(member.id, head);
        let keys = self.env.keys_of(member.id, &member.marker).await?;
        let index = self.env.view_index(path, self.next_opening(), None, keys.as_ref()).await?;
        let counts = segment_counts(&index).await;
        index.close().await?;
        counts
    }

    /// Deletes pins that no snapshot names and no clone has, and indexes that are no heads and that nothing pins. One
    /// that goes may have pinned another: goes on until none goes.
    async fn collect_indexes(&self, members: &[Member]) -> Result<u64> {
        let (store, cache) = (&self.env.store, &self.env.index_cache);
        let mut deleted = 0;
        loop {
            let before = deleted;
            let mut found = Vec::new();
            for member in members {
                for path in self.index_paths(member.id).await? {
                    let tied = ties(store, cache, &path).await?;
                    found.push((member, path, tied));
                }
            }
            // A clone that is gone may have left its pin: a crash, or a call that landed late.
            let borrowed: BTreeSet<_> = found.iter().flat_map(|(.., tied)| tied.borrows.clone()).collect();
            for (member, path, tied) in &found {
                if self.collect_index(member, path, &tied.pins, &borrowed).await? {
                    deleted += 1;
                }
            }
            if deleted == before {
                return Ok(deleted);
            }
        }
    }

    /// Where the indexes of a volume lie.
    pub(super) async fn index_paths(&self, id: VolumeId) -> Result<Vec<Path>> {
        let listed = self.env.store.objects().list_with_delimiter(Some(&prefix(id))).await?;
        let mut paths = Vec::new();
        for path in listed.common_prefixes {
            let is_index = path.filename().is_some_and(|name| name.starts_with("index"));
            // A store of files shows directories that are empty.
            if is_index && is_any(&self.env.store, &path).await? {
                paths.push(path);
            }
        }
        Ok(paths)
    }

    /// Looks at one index; whether it was deleted.
    async fn collect_index(
        &self,
        member: &Member,
        path: &Path,
        pins: &[Pin],
        borrowed: &BTreeSet<Uuid>,
    ) -> Result<bool> {
        let (store, cache) = (&self.env.store, &self.env.index_cache);
        let is_head = member.head.is_some_and(|head| *path == index_path(member.id, head));
        let mut kept = 0;
        for pin in pins {
            let is_needed = match &pin.name {
                Some(name) => member.snapshots.keys().any(|id| id.to_string() == *name),
                None => borrowed.contains(&pin.id),
            };
            if is_needed {
                kept += 1;
            } else {
                unpin(store, cache, path, pin.id).await?;
            }
        }
        if !is_head && kept == 0 {
            delete_index(store, cache, path).await?;
            return Ok(true);
        }
        collect_closed(store, cache, path, self.env.random.as_ref()).await;
        Ok(false)
    }

    /// Deletes the segments of a volume that no view uses and that nobody is about to use.
    async fn collect_segments(&self, member: &Member, used: &BTreeSet<u64>) -> Result<u64> {
        let listed = self.env.store.objects().list(Some(&prefix(member.id).join("segments")));
        let listed: Vec<u64> = listed
            .try_filter_map(|object| async move {
                let name = object.location.filename().unwrap_or_default();
                Ok(u64::from_str_radix(name, 16).ok())
            })
            .try_collect()
            .await?;
        let unused: Vec<_> = listed.into_iter().filter(|segment| !used.contains(segment)).collect();
        if unused.is_empty() {
            return Ok(0);
        }
        let doomed = if member.head.is_some() { self.doomed(member, unused).await? } else { unused };
        let deletes = doomed.iter().map(|segment| self.delete_segment(member.id, *segment).boxed());
        stream::iter(deletes.collect::<Vec<_>>())
            .buffer_unordered(DELETES_AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(doomed.len() as u64)
    }

    async fn delete_segment(&self, owner: VolumeId, segment: u64) -> Result<()> {
        self.env.store.delete(&segment_path(owner, segment)).await
    }

    /// Which of these segments of a volume that exists can go. Numbers are never used again, so what can go now can
    /// go later.
    async fn doomed(&self, member: &Member, unused: Vec<u64>) -> Result<Vec<u64>> {
        let slot = self.slot(member.id);
        let _turn = slot.turn.lock().await;
        let open = slot.volume.lock().clone();
        if let Some(volume) = open {
            return volume.doomed(unused).await;
        }
        if self.recovered.lock().volumes().any(|id| id == member.id) {
            // The journal may point at segments that the index does not count yet.
            return Ok(Vec::new());
        }
        let counted: BTreeSet<u64> = self
            .head_counts(member)
            .await?
            .into_iter()
            .filter(|(_, live)| *live > 0)
            .map(|(n, _)| n)
            .collect();
        Ok(unused.into_iter().filter(|segment| !counted.contains(segment)).collect())
    }

    /// Ends deleted members of which only their names are left.
    async fn collect_ghosts(&self, family: VolumeId, members: &[Member]) -> Result<u64> {
        let store = &self.env.store;
        let mut ended = 0;
        for member in members.iter().filter(|member| member.head.is_none()) {
            let has_segments = is_any(store, &prefix(member.id).join("segments")).await?;
            let has_indexes = !self.index_paths(member.id).await?.is_empty();
            let has_forks = member.id == family && is_any(store, &family_prefix(family)).await?;
            if has_segments || has_indexes || has_forks {
                continue;
            }
            let was_something = store.delete_all(&prefix(member.id)).await? > 0;
            if member.id != family {
                store.delete(&member_path(family, member.id)).await?;
            }
            ended += u64::from(was_something);
        }
        Ok(ended)
    }

    /// Collects a family in the background soon.
    pub(super) fn note_garbage(&self, family: VolumeId) {
        self.garbage.lock().insert(family);
    }

    /// Collects what was given up, and now and then looks for what crashes left.
    pub(super) async fn keep_collecting(self: Arc<Self>) {
        let mut rounds = 0u64;
        loop {
            tokio::time::sleep(Duration::from_secs(limits::COLLECT_SECONDS)).await;
            self.collect_due().await;
            self.close_idle_views().await;
            rounds += 1;
            if rounds % limits::SWEEP_ROUNDS == 1
                && let Err(error) = self.sweep().await
            {
                tracing::warn!(%error, "the store could not be swept; it will be tried again");
            }
        }
    }

    /// Collects the families in which something was given up; an error waits for the next time.
    pub(super) async fn collect_due(&self) {
        for volume in self.open_volumes() {
            if volume.take_garbage() {
                self.note_garbage(volume.family());
            }
        }
        let due = std::mem::take(&mut *self.garbage.lock());
        for family in due {
            if let Err(error) = self.collect_family(family).await {
                tracing::warn!(volume = %family, %error, "a collection failed; it will be tried again");
                self.note_garbage(family);
            }
        }
    }

    /// Looks at every volume in the store, one after the other, for what crashes left behind.
    pub(super) async fn sweep(&self) -> Result<()> {
        let listed = self.env.store.objects().list_with_delimiter(Some(&Path::from("volumes"))).await?;
        for path in &listed.common_prefixes {
            let Some(id) = id_in(path) else { continue };
            if let Err(error) = self.collect_garbage(id).await {
                tracing::warn!(volume = %id, %error, "a volume could not be swept");
            }
            tokio::time::sleep(SWEEP_PAUSE).await;
        }
        Ok(())
    }
}

/// Adds the segments that the snapshots of a volume use.
fn note_snapshots(member: &Member, needed: &mut Needed) {
    let used = member.snapshots.values().flat_map(|snapshot| &snapshot.segments).copied();
    note(member, used, needed);
}

/// Adds segments that a view of a volume uses, each to its owner's.
fn note(member: &Member, segments: impl Iterator<Item = u64>, needed: &mut Needed) {
    for segment in segments {
        needed.entry(member.marker.lineage.owner(segment, member.id)).or_default().insert(segment);
    }
}

/// Rest between two volumes of a sweep: it is never in a hurry.
const SWEEP_PAUSE: Duration = Duration::from_millis(100);
