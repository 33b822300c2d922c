//! The rows in their order, with the sizes and budgets they have.

use std::rc::Rc;

use crate::args::Options;
use crate::content::Content;
use crate::disk::Disk;
use crate::error::{BenchError, Result};
use crate::notice;
use crate::report::{Report, Row};
use crate::runner::run_row;
use crate::session::Session;
use crate::sizes::Sizes;
use crate::workload::{
    Change, CommitLatency, Does, Lookups, Names, Neighbour, RandomRead, RandomWrite, ReadDirPlus,
    SequentialRead, SequentialWrite, SmallFiles, Timed, Workload,
};

/// Workers of the rows with many clients.
const MANY: usize = 16;

/// What rows are run on.
struct Suite<'a> {
    options: &'a Options,
    sessions: Vec<Session>,
    disk: Option<Disk>,
    rows: Vec<Row>,
}

/// Runs every row that is wanted.
pub async fn run(options: &Options) -> Result<Report> {
    check_options(options)?;
    let content = Rc::new(Content::new(options.seed));
    let mut sessions = Vec::new();
    for spec in &options.targets {
        sessions.push(Session::open(spec, &options.pids, Rc::clone(&content)).await?);
    }
    let disk = options.disk.as_ref().map(|dir| Disk::new(dir, content));
    let mut suite = Suite { options, sessions, disk, rows: Vec::new() };
    let sizes = if options.quick { options.sizes.quick() } else { options.sizes.clone() };
    suite.data(&sizes).await?;
    suite.metadata(&sizes).await?;
    suite.tenants(&sizes).await?;
    let targets = suite.sessions.iter().map(|session| session.name.clone()).collect();
    let report = Report { targets, runs: options.runs(), quick: options.quick, sizes, rows: suite.rows };
    if report.is_sound() {
        for session in suite.sessions {
            session.close().await?;
        }
    }
    Ok(report)
}

fn check_options(options: &Options) -> Result<()> {
    let usage = |text: String| Err(BenchError::Usage(text));
    match options.targets.as_slice() {
        [one, other] if one.name == other.name => {
            return usage(format!("two targets are called {}", one.name));
        }
        [_] | [_, _] => {}
        _ => return usage("one or two targets, please".into()),
    }
    match options.pids.iter().find(|pid| options.targets.iter().all(|target| target.name != pid.name)) {
        Some(pid) => usage(format!("no target is called {}", pid.name)),
        None => Ok(()),
    }
}

impl Suite<'_> {
    async fn row(&mut self, workload: impl Workload) -> Result<()> {
        let all = self.sessions.len();
        self.row_on(all, workload).await
    }

    /// A row on the first so many targets.
    async fn row_on(&mut self, targets: usize, workload: impl Workload) -> Result<()> {
        let name = workload.name();
        if !self.options.wants(&name) {
            return Ok(());
        }
        notice(&name);
        let row = run_row(&workload, &mut self.sessions[..targets], self.disk.as_ref(), self.options.runs())
            .await?;
        self.rows.push(row);
        Ok(())
    }

    /// Rows about bytes.
    async fn data(&mut self, sizes: &Sizes) -> Result<()> {
        let seed = self.options.seed;
        let (units, count) = (sizes.random_mib, sizes.random_reads);
        self.row(SequentialWrite { units: sizes.sequential_mib }).await?;
        self.row(SequentialRead { units: sizes.sequential_mib }).await?;
        self.row(RandomRead { units, count, seed }).await?;
        self.row(RandomWrite { units, count: sizes.random_writes, seed }).await?;
        self.row(CommitLatency { count: sizes.commits, timed: Timed::Commit }).await?;
        self.row(CommitLatency { count: sizes.commits, timed: Timed::WriteAndCommit }).await?;
        self.row(SmallFiles { workers: 1, each: sizes.files, budget: 1.5 }).await?;
        self.row(SmallFiles { workers: MANY, each: sizes.files / 4, budget: 3.0 }).await
    }

    /// Rows about what one tenant feels of another: the first target's, if there is a place for a flood.
    async fn tenants(&mut self, sizes: &Sizes) -> Result<()> {
        let Some(flood) = self.options.flood.clone() else { return Ok(()) };
        for (does, count) in
            [(Does::SmallFiles, sizes.neighbour_files), (Does::GetAttr, sizes.neighbour_calls)]
        {
            self.row_on(1, Neighbour { does, count, flood: flood.0.clone() }).await?;
        }
        Ok(())
    }

    /// Rows about names and attributes.
    async fn metadata(&mut self, sizes: &Sizes) -> Result<()> {
        let (seed, files) = (self.options.seed, sizes.lookup_files);
        self.row(Lookups { count: sizes.lookups, files, is_pipelined: true, seed }).await?;
        self.row(Lookups { count: sizes.lookups / 10, files, is_pipelined: false, seed }).await?;
        self.row(ReadDirPlus { entries: sizes.entries }).await?;
        for change in [Change::Mkdir, Change::Rename, Change::Remove] {
            self.row(Names { change, workers: 1, each: sizes.names }).await?;
            self.row(Names { change, workers: MANY, each: sizes.names / 4 }).await?;
        }
        Ok(())
    }
}
