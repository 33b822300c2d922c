//! The metrics of the store, in one table. `status` is `ok`, `missing`, `refused` (the store said no) or `error`.

/// Requests that reached the store, by `operation` and `status`. A retried call counts each time.
pub(crate) const OPERATIONS: &str = "holdfast_store_operations_total";
/// Bytes of bodies, by `direction` (`read`, `written`).
pub(crate) const BYTES: &str = "holdfast_store_bytes_total";
/// How long requests took, by `operation`.
pub(crate) const SECONDS: &str = "holdfast_store_operation_duration_seconds";
/// Attempts after the first, by `operation`.
pub(crate) const RETRIES: &str = "holdfast_store_retries_total";
/// Attempts that were ended because they took too long, by `operation`.
pub(crate) const TIMEOUTS: &str = "holdfast_store_timeouts_total";
/// Calls that failed at once because the circuit was open, by `operation`.
pub(crate) const FAILED_FAST: &str = "holdfast_store_failed_fast_total";
/// Conditional writes whose answer was lost and that turned out to have been made.
pub(crate) const RESOLVED: &str = "holdfast_store_lost_replies_resolved_total";
/// State of a circuit, by `lane` (`read`, `write`): 0 closed, 1 half-open, 2 open.
pub(crate) const CIRCUIT: &str = "holdfast_store_circuit_state";

/// Tells the recorder what the store's metrics mean.
pub(crate) fn describe() {
    use metrics::{describe_counter, describe_gauge, describe_histogram};
    describe_counter!(OPERATIONS, "Requests to the object store, each attempt counted");
    describe_counter!(BYTES, "Bytes read from and written to the object store");
    describe_histogram!(SECONDS, "Time that requests to the object store took");
    describe_counter!(RETRIES, "Attempts at the object store after the first one of a call");
    describe_counter!(TIMEOUTS, "Attempts at the object store that were ended for taking too long");
    describe_counter!(FAILED_FAST, "Calls that did not reach the object store because its circuit was open");
    describe_counter!(RESOLVED, "Conditional writes whose lost answer turned out to have been a success");
    describe_gauge!(CIRCUIT, "0 when the object store answers, 2 when it is left alone, 1 while it is tried");
}
