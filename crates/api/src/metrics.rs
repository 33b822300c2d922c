//! Metrics of file operations over HTTP, through the `metrics` facade; the recorder is the composition root's.

use std::sync::Arc;
use std::time::Duration;

use holdfast_base::Clock;
use metrics::{counter, describe_counter, describe_histogram, histogram};

use crate::error::ApiError;

const OPERATIONS: &str = "filesystem_operations_total";
const READ: &str = "filesystem_bytes_read_total";
const WRITTEN: &str = "filesystem_bytes_written_total";
const DURATION: &str = "filesystem_operation_duration_seconds";

/// Tells the recorder what the metrics of this crate mean. Call once after the recorder is installed.
pub fn describe() {
    describe_counter!(OPERATIONS, "File operations by operation and outcome");
    describe_counter!(READ, metrics::Unit::Bytes, "Bytes of file content sent");
    describe_counter!(WRITTEN, metrics::Unit::Bytes, "Bytes of file content stored");
    describe_histogram!(DURATION, metrics::Unit::Seconds, "Time from request to the end of the answer");
}

/// One running operation; counted when it is dropped, as `aborted` if nobody said how it ended.
pub(crate) struct Operation {
    name: &'static str,
    status: &'static str,
    clock: Arc<dyn Clock>,
    started: Duration,
}

impl Operation {
    pub fn start(name: &'static str, clock: &Arc<dyn Clock>) -> Self {
        Self { name, status: "aborted", clock: clock.clone(), started: clock.monotonic() }
    }

    /// Notes the outcome and hands it on.
    pub fn end<T>(mut self, result: Result<T, ApiError>) -> Result<T, ApiError> {
        self.status = outcome(&result);
        result
    }

    /// Notes that all went well, for an operation that ends with a stream.
    pub fn succeeded(&mut self) {
        self.status = "ok";
    }

    /// Notes a failure in the middle of a stream.
    pub fn failed(&mut self, error: &ApiError) {
        self.status = error.code().as_str();
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let seconds = self.clock.monotonic().saturating_sub(self.started).as_secs_f64();
        counter!(OPERATIONS, "operation" => self.name, "status" => self.status).increment(1);
        histogram!(DURATION, "operation" => self.name).record(seconds);
    }
}

pub(crate) fn bytes_read(count: u64) {
    counter!(READ).increment(count);
}

pub(crate) fn bytes_written(count: u64) {
    counter!(WRITTEN).increment(count);
}

fn outcome<T>(result: &Result<T, ApiError>) -> &'static str {
    match result {
        Ok(_) => "ok",
        Err(error) => error.code().as_str(),
    }
}
