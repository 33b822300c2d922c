//! How long durability takes: 4 KiB written over blocks that are there, then COMMIT, one after the other.

use std::time::Instant;

use holdfast_nfs_client::wire::nfs3::FileHandle;

use super::sequential::write_file;
use super::{BLOCK_BYTES, Workload};
use crate::budget::Budget;
use crate::content::{FileKey, UNIT_BYTES};
use crate::disk::Disk;
use crate::error::Result;
use crate::meter::Measurement;
use crate::ops;
use crate::report::Figure;
use crate::session::Session;
use crate::verifier::VerifierWatch;

/// MiB of the file.
const UNITS: u64 = 4;
const BLOCKS: u64 = UNITS * UNIT_BYTES / BLOCK_BYTES;
const NAME: &str = "committed";

/// What the latency is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timed {
    /// The COMMIT.
    Commit,
    /// The WRITE and the COMMIT.
    WriteAndCommit,
}

/// WRITE of 4 KiB, unstable, and COMMIT, beside pwrite and fdatasync on the bare disk.
#[derive(Debug)]
pub struct CommitLatency {
    /// COMMITs.
    pub count: u64,
    /// What the latency is of.
    pub timed: Timed,
}

impl Workload for CommitLatency {
    type State = FileHandle;

    fn name(&self) -> String {
        match self.timed {
            Timed::Commit => "COMMIT of 4 KiB, 1 client".into(),
            Timed::WriteAndCommit => "WRITE 4 KiB + COMMIT, 1 client".into(),
        }
    }

    fn figure(&self) -> Figure {
        Figure::MedianLatency
    }

    fn budget(&self) -> Option<Budget> {
        (self.timed == Timed::Commit).then_some(Budget::Latency { p50_ratio: 2.0, p99_us: 5_000.0 })
    }

    fn bare(&self, disk: &Disk) -> Result<Option<Measurement>> {
        disk.sync_latency(self.count).map(Some)
    }

    async fn prepare(&self, session: &Session) -> Result<FileHandle> {
        let mut lanes = session.pipeline(1, 1).await?;
        let file = ops::create(&mut lanes[0], &session.scratch(), NAME).await?;
        write_file(&mut lanes, session, &file, FileKey::new(NAME, 0), UNITS).await?;
        Ok(file)
    }

    async fn measure(&self, session: &Session, file: &mut FileHandle, run: u32) -> Result<Measurement> {
        let key = FileKey::new(NAME, u64::from(run) + 1);
        let watch = VerifierWatch::default();
        let mut workers = session.workers(1).await?;
        let worker = &mut workers[0];
        let mut latencies = Vec::new();
        let meter = session.meter()?;
        for index in 0..self.count {
            let offset = index % BLOCKS * BLOCK_BYTES;
            let data = session.content.at(key, offset, BLOCK_BYTES as usize);
            let mut started = Instant::now();
            ops::write(worker, file, offset, data, &watch).await?;
            if self.timed == Timed::Commit {
                started = Instant::now();
            }
            ops::commit(worker, file, &watch).await?;
            latencies.push(started.elapsed().as_nanos() as u64);
        }
        let measurement = meter.finish(latencies, self.count * BLOCK_BYTES)?;
        for index in 0..self.count.min(BLOCKS) {
            let offset = index * BLOCK_BYTES;
            let data = ops::read(worker, file, offset, BLOCK_BYTES as u32).await?;
            session.content.check(key, offset, BLOCK_BYTES as usize, &data)?;
        }
        Ok(measurement)
    }

    async fn finish(&self, session: &Session, _: FileHandle) -> Result<()> {
        ops::remove(&mut session.client().await?, &session.scratch(), NAME).await
    }
}
