//! A volume's side of shipping: which bytes of its segment files the store has nowhere.
//!
//! Noted when a record that points at them is appended, under the same lock, so that whoever has read a record finds
//! its bytes noted. Segments that are in the store whole need no note.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_base::{Durability, limits};

use super::Volume;
use super::state::State;
use crate::error::Result;
use crate::format::frame::end_of;
use crate::format::record::Change;
use crate::ship::object::Piece;
use crate::ship::ranges::Ranges;

/// Bytes by segment.
pub(crate) type Unshipped = BTreeMap<u64, Ranges>;

impl State {
    /// Notes what a record points at.
    pub(super) fn note_unshipped(&mut self, changes: &[Change]) {
        for change in changes {
            if let Change::Frame { at, .. } = change {
                let noted = self.unshipped.entry(at.segment).or_default();
                noted.add(u64::from(at.position), end_of(*at));
            }
        }
    }
}

impl Volume {
    /// Whether this volume's records are to be shipped.
    pub(crate) fn ships(&self) -> bool {
        self.shipping.is_for_all() || self.settings().durability == Durability::Object
    }

    /// Adds what the store lacks to `pieces`, or puts it there as whole segments where it is much. `carried_bytes` is
    /// the sum of all pieces.
    pub(crate) async fn carry(&self, pieces: &mut Vec<Piece>, carried_bytes: &mut u64) -> Result<()> {
        let noted = self.state.lock().unshipped.clone();
        for (segment, ranges) in noted {
            let bytes = ranges.bytes();
            let is_much = bytes >= limits::SHIP_CARRIED_MAX_BYTES
                || *carried_bytes + bytes > limits::SHIP_OBJECT_MAX_BYTES;
            if is_much {
                self.segments.put_early(segment).await?;
            }
            if !self.segments.is_waiting(segment) {
                self.state.lock().unshipped.remove(&segment);
                continue;
            }
            for (from, to) in ranges.iter() {
                // A checkpoint may have put it into the store meanwhile.
                let Some(data) = self.segments.read_waiting(segment, from, to).await? else { break };
                pieces.push(Piece { volume: self.id, segment, position: from, data });
            }
            *carried_bytes += bytes;
        }
        Ok(())
    }

    /// The store has these bytes of a segment now.
    pub(crate) fn carried(&self, segment: u64, from: u64, to: u64) {
        let mut state = self.state.lock();
        if let Some(ranges) = state.unshipped.get_mut(&segment) {
            ranges.remove(from, to);
            if ranges.is_empty() {
                state.unshipped.remove(&segment);
            }
        }
    }

    /// Forgets the notes of segments that a checkpoint has put into the store.
    pub(super) fn forget_unshipped(&self) {
        let segments = Arc::clone(&self.segments);
        let noted: Vec<u64> = self.state.lock().unshipped.keys().copied().collect();
        let there: Vec<u64> = noted.into_iter().filter(|segment| !segments.is_waiting(*segment)).collect();
        let mut state = self.state.lock();
        for segment in there {
            state.unshipped.remove(&segment);
        }
    }
}
