//! What the files hold: a function of seed, file, and offset, so that every byte read can be checked.
//!
//! A pool of random bytes is made once. Each MiB of a file is a window into it whose start depends on the file and on
//! the MiB. So content costs nothing to make (a WRITE shares the pool's memory) and a comparison to check, yet a block
//! from the wrong place, file or generation differs. What the pool does not do: it does not compress, and a store that
//! looks for duplicates at any byte offset would find some.

use bytes::Bytes;

use crate::error::{BenchError, Result};

/// File bytes that share one window; also the largest READ and WRITE.
pub const UNIT_BYTES: u64 = 1 << 20;

/// A small random generator (splitmix64): for content and offsets, where one seed must be one sequence.
#[derive(Clone, Debug)]
pub struct Sequence(u64);

impl Sequence {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Its next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Its next number, below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// The numbers below `count`, in random order.
    pub fn shuffled(&mut self, count: u64) -> Vec<u64> {
        let mut numbers: Vec<u64> = (0..count).collect();
        for last in (1..numbers.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            numbers.swap(last, other);
        }
        numbers
    }
}

fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// Which file, in which generation. The same key has the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileKey(u64);

impl FileKey {
    /// The file of this name; each generation of it holds something else.
    pub fn new(name: &str, generation: u64) -> Self {
        Self(name.bytes().fold(mix(generation ^ 0x5eed), |key, byte| mix(key ^ u64::from(byte))))
    }
}

/// The content of every file of one run.
#[derive(Clone, Debug)]
pub struct Content {
    /// Two units long, so that a window may start at any byte of the first.
    pool: Bytes,
}

impl Content {
    /// The content of `seed`.
    pub fn new(seed: u64) -> Self {
        let mut sequence = Sequence::new(seed);
        let words = 2 * UNIT_BYTES as usize / 8;
        let pool: Vec<u8> = (0..words).flat_map(|_| sequence.next().to_le_bytes()).collect();
        Self { pool: pool.into() }
    }

    /// The `length` bytes of a file from `offset`, which must lie in one unit. Shares the pool's memory.
    pub fn at(&self, file: FileKey, offset: u64, length: usize) -> Bytes {
        let (unit, within) = (offset / UNIT_BYTES, offset % UNIT_BYTES);
        debug_assert!(within + length as u64 <= UNIT_BYTES, "one window");
        let start = (mix(file.0 ^ mix(unit)) % UNIT_BYTES + within) as usize;
        self.pool.slice(start..start + length)
    }

    /// Whether `found` is what a file holds from `offset`; the error says where it is not.
    pub fn check(&self, file: FileKey, offset: u64, length: usize, found: &[u8]) -> Result<()> {
        let expected = self.at(file, offset, length);
        if expected == found {
            return Ok(());
        }
        let equal = expected.iter().zip(found).take_while(|(left, right)| left == right).count();
        Err(BenchError::Wrong(format!(
            "read {} of {length} bytes at offset {offset}; they differ from byte {equal} on",
            found.len()
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> FileKey {
        FileKey::new("file", 0)
    }

    #[test]
    fn one_seed_is_one_content() {
        let (one, same, other) = (Content::new(1), Content::new(1), Content::new(2));
        assert_eq!(one.at(key(), 5 * UNIT_BYTES, 4096), same.at(key(), 5 * UNIT_BYTES, 4096));
        assert_ne!(one.at(key(), 0, 4096), other.at(key(), 0, 4096));
    }

    #[test]
    fn a_part_is_a_slice_of_the_whole() {
        let content = Content::new(1);
        let whole = content.at(key(), 3 * UNIT_BYTES, UNIT_BYTES as usize);
        assert_eq!(whole.slice(8192..12288), content.at(key(), 3 * UNIT_BYTES + 8192, 4096));
    }

    #[test]
    fn any_other_place_file_or_generation_differs() {
        let content = Content::new(1);
        let block = content.at(key(), 4096, 4096);
        for (file, offset) in [
            (key(), 0),
            (key(), UNIT_BYTES + 4096),
            (FileKey::new("elif", 0), 4096),
            (FileKey::new("file", 1), 4096),
        ] {
            assert!(content.check(file, offset, 4096, &block).is_err(), "{file:?} {offset}");
        }
        content.check(key(), 4096, 4096, &block).unwrap();
    }

    #[test]
    fn a_flipped_byte_and_a_short_read_are_told() {
        let content = Content::new(1);
        let mut block = content.at(key(), 0, 4096).to_vec();
        assert!(content.check(key(), 0, 4096, &block[..4095]).is_err());
        block[1234] ^= 1;
        let told = content.check(key(), 0, 4096, &block).unwrap_err().to_string();
        assert!(told.contains("from byte 1234"), "{told}");
    }

    #[test]
    fn a_shuffle_is_a_permutation() {
        let mut shuffled = Sequence::new(9).shuffled(1000);
        assert!(!shuffled.is_sorted());
        shuffled.sort_unstable();
        assert!(shuffled.into_iter().eq(0..1000));
    }
}
