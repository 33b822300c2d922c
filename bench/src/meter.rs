//! One measurement: from the first call to the last reply, in time, operations, bytes and processor.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::{cpu, stats};

/// What one run of one workload on one target came to.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Measurement {
    /// Operations done.
    pub operations: u64,
    /// File bytes moved.
    pub bytes: u64,
    /// Wall time, seconds.
    pub seconds: f64,
    /// Median latency of an operation, microseconds.
    pub p50_us: f64,
    /// 99th percentile of the latency, microseconds.
    pub p99_us: f64,
    /// Processor time of this load generator, seconds.
    pub client_cpu_seconds: f64,
    /// Processor time of the server, seconds, if its process is known.
    pub server_cpu_seconds: Option<f64>,
}

impl Measurement {
    /// Operations in a second.
    pub fn rate(&self) -> f64 {
        self.operations as f64 / self.seconds
    }

    /// Millions of bytes in a second.
    pub fn megabytes_per_second(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.seconds
    }

    /// Microseconds of our processor time an operation.
    pub fn client_us_per_op(&self) -> f64 {
        self.client_cpu_seconds * 1e6 / self.operations as f64
    }

    /// Microseconds of the server's processor time an operation.
    pub fn server_us_per_op(&self) -> Option<f64> {
        self.server_cpu_seconds.map(|seconds| seconds * 1e6 / self.operations as f64)
    }

    /// The part of the wall time that our one thread was busy; near 1 the figure is ours, not the server's.
    pub fn client_busy(&self) -> f64 {
        self.client_cpu_seconds / self.seconds
    }
}

/// A measurement that is running.
#[derive(Debug)]
pub struct Meter {
    server: Option<u32>,
    server_cpu: Option<Duration>,
    client_cpu: Duration,
    started: Instant,
}

impl Meter {
    /// Starts now. `server` is the process to account for.
    pub fn start(server: Option<u32>) -> Result<Self> {
        let server_cpu = server.map(cpu::of_process).transpose()?;
        Ok(Self { server, server_cpu, client_cpu: cpu::own(), started: Instant::now() })
    }

    /// Ends now, after as many operations as there are latencies.
    pub fn finish(self, latencies: Vec<u64>, bytes: u64) -> Result<Measurement> {
        let operations = latencies.len() as u64;
        self.finish_counted(operations, latencies, bytes)
    }

    /// Ends now, when a latency is not that of an operation counted.
    pub fn finish_counted(self, operations: u64, mut latencies: Vec<u64>, bytes: u64) -> Result<Measurement> {
        let seconds = self.started.elapsed().as_secs_f64();
        let client_cpu = cpu::own() - self.client_cpu;
        let server_cpu = match (self.server, self.server_cpu) {
            (Some(pid), Some(before)) => Some(cpu::of_process(pid)?.saturating_sub(before)),
            _ => None,
        };
        latencies.sort_unstable();
        let micros = |percent| stats::percentile(&latencies, percent) as f64 / 1e3;
        Ok(Measurement {
            operations,
            bytes,
            seconds,
            p50_us: micros(50.0),
            p99_us: micros(99.0),
            client_cpu_seconds: client_cpu.as_secs_f64(),
            server_cpu_seconds: server_cpu.map(|time| time.as_secs_f64()),
        })
    }
}
