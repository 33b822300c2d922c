//! The segments of one volume in the store, and which of them somebody needs.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use holdfast_base::VolumeId;
use object_store::ObjectStore;

use super::Report;
use crate::error::Result;
use crate::store::Store;
use crate::volume::prefix;

/// See the module.
pub(super) struct Segments {
    sizes: BTreeMap<u64, u64>,
    needed: BTreeSet<u64>,
}

impl Segments {
    pub(super) async fn list(store: &Store, owner: VolumeId) -> Result<Self> {
        let mut listing = store.objects().list(Some(&prefix(owner).join("segments")));
        let mut sizes = BTreeMap::new();
        while let Some(object) = listing.try_next().await? {
            let name = object.location.filename().unwrap_or_default();
            if let Ok(number) = u64::from_str_radix(name, 16) {
                sizes.insert(number, object.size);
            }
        }
        Ok(Self { sizes, needed: BTreeSet::new() })
    }

    /// Notes that a segment is needed; its size, if it is there.
    pub(super) fn need(&mut self, segment: u64) -> Option<u64> {
        self.needed.insert(segment);
        self.sizes.get(&segment).copied()
    }

    /// Adds the segments, and those that nobody needs, to a report.
    pub(super) fn count(&self, report: &mut Report) {
        for (segment, size) in &self.sizes {
            report.segments += 1;
            report.segment_bytes += size;
            if !self.needed.contains(segment) {
                report.orphans += 1;
                report.orphan_bytes += size;
            }
        }
    }
}
