//! The disk's own figures, without a file server: what the servers are judged by beside each other.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::fs::{FallocateFlags, fallocate, fdatasync, syncfs};

use crate::content::{Content, FileKey, UNIT_BYTES};
use crate::error::Result;
use crate::meter::{Measurement, Meter};

/// Bytes of one small write.
const BLOCK_BYTES: u64 = 4096;
/// Blocks that small writes go round in.
const BLOCKS: u64 = 1024;

/// A directory on the disk.
#[derive(Debug)]
pub struct Disk {
    dir: PathBuf,
    content: std::rc::Rc<Content>,
}

impl Disk {
    /// The disk that holds `dir`.
    pub fn new(dir: &Path, content: std::rc::Rc<Content>) -> Self {
        Self { dir: dir.into(), content }
    }

    /// Waits until nothing is left to write back, so that a measurement does not pay for the one before.
    pub fn settle(&self) -> Result<()> {
        Ok(syncfs(File::open(&self.dir)?)?)
    }

    /// Writes of 1 MiB to a preallocated file, and fdatasync.
    pub fn sequential_write(&self, bytes: u64) -> Result<Measurement> {
        let file = Scratch::new(&self.dir, bytes)?;
        let key = FileKey::new("disk", 0);
        let meter = Meter::start(None)?;
        let mut latencies = Vec::new();
        for offset in (0..bytes).step_by(UNIT_BYTES as usize) {
            let started = Instant::now();
            file.open.write_all_at(&self.content.at(key, offset, UNIT_BYTES as usize), offset)?;
            latencies.push(started.elapsed().as_nanos() as u64);
        }
        fdatasync(&file.open)?;
        meter.finish(latencies, bytes)
    }

    /// Overwrites of 4 KiB in a file that has its blocks, each with fdatasync: the least that durability costs here.
    pub fn sync_latency(&self, count: u64) -> Result<Measurement> {
        let file = Scratch::new(&self.dir, BLOCKS * BLOCK_BYTES)?;
        let block = |round: u64, index: u64| {
            self.content.at(FileKey::new("block", round), index % BLOCKS * BLOCK_BYTES, BLOCK_BYTES as usize)
        };
        // Written once before, so that no allocation is left to be recorded.
        for index in 0..BLOCKS {
            file.open.write_all_at(&block(0, index), index * BLOCK_BYTES)?;
        }
        file.open.sync_all()?;
        let meter = Meter::start(None)?;
        let mut latencies = Vec::new();
        for index in 0..count {
            let data = block(1, index);
            let started = Instant::now();
            file.open.write_all_at(&data, index % BLOCKS * BLOCK_BYTES)?;
            fdatasync(&file.open)?;
            latencies.push(started.elapsed().as_nanos() as u64);
        }
        meter.finish(latencies, count * BLOCK_BYTES)
    }
}

/// A preallocated file that is gone when dropped.
struct Scratch {
    open: File,
    path: PathBuf,
}

impl Scratch {
    fn new(dir: &Path, bytes: u64) -> Result<Self> {
        let path = dir.join(format!("bench-{}.disk", std::process::id()));
        let open = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        let file = Self { open, path };
        fallocate(&file.open, FallocateFlags::empty(), 0, bytes)?;
        file.open.sync_all()?;
        Ok(file)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file that stays is only a nuisance: the directory is a temporary one.
        let _ = std::fs::remove_file(&self.path);
    }
}
