//! What a build, a checkout or an unpacking does: a new file, 4 KiB in it, made durable, and the next.

use holdfast_nfs_client::Client;
use holdfast_nfs_client::wire::nfs3::FileHandle;

use super::{BLOCK_BYTES, Workload};
use crate::budget::Budget;
use crate::content::FileKey;
use crate::drive::{Share, Step, drive};
use crate::error::Result;
use crate::meter::Measurement;
use crate::ops::{self, Serial};
use crate::report::Figure;
use crate::session::Session;
use crate::verifier::VerifierWatch;

/// CREATE, WRITE of 4 KiB unstable, COMMIT: one operation. Each worker is strictly serial and has its own connection
/// and directory.
#[derive(Debug)]
pub struct SmallFiles {
    /// Workers.
    pub workers: usize,
    /// Files of each.
    pub each: u64,
    /// Least ratio to the peer.
    pub budget: f64,
}

fn file_name(index: u64) -> String {
    format!("file-{index:06}")
}

fn key(run: u32, worker: usize, index: u64) -> FileKey {
    FileKey::new(&file_name(index), u64::from(run) << 32 | worker as u64)
}

impl SmallFiles {
    /// Reads every file back, and removes it.
    async fn check(&self, session: &Session, dirs: &[FileHandle], run: u32) -> Result<()> {
        let check = async |client: &mut Client, index: u64| {
            let (worker, index) = ((index / self.each) as usize, index % self.each);
            let name = file_name(index);
            let file = ops::lookup(client, &dirs[worker], &name).await?.object;
            let data = ops::read(client, &file, 0, 2 * BLOCK_BYTES as u32).await?;
            session.content.check(key(run, worker, index), 0, BLOCK_BYTES as usize, &data)?;
            ops::remove(client, &dirs[worker], &name).await
        };
        session.untimed(self.workers as u64 * self.each, check).await
    }
}

impl Workload for SmallFiles {
    type State = ();

    fn name(&self) -> String {
        format!("create + write 4 KiB + COMMIT, {}", super::names::workers_text(self.workers))
    }

    fn figure(&self) -> Figure {
        Figure::Rate
    }

    fn budget(&self) -> Option<Budget> {
        Some(Budget::Peer(self.budget))
    }

    async fn prepare(&self, _: &Session) -> Result<()> {
        Ok(())
    }

    async fn measure(&self, session: &Session, _: &mut (), run: u32) -> Result<Measurement> {
        let dirs = super::names::make_dirs(session, self.workers).await?;
        let mut workers = session.workers(self.workers).await?;
        let watch = VerifierWatch::default();
        let store = async |worker: &mut Serial, step: Step| {
            let Step { lane, index } = step;
            let file = ops::create(worker, &dirs[lane], &file_name(index)).await?;
            let data = session.content.at(key(run, lane, index), 0, BLOCK_BYTES as usize);
            ops::write(worker, &file, 0, data, &watch).await?;
            ops::commit(worker, &file, &watch).await
        };
        let meter = session.meter()?;
        let latencies = drive(&mut workers, Share::Each(self.each), store).await?;
        let measurement = meter.finish(latencies, self.workers as u64 * self.each * BLOCK_BYTES)?;
        self.check(session, &dirs, run).await?;
        super::names::remove_dirs(session, self.workers).await?;
        Ok(measurement)
    }

    async fn finish(&self, _: &Session, _: ()) -> Result<()> {
        Ok(())
    }
}
