//! The consistency check: everything is counted again from its source, and every difference is reported.
//!
//! For each head and each snapshot: inodes, links, entries both ways, bytes in use, the live bytes of segments, and
//! that the segments are there and long enough (with `deep`, that every frame opens). For each family: that forks
//! are known to it, and which objects nobody needs. Objects that nobody needs are no fault: a crash leaves them,
//! and the next collection takes them.
//!
//! What the journal holds is brought into the indexes first, as any start does.

mod objects;
mod tree;
mod view;

use std::collections::BTreeMap;

use holdfast_base::{VolumeId, limits};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::engine::{Engine, id_in};
use crate::error::Result;
use crate::store::Store;
use crate::volume::{Volume, member_path, read_marker};
use objects::Segments;

/// One difference between what is written and what was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The volume.
    pub volume: VolumeId,
    /// The snapshot by name; `None` for the head.
    pub snapshot: Option<String>,
    /// What differs.
    pub what: String,
}

/// What a check counted and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Volumes that exist.
    pub volumes: u64,
    /// Their snapshots.
    pub snapshots: u64,
    /// Inodes in all heads and snapshots.
    pub inodes: u64,
    /// Segments in the store.
    pub segments: u64,
    /// Their bytes.
    pub segment_bytes: u64,
    /// Segments that no head, snapshot or fork needs.
    pub orphans: u64,
    /// Their bytes.
    pub orphan_bytes: u64,
    /// Frames that were opened.
    pub frames: u64,
    /// The differences, the first of them.
    pub problems: Vec<Problem>,
    /// How many there were.
    pub problem_count: u64,
}

impl Report {
    /// Whether everything that was counted is as it is written.
    pub fn is_clean(&self) -> bool {
        self.problem_count == 0
    }

    fn add(&mut self, volume: VolumeId, snapshot: Option<&str>, what: impl Into<String>) {
        self.problem_count += 1;
        if self.problems.len() < limits::CHECK_PROBLEMS_MAX {
            self.problems.push(Problem { volume, snapshot: snapshot.map(str::to_owned), what: what.into() });
        }
    }
}

impl Engine {
    /// Checks every volume in the store. With `deep` every frame is read and opened.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`] and [`crate::Error::Io`] if store or disk do not work. What is damaged is
    /// a difference in the report, not an error.
    pub async fn check(&self, deep: bool) -> Result<Report> {
        let store = self.store();
        let listed = store.objects().list_with_delimiter(Some(&Path::from("volumes"))).await?;
        let ids: Vec<_> = listed.common_prefixes.iter().filter_map(id_in).collect();
        let mut report = Report::default();
        for id in &ids {
            if let Err(error @ (crate::Error::Unavailable(_) | crate::Error::Io(_))) = self.settle(*id).await
            {
                return Err(error);
            }
        }
        let mut segments = BTreeMap::new();
        for id in &ids {
            segments.insert(*id, Segments::list(store, *id).await?);
        }
        for id in &ids {
            if let Err(error) = self.check_volume(*id, deep, &mut segments, &mut report).await {
                if matches!(error, crate::Error::Unavailable(_) | crate::Error::Io(_)) {
                    return Err(error);
                }
                report.add(*id, None, error.to_string());
            }
        }
        for listed in segments.values() {
            listed.count(&mut report);
        }
        Ok(report)
    }

    /// Brings what the journal holds of a volume into the store. What is damaged shows when it is checked.
    async fn settle(&self, id: VolumeId) -> Result<()> {
        if read_marker(self.store(), id).await?.is_some() {
            drop(self.volume(id).await?.settle().await?);
        }
        Ok(())
    }

    async fn check_volume(
        &self,
        id: VolumeId,
        deep: bool,
        segments: &mut BTreeMap<VolumeId, Segments>,
        report: &mut Report,
    ) -> Result<()> {
        let store = self.store();
        let Some(marker) = read_marker(store, id).await? else { return Ok(()) };
        report.volumes += 1;
        let family = marker.lineage.root(id);
        if family != id && !is_there(store, &member_path(family, id)).await? {
            report.add(id, None, format!("the family of {family} does not know of this fork"));
        }
        let head = self.volume(id).await?;
        check_view(&head, None, deep, segments, report).await?;
        for snapshot in head.snapshots().await? {
            report.snapshots += 1;
            let checked = async {
                let view = self.snapshot(id, snapshot.id).await?;
                check_view(&view, Some(&snapshot.name), deep, segments, report).await?;
                let kept = head.snapshot(snapshot.id).await?;
                let used: Vec<_> = view.segment_counts().await?;
                let used: Vec<_> = used.into_iter().filter(|(_, live)| *live > 0).map(|(n, _)| n).collect();
                if used != kept.segments {
                    report.add(id, Some(&snapshot.name), "its object names other segments than its rows use");
                }
                Ok(())
            };
            match checked.await {
                Err(error @ (crate::Error::Unavailable(_) | crate::Error::Io(_))) => return Err(error),
                Err(error) => report.add(id, Some(&snapshot.name), error.to_string()),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

async fn check_view(
    volume: &Volume,
    snapshot: Option<&str>,
    deep: bool,
    segments: &mut BTreeMap<VolumeId, Segments>,
    report: &mut Report,
) -> Result<()> {
    let facts = volume.count_again(deep).await?;
    report.inodes += facts.inodes;
    report.frames += facts.frames;
    for what in facts.problems {
        report.add(volume.id(), snapshot, what);
    }
    for (segment, end) in facts.segment_ends {
        let owner = volume.segment_owner(segment);
        let found = segments.get_mut(&owner).and_then(|listed| listed.need(segment));
        match found {
            None => {
                report.add(volume.id(), snapshot, format!("segment {segment:016x} of {owner} is missing"))
            }
            Some(size) if size < end => {
                let what =
                    format!("segment {segment:016x} of {owner} has {size} bytes and is used up to {end}");
                report.add(volume.id(), snapshot, what);
            }
            Some(_) => {}
        }
    }
    Ok(())
}

async fn is_there(store: &Store, path: &Path) -> Result<bool> {
    Ok(store.read_whole(path).await?.is_some())
}
