//! How much one tenant feels of another: small durable changes and lookups, alone and beside a flood, by turns.

use std::time::Duration;

use holdfast_nfs_client::wire::nfs3::FileHandle;

use super::{BLOCK_BYTES, Workload};
use crate::args::TargetSpec;
use crate::budget::Budget;
use crate::content::FileKey;
use crate::drive::{Share, Step, drive};
use crate::error::{Result, ensure};
use crate::flood::Flood;
use crate::meter::{Measurement, Meter};
use crate::ops::{self, Serial};
use crate::report::Figure;
use crate::session::Session;
use crate::verifier::VerifierWatch;

/// Turns without and with a flood in one run.
const TURNS: u64 = 4;
/// Bytes that a flood has written when it counts as one.
const FLOODED_BYTES: u64 = 16 << 20;
const NAME: &str = "neighbour";

/// What the neighbour does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// CREATE, WRITE of 4 KiB unstable, COMMIT.
    SmallFiles,
    /// GETATTR.
    GetAttr,
}

/// One strictly serial client beside a flood on another filesystem of the same server.
#[derive(Debug)]
pub struct Neighbour {
    /// What it does.
    pub does: Does,
    /// How often in a run, with a flood; as often without.
    pub count: u64,
    /// Where the flood goes.
    pub flood: TargetSpec,
}

/// What is on the target, and what the turns without a flood came to.
pub struct State {
    file: FileHandle,
    alone: Option<Measurement>,
}

impl Neighbour {
    async fn turn(
        &self,
        session: &Session,
        worker: &mut [Serial],
        state: &State,
        (run, first): (u32, u64),
    ) -> Result<Vec<u64>> {
        let watch = VerifierWatch::default();
        let step = async |worker: &mut Serial, step: Step| match self.does {
            Does::GetAttr => ops::getattr(worker, &state.file).await.map(drop),
            Does::SmallFiles => {
                let name = file_name(run, first + step.index);
                let file = ops::create(worker, &session.scratch(), &name).await?;
                let data =
                    session.content.at(FileKey::new(NAME, first + step.index), 0, BLOCK_BYTES as usize);
                ops::write(worker, &file, 0, data, &watch).await?;
                ops::commit(worker, &file, &watch).await
            }
        };
        drive(worker, Share::Each(self.count / TURNS), step).await
    }

    /// Reads every file back, and removes it.
    async fn check(&self, session: &Session, run: u32) -> Result<()> {
        if self.does == Does::GetAttr {
            return Ok(());
        }
        let check = async |client: &mut holdfast_nfs_client::Client, index: u64| {
            let name = file_name(run, index);
            let file = ops::lookup(client, &session.scratch(), &name).await?.object;
            let data = ops::read(client, &file, 0, 2 * BLOCK_BYTES as u32).await?;
            session.content.check(FileKey::new(NAME, index), 0, BLOCK_BYTES as usize, &data)?;
            ops::remove(client, &session.scratch(), &name).await
        };
        session.untimed(2 * TURNS * (self.count / TURNS), check).await
    }
}

/// Another name in each run: workers count their transactions from the same number, and the very same call would be
/// taken for a retransmission.
fn file_name(run: u32, index: u64) -> String {
    format!("file-{run}-{index:06}")
}

/// Turns of one kind, joined.
#[derive(Default)]
struct Turns {
    latencies: Vec<u64>,
    seconds: f64,
    client_cpu_seconds: f64,
}

impl Turns {
    fn add(&mut self, meter: Meter, latencies: Vec<u64>) -> Result<()> {
        self.latencies.extend_from_slice(&latencies);
        let measurement = meter.finish(latencies, 0)?;
        self.seconds += measurement.seconds;
        self.client_cpu_seconds += measurement.client_cpu_seconds;
        Ok(())
    }

    /// The server's processor time is left out: it serves the flood as well.
    fn join(self) -> Result<Measurement> {
        let (seconds, client_cpu_seconds) = (self.seconds, self.client_cpu_seconds);
        let joined = Meter::start(None)?.finish(self.latencies, 0)?;
        Ok(Measurement { seconds, client_cpu_seconds, ..joined })
    }
}

impl Workload for Neighbour {
    type State = State;

    fn name(&self) -> String {
        match self.does {
            Does::SmallFiles => "create + write 4 KiB + COMMIT beside a flood".into(),
            Does::GetAttr => "GETATTR beside a flood".into(),
        }
    }

    fn figure(&self) -> Figure {
        Figure::TailLatency
    }

    fn budget(&self) -> Option<Budget> {
        Some(Budget::Beside(1.1))
    }

    async fn prepare(&self, session: &Session) -> Result<State> {
        let file = ops::create(&mut session.client().await?, &session.scratch(), NAME).await?;
        Ok(State { file, alone: None })
    }

    async fn measure(&self, session: &Session, state: &mut State, run: u32) -> Result<Measurement> {
        let mut worker = session.workers(1).await?;
        let (mut alone, mut flooded) = (Turns::default(), Turns::default());
        let each = self.count / TURNS;
        for turn in 0..TURNS {
            let meter = session.meter()?;
            let latencies = self.turn(session, &mut worker, state, (run, 2 * turn * each)).await?;
            alone.add(meter, latencies)?;

            let flood = Flood::start(self.flood.clone())?;
            while flood.written_bytes() < FLOODED_BYTES && !flood.is_over() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let meter = session.meter()?;
            let latencies = self.turn(session, &mut worker, state, (run, (2 * turn + 1) * each)).await?;
            flooded.add(meter, latencies)?;
            let went_on = !flood.is_over();
            flood.end().await?;
            ensure(went_on, || "the flood did not go on".into())?;
        }
        self.check(session, run).await?;
        state.alone = Some(alone.join()?);
        flooded.join()
    }

    fn reference(&self, state: &mut State) -> Option<Measurement> {
        state.alone.take()
    }

    async fn finish(&self, session: &Session, _: State) -> Result<()> {
        ops::remove(&mut session.client().await?, &session.scratch(), NAME).await
    }
}
