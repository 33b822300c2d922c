//! File content as ranges of recognizable patterns: cheap to keep in many versions, exact to compare.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::dice::mix;

/// A range of a file: `len` bytes from `skip` of the pattern `tag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    len: u64,
    tag: u64,
    skip: u64,
}

/// The data of a file; what no run covers is a hole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content(BTreeMap<u64, Run>);

/// The byte at `at` of a pattern.
fn byte(tag: u64, at: u64) -> u8 {
    mix(tag ^ (at / 8)).to_le_bytes()[(at % 8) as usize]
}

/// The first `len` bytes of a pattern. Patterns differ in every eight bytes.
pub fn pattern(tag: u64, len: usize) -> Bytes {
    let words = (0..len.div_ceil(8) as u64).flat_map(|word| mix(tag ^ word).to_le_bytes());
    words.take(len).collect::<Vec<_>>().into()
}

impl Content {
    /// Bytes that are not holes.
    pub fn used(&self) -> u64 {
        self.0.values().map(|run| run.len).sum()
    }

    /// Bytes that are not holes in a range.
    pub fn covered(&self, from: u64, to: u64) -> u64 {
        let runs = self.0.range(..to).rev();
        let overlapping = runs.take_while(|(start, run)| *start + run.len > from);
        overlapping.map(|(start, run)| (start + run.len).min(to) - (*start).max(from)).sum()
    }

    /// Makes a range a hole.
    pub fn punch(&mut self, from: u64, to: u64) {
        let hit: Vec<_> = self
            .0
            .range(..to)
            .rev()
            .take_while(|(start, run)| *start + run.len > from)
            .map(|(start, run)| (*start, *run))
            .collect();
        for (start, run) in hit {
            self.0.remove(&start);
            if start < from {
                self.0.insert(start, Run { len: from - start, ..run });
            }
            let end = start + run.len;
            if end > to {
                self.0.insert(to, Run { len: end - to, tag: run.tag, skip: run.skip + (to - start) });
            }
        }
    }

    /// Puts the first `len` bytes of a pattern at an offset.
    pub fn write(&mut self, offset: u64, len: u64, tag: u64) {
        if len > 0 {
            self.punch(offset, offset + len);
            self.0.insert(offset, Run { len, tag, skip: 0 });
        }
    }

    /// The first place at which `found`, read at `offset`, is not what it should be.
    pub fn mismatch(&self, offset: u64, found: &[u8]) -> Option<u64> {
        let end = offset + found.len() as u64;
        let part = |from: u64, to: u64| &found[(from - offset) as usize..(to - offset) as usize];
        let hole = |from: u64, to: u64| {
            let bytes = part(from, to);
            // Compared as a whole first: holes may be long.
            let zeros = bytes.iter().all(|byte| *byte == 0);
            if zeros { None } else { bytes.iter().position(|byte| *byte != 0).map(|at| from + at as u64) }
        };
        let first = self.0.range(..=offset).next_back().map_or(offset, |(start, _)| *start);
        let mut at = offset;
        for (start, run) in self.0.range(first..end) {
            let (from, to) = ((*start).max(at), (start + run.len).min(end));
            if from >= to {
                continue;
            }
            if let Some(wrong) = hole(at, from) {
                return Some(wrong);
            }
            let skip = run.skip + (from - start);
            let bytes = part(from, to).iter().enumerate();
            let wrong =
                bytes.into_iter().find(|(index, found)| **found != byte(run.tag, skip + *index as u64));
            if let Some((index, _)) = wrong {
                return Some(from + index as u64);
            }
            at = to;
        }
        hole(at, end)
    }
}
