//! What a row is made of. One file per kind of workload.
//!
//! A workload makes ready and checks outside of its measurement, and leaves the target as it found it. What it reads
//! it compares with what it wrote; an answer that is wrong is a failure, not a figure.

mod commit;
mod directories;
mod lookups;
mod names;
mod neighbour;
mod random;
mod sequential;
mod small_files;

pub use commit::{CommitLatency, Timed};
pub use directories::ReadDirPlus;
pub use lookups::Lookups;
pub use names::{Change, Names};
pub use neighbour::{Does, Neighbour};
pub use random::{RandomRead, RandomWrite};
pub use sequential::{SequentialRead, SequentialWrite};
pub use small_files::SmallFiles;

use crate::budget::Budget;
use crate::disk::Disk;
use crate::error::Result;
use crate::meter::Measurement;
use crate::report::Figure;
use crate::session::Session;

/// Bytes of a small READ, WRITE or file.
const BLOCK_BYTES: u64 = 4096;

/// One row's work.
pub trait Workload {
    /// What is on a target from the first run to the last.
    type State;

    /// What is done, for the table; short.
    fn name(&self) -> String;

    /// What is counted.
    fn figure(&self) -> Figure;

    /// What the first target is held to.
    fn budget(&self) -> Option<Budget> {
        None
    }

    /// The same on the bare disk, if there is such a thing.
    fn bare(&self, disk: &Disk) -> Result<Option<Measurement>> {
        let _ = disk;
        Ok(None)
    }

    /// Makes a target ready, once.
    async fn prepare(&self, session: &Session) -> Result<Self::State>;

    /// One run.
    async fn measure(&self, session: &Session, state: &mut Self::State, run: u32) -> Result<Measurement>;

    /// What the last run measured of the same target to compare with, if the workload has its own yardstick.
    fn reference(&self, state: &mut Self::State) -> Option<Measurement> {
        let _ = state;
        None
    }

    /// Removes what `prepare` made.
    async fn finish(&self, session: &Session, state: Self::State) -> Result<()>;
}
