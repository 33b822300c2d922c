//! Randomness of one seed: independent streams, so that a change in one part of a schedule leaves the others.

use holdfast_base::{Random, SeededRandom};

/// A stream of decisions.
pub struct Dice(SeededRandom);

impl Dice {
    /// The stream with this name of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(SeededRandom::new(mix(seed ^ mix(stream))))
    }

    /// A number from 0 to `bound` exclusive.
    pub fn below(&self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    /// Whether something happens that happens `times` in `of` cases.
    pub fn chance(&self, times: u64, of: u64) -> bool {
        self.below(of) < times
    }

    /// One of some values.
    pub fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    /// A number between 1 and `max`, of any magnitude with equal likelihood.
    pub fn magnitude(&self, max: u64) -> u64 {
        let bits = 64 - max.leading_zeros();
        (1 + self.below(1 << self.below(u64::from(bits) + 1))).min(max)
    }
}

/// A number that looks random, the same for the same input.
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
