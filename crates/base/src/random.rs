//! Randomness as an argument. Secrets come from [`OsRandom`]; the simulator passes [`SeededRandom`].

use std::sync::Mutex;

use rand::{RngCore, SeedableRng, TryRngCore};

/// A source of random bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills `out` with random bytes.
    fn fill(&self, out: &mut [u8]);

    /// A random 64-bit number.
    fn next_u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }
}

/// The operating system's cryptographic source.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, out: &mut [u8]) {
        rand::rngs::OsRng.try_fill_bytes(out).expect("the operating system has a random source");
    }
}

/// A reproducible sequence: one seed is one schedule. Never for secrets.
#[derive(Debug)]
pub struct SeededRandom(Mutex<rand::rngs::SmallRng>);

impl SeededRandom {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(rand::rngs::SmallRng::seed_from_u64(seed)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) {
        self.0.lock().expect("no holder of this lock panics").fill_bytes(out);
    }
}
