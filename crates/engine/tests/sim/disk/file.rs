//! One file of the simulated disk: what programs see, and what the platter has.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};

use crate::dice::Dice;

const PAGE: usize = 4096;
const SECTOR: usize = 512;

/// See the module.
#[derive(Debug, Default)]
pub struct SimFile {
    live: Vec<u8>,
    platter: Vec<u8>,
    /// Pages written since the last sync.
    dirty: BTreeSet<usize>,
}

impl SimFile {
    /// Size as programs see it, bytes.
    pub fn len(&self) -> u64 {
        self.live.len() as u64
    }

    /// Reads what programs see.
    pub fn read(&self, buffer: &mut [u8], offset: usize) -> io::Result<()> {
        let from = self.live.get(offset..offset + buffer.len()).ok_or(ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(from);
        Ok(())
    }

    /// Writes into the page cache.
    pub fn write(&mut self, bytes: &[u8], offset: usize) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        if self.live.len() < end {
            self.dirty.extend(self.live.len() / PAGE..offset.div_ceil(PAGE));
            self.live.resize(end, 0);
        }
        self.live[offset..end].copy_from_slice(bytes);
        self.dirty.extend(offset / PAGE..=(end - 1) / PAGE);
    }

    /// Puts all dirty pages on the platter.
    pub fn sync(&mut self) {
        self.platter.resize(self.live.len(), 0);
        for page in std::mem::take(&mut self.dirty) {
            let (start, end) = span(page, PAGE, self.live.len());
            self.platter[start..end].copy_from_slice(&self.live[start..end]);
        }
    }

    /// A sync that failed: what it did not write counts as clean from now on, and only the cache has it.
    pub fn fail_sync(&mut self) {
        self.dirty.clear();
    }

    /// Leaves what the platter has, and of every dirty page what had reached it.
    pub fn lose_power(&mut self, dice: &Dice) {
        let mut kept = std::mem::take(&mut self.platter);
        // All, none, or some of what was on its way.
        let habit = dice.below(3);
        for page in std::mem::take(&mut self.dirty) {
            let (start, end) = span(page, PAGE, self.live.len());
            for sector in start / SECTOR..end.div_ceil(SECTOR) {
                let arrived = match habit {
                    0 => false,
                    1 => true,
                    _ => dice.chance(1, 2),
                };
                let (start, end) = span(sector, SECTOR, self.live.len());
                if arrived && start < end {
                    kept.resize(kept.len().max(end), 0);
                    kept[start..end].copy_from_slice(&self.live[start..end]);
                }
            }
        }
        self.live = kept.clone();
        self.platter = kept;
    }
}

/// Where a block of `size` bytes begins and ends in a file of `len`.
fn span(block: usize, size: usize, len: usize) -> (usize, usize) {
    ((block * size).min(len), ((block + 1) * size).min(len))
}
