//! Sets of bytes of a file, as ranges that neither touch nor overlap.

use std::collections::BTreeMap;

/// Start to end of each range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ranges(BTreeMap<u64, u64>);

impl Ranges {
    /// Adds the bytes from `start` to `end`.
    pub(crate) fn add(&mut self, mut start: u64, mut end: u64) {
        while let Some((&first, &last)) = self.0.range(..=end).next_back() {
            if last < start {
                break;
            }
            self.0.remove(&first);
            start = start.min(first);
            end = end.max(last);
        }
        self.0.insert(start, end);
    }

    /// Takes the bytes from `start` to `end` out.
    pub(crate) fn remove(&mut self, start: u64, end: u64) {
        while let Some((&first, &last)) = self.0.range(..end).next_back() {
            if last <= start {
                return;
            }
            self.0.remove(&first);
            if last > end {
                self.0.insert(end, last);
            }
            if first < start {
                self.0.insert(first, start);
            }
        }
    }

    /// The ranges in order: start and end.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().map(|(start, end)| (*start, *end))
    }

    /// Bytes in all of them.
    pub(crate) fn bytes(&self) -> u64 {
        self.iter().map(|(start, end)| end - start).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_of_ranges_is_a_set_of_bytes(steps in prop::collection::vec((any::<bool>(), 0..60u64, 1..20u64), 0..40)) {
            let mut ranges = Ranges::default();
            let mut bytes = [false; 80];
            for (add, start, len) in steps {
                if add { ranges.add(start, start + len) } else { ranges.remove(start, start + len) }
                bytes[start as usize..(start + len) as usize].fill(add);
            }
            let mut seen = [false; 80];
            let mut last_end = None;
            for (start, end) in ranges.iter() {
                prop_assert!(start < end && last_end.is_none_or(|last| last < start), "apart");
                last_end = Some(end);
                seen[start as usize..end as usize].fill(true);
            }
            prop_assert_eq!(seen, bytes);
            prop_assert_eq!(ranges.bytes(), bytes.iter().filter(|byte| **byte).count() as u64);
        }
    }
}
