//! A large file from end to end in calls of 1 MiB, several of them outstanding, as a kernel client has them.

use holdfast_nfs_client::Client;
use holdfast_nfs_client::wire::nfs3::FileHandle;

use super::Workload;
use crate::budget::Budget;
use crate::content::{FileKey, UNIT_BYTES};
use crate::disk::Disk;
use crate::drive::{Share, Step, drive};
use crate::error::{Result, ensure};
use crate::meter::Measurement;
use crate::ops;
use crate::report::Figure;
use crate::session::Session;
use crate::verifier::VerifierWatch;

/// Calls outstanding on the one connection.
const DEPTH: usize = 8;

/// Writes a file's `units` MiB and commits it.
pub(super) async fn write_file(
    lanes: &mut [Client],
    session: &Session,
    file: &FileHandle,
    key: FileKey,
    units: u64,
) -> Result<Vec<u64>> {
    let watch = VerifierWatch::default();
    let write = async |client: &mut Client, step: Step| {
        let offset = step.index * UNIT_BYTES;
        let data = session.content.at(key, offset, UNIT_BYTES as usize);
        ops::write(client, file, offset, data, &watch).await
    };
    let latencies = drive(lanes, Share::Together(units), write).await?;
    if let Some(client) = lanes.first_mut() {
        ops::commit(client, file, &watch).await?;
    }
    Ok(latencies)
}

/// Reads a file's `units` MiB and compares every byte.
pub(super) async fn read_file(
    lanes: &mut [Client],
    session: &Session,
    file: &FileHandle,
    key: FileKey,
    units: u64,
) -> Result<Vec<u64>> {
    let read = async |client: &mut Client, step: Step| {
        let offset = step.index * UNIT_BYTES;
        let data = ops::read(client, file, offset, UNIT_BYTES as u32).await?;
        session.content.check(key, offset, UNIT_BYTES as usize, &data)
    };
    drive(lanes, Share::Together(units), read).await
}

/// WRITE, unstable, and COMMIT at the end, which is in the time. The file is new in each run.
#[derive(Debug)]
pub struct SequentialWrite {
    /// MiB to write.
    pub units: u64,
}

impl Workload for SequentialWrite {
    type State = ();

    fn name(&self) -> String {
        format!("sequential write {} MiB + COMMIT", self.units)
    }

    fn figure(&self) -> Figure {
        Figure::Throughput
    }

    fn budget(&self) -> Option<Budget> {
        Some(Budget::Disk(0.8))
    }

    fn bare(&self, disk: &Disk) -> Result<Option<Measurement>> {
        disk.sequential_write(self.units * UNIT_BYTES).map(Some)
    }

    async fn prepare(&self, _: &Session) -> Result<()> {
        Ok(())
    }

    async fn measure(&self, session: &Session, _: &mut (), run: u32) -> Result<Measurement> {
        let mut lanes = session.pipeline(1, DEPTH).await?;
        let key = FileKey::new("sequential", u64::from(run));
        let file = ops::create(&mut lanes[0], &session.scratch(), "sequential").await?;
        let meter = session.meter()?;
        let latencies = write_file(&mut lanes, session, &file, key, self.units).await?;
        let measurement = meter.finish(latencies, self.units * UNIT_BYTES)?;
        let size = ops::getattr(&mut lanes[0], &file).await?.size;
        ensure(size == self.units * UNIT_BYTES, || format!("{size} bytes after the COMMIT"))?;
        read_file(&mut lanes, session, &file, key, self.units).await?;
        ops::remove(&mut lanes[0], &session.scratch(), "sequential").await?;
        Ok(measurement)
    }

    async fn finish(&self, _: &Session, _: ()) -> Result<()> {
        Ok(())
    }
}

/// READ of a file that has been written and read before.
#[derive(Debug)]
pub struct SequentialRead {
    /// MiB to read.
    pub units: u64,
}

impl Workload for SequentialRead {
    type State = FileHandle;

    fn name(&self) -> String {
        format!("sequential read {} MiB, warm", self.units)
    }

    fn figure(&self) -> Figure {
        Figure::Throughput
    }

    fn budget(&self) -> Option<Budget> {
        Some(Budget::Peer(1.0))
    }

    async fn prepare(&self, session: &Session) -> Result<FileHandle> {
        let mut lanes = session.pipeline(1, DEPTH).await?;
        let file = ops::create(&mut lanes[0], &session.scratch(), "sequential").await?;
        let key = FileKey::new("sequential", 0);
        write_file(&mut lanes, session, &file, key, self.units).await?;
        read_file(&mut lanes, session, &file, key, self.units).await?;
        Ok(file)
    }

    async fn measure(&self, session: &Session, file: &mut FileHandle, _: u32) -> Result<Measurement> {
        let mut lanes = session.pipeline(1, DEPTH).await?;
        let meter = session.meter()?;
        let latencies =
            read_file(&mut lanes, session, file, FileKey::new("sequential", 0), self.units).await?;
        meter.finish(latencies, self.units * UNIT_BYTES)
    }

    async fn finish(&self, session: &Session, _: FileHandle) -> Result<()> {
        ops::remove(&mut session.client().await?, &session.scratch(), "sequential").await
    }
}
