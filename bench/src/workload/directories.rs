//! READDIRPLUS of a large directory: every name once, each with the attributes and handle that it has.

use holdfast_nfs_client::Client;
use holdfast_nfs_client::wire::nfs3::{EntryPlus3, FileHandle};

use super::Workload;
use crate::error::{Result, ensure};
use crate::meter::Measurement;
use crate::ops;
use crate::report::Figure;
use crate::session::Session;

/// Listings in a run.
const LISTINGS: u64 = 5;
const DIR: &str = "listed";

/// Lists a directory from the beginning to the end, several times; its latencies are those of calls.
#[derive(Debug)]
pub struct ReadDirPlus {
    /// Files in the directory.
    pub entries: u64,
}

fn file_name(index: u64) -> String {
    format!("entry-{index:07}")
}

impl ReadDirPlus {
    /// Every file once, beside `.` and `..`, which may be there or not.
    fn check(&self, listed: &[EntryPlus3]) -> Result<()> {
        let dots = |entry: &&EntryPlus3| !matches!(&entry.name[..], b"." | b"..");
        let mut names: Vec<&[u8]> = listed.iter().filter(dots).map(|entry| &entry.name[..]).collect();
        names.sort_unstable();
        let is_complete = names.len() as u64 == self.entries
            && names.iter().zip(0..).all(|(name, index)| *name == file_name(index).as_bytes());
        ensure(is_complete, || format!("a listing of {} files gave {} names", self.entries, names.len()))?;
        let bare =
            listed.iter().filter(dots).filter(|entry| entry.attributes.is_none() || entry.handle.is_none());
        let bare = bare.count();
        ensure(bare == 0, || format!("{bare} entries came without attributes or handle"))
    }
}

impl Workload for ReadDirPlus {
    type State = FileHandle;

    fn name(&self) -> String {
        format!("READDIRPLUS of {} entries", self.entries)
    }

    fn figure(&self) -> Figure {
        Figure::Entries
    }

    async fn prepare(&self, session: &Session) -> Result<FileHandle> {
        let mut client = session.client().await?;
        let dir = ops::mkdir(&mut client, &session.scratch(), DIR).await?;
        let create = async |client: &mut Client, index: u64| {
            ops::create(client, &dir, &file_name(index)).await.map(drop)
        };
        session.untimed(self.entries, create).await?;
        self.check(&ops::list(&mut client, &dir, &mut Vec::new()).await?)?;
        Ok(dir)
    }

    async fn measure(&self, session: &Session, dir: &mut FileHandle, _: u32) -> Result<Measurement> {
        let mut workers = session.workers(1).await?;
        let mut latencies = Vec::new();
        let mut listings = Vec::new();
        let meter = session.meter()?;
        for _ in 0..LISTINGS {
            listings.push(ops::list(&mut workers[0], dir, &mut latencies).await?);
        }
        let measurement = meter.finish_counted(LISTINGS * self.entries, latencies, 0)?;
        listings.iter().try_for_each(|listed| self.check(listed))?;
        Ok(measurement)
    }

    async fn finish(&self, session: &Session, dir: FileHandle) -> Result<()> {
        let remove =
            async |client: &mut Client, index: u64| ops::remove(client, &dir, &file_name(index)).await;
        session.untimed(self.entries, remove).await?;
        ops::rmdir(&mut session.client().await?, &session.scratch(), DIR).await
    }
}
