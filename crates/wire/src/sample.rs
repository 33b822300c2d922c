//! Random values of every wire type, for the property tests. One seed is one value.

use bytes::Bytes;

use crate::xdr::Payload;

/// A small deterministic generator (splitmix64).
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.u64() % bound as u64) as usize
    }

    /// Up to `limit` bytes: mostly short, sometimes the whole limit.
    pub(crate) fn bytes(&mut self, limit: usize) -> Bytes {
        let length = match self.below(20) {
            0 => limit,
            1 => self.below(limit + 1),
            _ => self.below(limit.min(40) + 1),
        };
        (0..length).map(|_| self.u64() as u8).collect()
    }

    /// A few values.
    pub(crate) fn list<T: Sample>(&mut self) -> Vec<T> {
        (0..self.below(5)).map(|_| T::sample(self)).collect()
    }
}

/// A type with random values.
pub(crate) trait Sample {
    fn sample(random: &mut Source) -> Self;
}

impl Sample for () {
    fn sample(_: &mut Source) -> Self {}
}

impl Sample for bool {
    fn sample(random: &mut Source) -> Self {
        random.below(2) == 1
    }
}

impl Sample for u32 {
    fn sample(random: &mut Source) -> Self {
        random.u64() as u32
    }
}

impl Sample for u64 {
    fn sample(random: &mut Source) -> Self {
        random.u64()
    }
}

impl<T: Sample> Sample for Option<T> {
    fn sample(random: &mut Source) -> Self {
        bool::sample(random).then(|| T::sample(random))
    }
}

impl Sample for Payload {
    fn sample(random: &mut Source) -> Self {
        if bool::sample(random) {
            return Self::One(random.bytes(20_000));
        }
        Self::Many((0..random.below(4)).map(|_| random.bytes(9_000)).collect())
    }
}
