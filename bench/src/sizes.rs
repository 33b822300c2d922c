//! How much each workload does. Bounded, so that a slip of the hand does not fill a disk.

/// Sizes and counts of the workloads.
#[derive(clap::Args, Clone, Debug, serde::Serialize)]
pub struct Sizes {
    /// MiB written and read in sequence.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u64).range(8..=65_536))]
    pub sequential_mib: u64,
    /// MiB of the file of the random workloads.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(8..=16_384))]
    pub random_mib: u64,
    /// Random reads of 4 KiB.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(8..=10_000_000))]
    pub random_reads: u64,
    /// Random writes of 4 KiB, each to a block of its own.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(8..=1_000_000))]
    pub random_writes: u64,
    /// Small files of one worker; 16 workers make four times as many.
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(64..=100_000))]
    pub files: u64,
    /// COMMITs whose latency is taken.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(8..=100_000))]
    pub commits: u64,
    /// LOOKUPs and GETATTRs, pipelined; a tenth of them serial.
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(800..=10_000_000))]
    pub lookups: u64,
    /// Files that the LOOKUPs and GETATTRs are for.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(8..=100_000))]
    pub lookup_files: u64,
    /// Entries of the directory that is listed.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(64..=1_000_000))]
    pub entries: u64,
    /// RENAMEs, REMOVEs and MKDIRs of one worker; 16 workers do four times as many.
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(64..=100_000))]
    pub names: u64,
    /// Small files of the neighbour of a flood, and as many without it.
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(64..=100_000))]
    pub neighbour_files: u64,
    /// GETATTRs of the same.
    #[arg(long, default_value_t = 40_000, value_parser = clap::value_parser!(u64).range(64..=1_000_000))]
    pub neighbour_calls: u64,
}

impl Sizes {
    /// The same for smoke: an eighth of everything.
    pub fn quick(&self) -> Self {
        Self {
            sequential_mib: self.sequential_mib / 8,
            random_mib: self.random_mib / 8,
            random_reads: self.random_reads / 8,
            random_writes: self.random_writes / 8,
            files: self.files / 8,
            commits: self.commits / 8,
            lookups: self.lookups / 8,
            lookup_files: self.lookup_files / 8,
            entries: self.entries / 8,
            names: self.names / 8,
            neighbour_files: self.neighbour_files / 8,
            neighbour_calls: self.neighbour_calls / 8,
        }
    }
}
