//! Ranges of bytes as NLM means them: 64 bits unsigned, a length of 0 reaching to the end of the file for ever.

/// A range that is not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteRange {
    /// First byte.
    pub start: u64,
    /// Last byte; `u64::MAX` reaches to the end.
    pub last: u64,
}

impl ByteRange {
    /// The range of a request; `None` if it reaches past the last offset.
    pub fn from_wire(offset: u64, length: u64) -> Option<Self> {
        let last = match length {
            0 => u64::MAX,
            length => offset.checked_add(length - 1)?,
        };
        Some(Self { start: offset, last })
    }

    /// Offset and length on the wire.
    pub fn to_wire(self) -> (u64, u64) {
        let length = if self.last == u64::MAX { 0 } else { self.last - self.start + 1 };
        (self.start, length)
    }

    /// Whether the two have a byte in common.
    pub fn overlaps(self, other: Self) -> bool {
        self.start <= other.last && other.start <= self.last
    }

    /// Whether the two have a byte in common or lie side by side.
    pub fn touches(self, other: Self) -> bool {
        self.start <= other.last.saturating_add(1) && other.start <= self.last.saturating_add(1)
    }

    /// What is left of this range without `other`: before it, and behind it.
    pub fn without(self, other: Self) -> [Option<Self>; 2] {
        if !self.overlaps(other) {
            return [Some(self), None];
        }
        let before = (self.start < other.start).then(|| Self { start: self.start, last: other.start - 1 });
        let behind = (self.last > other.last).then(|| Self { start: other.last + 1, last: self.last });
        [before, behind]
    }

    /// What two ranges that overlap have in common.
    pub fn common(self, other: Self) -> Self {
        Self { start: self.start.max(other.start), last: self.last.min(other.last) }
    }

    /// The smallest range that holds both.
    pub fn joined(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), last: self.last.max(other.last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u64, last: u64) -> ByteRange {
        ByteRange { start, last }
    }

    #[test]
    fn the_wire_counts_to_the_end_with_zero() {
        assert_eq!(ByteRange::from_wire(5, 3), Some(range(5, 7)));
        assert_eq!(ByteRange::from_wire(5, 0), Some(range(5, u64::MAX)));
        assert_eq!(ByteRange::from_wire(i64::MAX as u64, 1), Some(range(i64::MAX as u64, i64::MAX as u64)));
        assert_eq!(ByteRange::from_wire(u64::MAX, 1), Some(range(u64::MAX, u64::MAX)));
        assert_eq!(ByteRange::from_wire(u64::MAX, 2), None);
        assert_eq!(ByteRange::from_wire(2, u64::MAX), None);
        for (offset, length) in [(0, 0), (7, 1), (1 << 40, 1 << 41), (u64::MAX, 0)] {
            assert_eq!(ByteRange::from_wire(offset, length).unwrap().to_wire(), (offset, length));
        }
    }

    #[test]
    fn neighbours_touch_and_do_not_overlap() {
        assert!(range(0, 4).touches(range(5, 9)) && range(5, 9).touches(range(0, 4)));
        assert!(!range(0, 4).overlaps(range(5, 9)) && !range(0, 4).touches(range(6, 9)));
        assert!(range(0, u64::MAX).touches(range(u64::MAX, u64::MAX)));
        assert_eq!(range(0, 9).without(range(3, 5)), [Some(range(0, 2)), Some(range(6, 9))]);
        assert_eq!(range(0, u64::MAX).without(range(3, u64::MAX)), [Some(range(0, 2)), None]);
        assert_eq!(range(3, 5).without(range(0, 9)), [None, None]);
    }
}
