//! LOOKUP and GETATTR by turns over files that are warm: what `stat` of a tree comes to.

use holdfast_nfs_client::wire::nfs3::FileHandle;

use super::Workload;
use crate::budget::Budget;
use crate::content::Sequence;
use crate::drive::{Share, Step, drive};
use crate::error::{Result, ensure};
use crate::meter::Measurement;
use crate::ops::{self, Caller};
use crate::report::Figure;
use crate::session::Session;

/// Connections, and calls outstanding on each.
const PIPELINE: (usize, usize) = (4, 32);
const DIR: &str = "lookups";

/// LOOKUPs and GETATTRs, half and half, of files in random order.
#[derive(Debug)]
pub struct Lookups {
    /// Calls.
    pub count: u64,
    /// Files that they are for.
    pub files: u64,
    /// Pipelined over several connections, or one after the other on one.
    pub is_pipelined: bool,
    /// What the order is derived from.
    pub seed: u64,
}

/// A directory and what must be found in it.
#[derive(Debug)]
pub struct Known {
    dir: FileHandle,
    files: Vec<KnownFile>,
}

#[derive(Debug)]
struct KnownFile {
    name: String,
    handle: FileHandle,
    fileid: u64,
}

impl Lookups {
    async fn drive<C: Caller>(&self, lanes: &mut [C], known: &Known, run: u32) -> Result<Vec<u64>> {
        let mut order = Sequence::new(self.seed ^ u64::from(run));
        let order: Vec<u32> = (0..self.count).map(|_| order.below(self.files) as u32).collect();
        let step = async |caller: &mut C, step: Step| {
            let file = &known.files[order[step.index as usize] as usize];
            if step.index.is_multiple_of(2) {
                let found = ops::lookup(caller, &known.dir, &file.name).await?.object;
                return ensure(found == file.handle, || {
                    format!("LOOKUP of {} gave another handle", file.name)
                });
            }
            let fileid = ops::getattr(caller, &file.handle).await?.fileid;
            ensure(fileid == file.fileid, || format!("GETATTR of {} gave another inode", file.name))
        };
        drive(lanes, Share::Together(self.count), step).await
    }
}

impl Workload for Lookups {
    type State = Known;

    fn name(&self) -> String {
        if self.is_pipelined {
            "LOOKUP/GETATTR, warm, 4 x 32 deep".into()
        } else {
            "LOOKUP/GETATTR, warm, 1 client".into()
        }
    }

    fn figure(&self) -> Figure {
        Figure::Rate
    }

    fn budget(&self) -> Option<Budget> {
        self.is_pipelined.then_some(Budget::Peer(2.0))
    }

    async fn prepare(&self, session: &Session) -> Result<Known> {
        let mut client = session.client().await?;
        let dir = ops::mkdir(&mut client, &session.scratch(), DIR).await?;
        let mut files = Vec::new();
        for index in 0..self.files {
            let name = format!("file-{index:06}");
            let handle = ops::create(&mut client, &dir, &name).await?;
            let fileid = ops::getattr(&mut client, &handle).await?.fileid;
            files.push(KnownFile { name, handle, fileid });
        }
        let known = Known { dir, files };
        for file in &known.files {
            let found = ops::lookup(&mut client, &known.dir, &file.name).await?.object;
            ensure(found == file.handle, || format!("LOOKUP of {} gave another handle", file.name))?;
        }
        Ok(known)
    }

    async fn measure(&self, session: &Session, known: &mut Known, run: u32) -> Result<Measurement> {
        if self.is_pipelined {
            let mut lanes = session.pipeline(PIPELINE.0, PIPELINE.1).await?;
            let meter = session.meter()?;
            let latencies = self.drive(&mut lanes, known, run).await?;
            return meter.finish(latencies, 0);
        }
        let mut workers = session.workers(1).await?;
        let meter = session.meter()?;
        let latencies = self.drive(&mut workers, known, run).await?;
        meter.finish(latencies, 0)
    }

    async fn finish(&self, session: &Session, known: Known) -> Result<()> {
        let mut client = session.client().await?;
        for file in &known.files {
            ops::remove(&mut client, &known.dir, &file.name).await?;
        }
        ops::rmdir(&mut client, &session.scratch(), DIR).await
    }
}
