//! Changes to directories: RENAME, REMOVE, MKDIR, by strictly serial workers with a directory each.

use holdfast_nfs_client::Client;
use holdfast_nfs_client::wire::nfs3::{FileHandle, NfsStat3};

use super::Workload;
use crate::drive::{Share, Step, drive};
use crate::error::{BenchError, Result};
use crate::meter::Measurement;
use crate::ops::{self, Serial};
use crate::report::Figure;
use crate::session::Session;

/// Which change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// MKDIR.
    Mkdir,
    /// RENAME to a new name in the same directory.
    Rename,
    /// REMOVE of an empty file.
    Remove,
}

impl Change {
    const fn text(self) -> &'static str {
        match self {
            Self::Mkdir => "MKDIR",
            Self::Rename => "RENAME",
            Self::Remove => "REMOVE",
        }
    }
}

/// One kind of change.
#[derive(Debug)]
pub struct Names {
    /// Which change.
    pub change: Change,
    /// Workers.
    pub workers: usize,
    /// Changes by each.
    pub each: u64,
}

pub(super) fn workers_text(workers: usize) -> String {
    if workers == 1 { "1 client".into() } else { format!("{workers} clients") }
}

fn dir_name(worker: usize) -> String {
    format!("worker-{worker}")
}

/// A directory for every worker.
pub(super) async fn make_dirs(session: &Session, workers: usize) -> Result<Vec<FileHandle>> {
    let mut client = session.client().await?;
    let mut dirs = Vec::new();
    for worker in 0..workers {
        dirs.push(ops::mkdir(&mut client, &session.scratch(), &dir_name(worker)).await?);
    }
    Ok(dirs)
}

/// RMDIR of every worker's directory, which shows that nothing is left in it.
pub(super) async fn remove_dirs(session: &Session, workers: usize) -> Result<()> {
    let mut client = session.client().await?;
    for worker in 0..workers {
        ops::rmdir(&mut client, &session.scratch(), &dir_name(worker)).await?;
    }
    Ok(())
}

fn before(index: u64) -> String {
    format!("before-{index:06}")
}

fn after(index: u64) -> String {
    format!("after-{index:06}")
}

impl Names {
    /// Does something to every worker's every name, untimed.
    async fn every(
        &self,
        session: &Session,
        dirs: &[FileHandle],
        operation: impl AsyncFn(&mut Client, &FileHandle, u64) -> Result<()>,
    ) -> Result<()> {
        let step = async |client: &mut Client, index: u64| {
            operation(client, &dirs[(index / self.each) as usize], index % self.each).await
        };
        session.untimed(self.workers as u64 * self.each, step).await
    }

    async fn make_ready(&self, session: &Session, dirs: &[FileHandle]) -> Result<()> {
        match self.change {
            Change::Mkdir => Ok(()),
            Change::Rename | Change::Remove => {
                let create = async |client: &mut Client, dir: &FileHandle, index: u64| {
                    ops::create(client, dir, &before(index)).await.map(drop)
                };
                self.every(session, dirs, create).await
            }
        }
    }

    /// Sees that each change was made, and removes what is left. That nothing else is left the RMDIR shows.
    async fn check(&self, session: &Session, dirs: &[FileHandle]) -> Result<()> {
        let change = self.change;
        let check = async |client: &mut Client, dir: &FileHandle, index: u64| match change {
            Change::Mkdir => ops::rmdir(client, dir, &after(index)).await,
            Change::Rename => {
                ensure_gone(client, dir, &before(index)).await?;
                ops::remove(client, dir, &after(index)).await
            }
            Change::Remove => ensure_gone(client, dir, &before(index)).await,
        };
        self.every(session, dirs, check).await
    }
}

async fn ensure_gone(client: &mut Client, dir: &FileHandle, name: &str) -> Result<()> {
    match ops::lookup(client, dir, name).await {
        Err(BenchError::Nfs { status: NfsStat3::NoEnt, .. }) => Ok(()),
        Ok(_) => Err(BenchError::Wrong(format!("LOOKUP finds {name}, which is gone"))),
        Err(error) => Err(error),
    }
}

impl Workload for Names {
    type State = ();

    fn name(&self) -> String {
        format!("{}, {}", self.change.text(), workers_text(self.workers))
    }

    fn figure(&self) -> Figure {
        Figure::Rate
    }

    async fn prepare(&self, _: &Session) -> Result<()> {
        Ok(())
    }

    async fn measure(&self, session: &Session, _: &mut (), _: u32) -> Result<Measurement> {
        let dirs = make_dirs(session, self.workers).await?;
        self.make_ready(session, &dirs).await?;
        let mut workers = session.workers(self.workers).await?;
        let change = async |worker: &mut Serial, step: Step| {
            let (dir, index) = (&dirs[step.lane], step.index);
            match self.change {
                Change::Mkdir => ops::mkdir(worker, dir, &after(index)).await.map(drop),
                Change::Rename => ops::rename(worker, dir, &before(index), &after(index)).await,
                Change::Remove => ops::remove(worker, dir, &before(index)).await,
            }
        };
        let meter = session.meter()?;
        let latencies = drive(&mut workers, Share::Each(self.each), change).await?;
        let measurement = meter.finish(latencies, 0)?;
        self.check(session, &dirs).await?;
        remove_dirs(session, self.workers).await?;
        Ok(measurement)
    }

    async fn finish(&self, _: &Session, _: ()) -> Result<()> {
        Ok(())
    }
}
