//! Blocks of 4 KiB at random places of one file.

use holdfast_nfs_client::Client;
use holdfast_nfs_client::wire::nfs3::FileHandle;

use super::sequential::{read_file, write_file};
use super::{BLOCK_BYTES, Workload};
use crate::content::{FileKey, Sequence, UNIT_BYTES};
use crate::drive::{Share, Step, drive};
use crate::error::Result;
use crate::meter::Measurement;
use crate::ops;
use crate::report::Figure;
use crate::session::Session;
use crate::verifier::VerifierWatch;

/// Connections, and calls outstanding on each.
const PIPELINE: (usize, usize) = (4, 8);
const NAME: &str = "random";

/// Makes the file and reads it once.
async fn prepare(session: &Session, units: u64) -> Result<FileHandle> {
    let mut lanes = session.pipeline(1, PIPELINE.1).await?;
    let file = ops::create(&mut lanes[0], &session.scratch(), NAME).await?;
    write_file(&mut lanes, session, &file, FileKey::new(NAME, 0), units).await?;
    read_file(&mut lanes, session, &file, FileKey::new(NAME, 0), units).await?;
    Ok(file)
}

async fn finish(session: &Session) -> Result<()> {
    ops::remove(&mut session.client().await?, &session.scratch(), NAME).await
}

/// READ of 4 KiB, warm, each compared.
#[derive(Debug)]
pub struct RandomRead {
    /// MiB of the file.
    pub units: u64,
    /// READs.
    pub count: u64,
    /// What the places are derived from.
    pub seed: u64,
}

impl Workload for RandomRead {
    type State = FileHandle;

    fn name(&self) -> String {
        "random read 4 KiB, warm, 4 x 8 deep".into()
    }

    fn figure(&self) -> Figure {
        Figure::Rate
    }

    async fn prepare(&self, session: &Session) -> Result<FileHandle> {
        prepare(session, self.units).await
    }

    async fn measure(&self, session: &Session, file: &mut FileHandle, run: u32) -> Result<Measurement> {
        let mut places = Sequence::new(self.seed ^ u64::from(run));
        let blocks = self.units * UNIT_BYTES / BLOCK_BYTES;
        let places: Vec<u64> = (0..self.count).map(|_| places.below(blocks) * BLOCK_BYTES).collect();
        let mut lanes = session.pipeline(PIPELINE.0, PIPELINE.1).await?;
        let read = async |client: &mut Client, step: Step| {
            let offset = places[step.index as usize];
            let data = ops::read(client, file, offset, BLOCK_BYTES as u32).await?;
            session.content.check(FileKey::new(NAME, 0), offset, BLOCK_BYTES as usize, &data)
        };
        let meter = session.meter()?;
        let latencies = drive(&mut lanes, Share::Together(self.count), read).await?;
        meter.finish(latencies, self.count * BLOCK_BYTES)
    }

    async fn finish(&self, session: &Session, _: FileHandle) -> Result<()> {
        finish(session).await
    }
}

/// WRITE of 4 KiB, unstable, to blocks that are there, and one COMMIT at the end, which is in the time.
#[derive(Debug)]
pub struct RandomWrite {
    /// MiB of the file.
    pub units: u64,
    /// WRITEs; at most as many as the file has blocks.
    pub count: u64,
    /// What the places are derived from.
    pub seed: u64,
}

impl Workload for RandomWrite {
    type State = FileHandle;

    fn name(&self) -> String {
        "random write 4 KiB + COMMIT, 4 x 8 deep".into()
    }

    fn figure(&self) -> Figure {
        Figure::Rate
    }

    async fn prepare(&self, session: &Session) -> Result<FileHandle> {
        prepare(session, self.units).await
    }

    async fn measure(&self, session: &Session, file: &mut FileHandle, run: u32) -> Result<Measurement> {
        // No block twice, so that what each holds afterwards does not depend on the order of arrival.
        let mut places =
            Sequence::new(self.seed ^ u64::from(run)).shuffled(self.units * UNIT_BYTES / BLOCK_BYTES);
        places.truncate(self.count as usize);
        let count = places.len() as u64;
        let key = FileKey::new(NAME, u64::from(run) + 1);
        let watch = VerifierWatch::default();
        let mut lanes = session.pipeline(PIPELINE.0, PIPELINE.1).await?;
        let write = async |client: &mut Client, step: Step| {
            let offset = places[step.index as usize] * BLOCK_BYTES;
            let data = session.content.at(key, offset, BLOCK_BYTES as usize);
            ops::write(client, file, offset, data, &watch).await
        };
        let meter = session.meter()?;
        let latencies = drive(&mut lanes, Share::Together(count), write).await?;
        ops::commit(&mut lanes[0], file, &watch).await?;
        let measurement = meter.finish(latencies, count * BLOCK_BYTES)?;
        let check = async |client: &mut Client, index: u64| {
            let offset = places[index as usize] * BLOCK_BYTES;
            let data = ops::read(client, file, offset, BLOCK_BYTES as u32).await?;
            session.content.check(key, offset, BLOCK_BYTES as usize, &data)
        };
        session.untimed(count, check).await?;
        Ok(measurement)
    }

    async fn finish(&self, session: &Session, _: FileHandle) -> Result<()> {
        finish(session).await
    }
}
