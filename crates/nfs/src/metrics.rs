//! Counters and histograms, their handles looked up once: a call costs two atomic additions and a bucket.
//!
//! A series begins when it first counts. Handles belong to the recorder that is installed when it does, so the
//! recorder must be installed before the server starts.

use std::sync::OnceLock;
use std::time::Duration;

use holdfast_wire::nfs3::{NfsStat3, Procedure3};
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::status;

const PROCEDURES: usize = Procedure3::ALL.len();
const STATUSES: usize = NfsStat3::ALL.len();

/// The handles of one server.
pub(crate) struct Metrics {
    operations: [Operation; PROCEDURES],
    bytes_read: Counter,
    bytes_written: Counter,
    pub connections: Gauge,
    pub connections_refused: Counter,
}

struct Operation {
    name: &'static str,
    by_status: [OnceLock<Counter>; STATUSES],
    seconds: OnceLock<Histogram>,
}

impl Metrics {
    pub fn new() -> Self {
        let operation = |index: usize| Operation {
            name: name(Procedure3::ALL[index]),
            by_status: [const { OnceLock::new() }; STATUSES],
            seconds: OnceLock::new(),
        };
        Self {
            operations: std::array::from_fn(operation),
            bytes_read: counter!("filesystem_bytes_read_total"),
            bytes_written: counter!("filesystem_bytes_written_total"),
            connections: gauge!("holdfast_nfs_connections"),
            connections_refused: counter!("holdfast_nfs_connections_refused_total"),
        }
    }

    /// Counts one answered call.
    pub fn answered(&self, procedure: Procedure3, status: NfsStat3, took: Duration) {
        let operation = &self.operations[procedure.as_u32() as usize];
        let counter = operation.by_status[place(status)].get_or_init(|| {
            counter!("filesystem_operations_total", "operation" => operation.name, "status" => status::name(status))
        });
        counter.increment(1);
        let seconds = operation.seconds.get_or_init(
            || histogram!("filesystem_operation_duration_seconds", "operation" => operation.name),
        );
        seconds.record(took);
    }

    /// Counts bytes of file data that were sent.
    pub fn read(&self, bytes: u32) {
        self.bytes_read.increment(u64::from(bytes));
    }

    /// Counts bytes of file data that were taken.
    pub fn written(&self, bytes: u32) {
        self.bytes_written.increment(u64::from(bytes));
    }
}

fn place(status: NfsStat3) -> usize {
    match status {
        NfsStat3::Ok => 0,
        failure => NfsStat3::ALL.iter().position(|listed| *listed == failure).unwrap_or(0),
    }
}

/// The procedure's name as a label.
const fn name(procedure: Procedure3) -> &'static str {
    match procedure {
        Procedure3::Null => "null",
        Procedure3::GetAttr => "getattr",
        Procedure3::SetAttr => "setattr",
        Procedure3::Lookup => "lookup",
        Procedure3::Access => "access",
        Procedure3::ReadLink => "readlink",
        Procedure3::Read => "read",
        Procedure3::Write => "write",
        Procedure3::Create => "create",
        Procedure3::Mkdir => "mkdir",
        Procedure3::Symlink => "symlink",
        Procedure3::Mknod => "mknod",
        Procedure3::Remove => "remove",
        Procedure3::Rmdir => "rmdir",
        Procedure3::Rename => "rename",
        Procedure3::Link => "link",
        Procedure3::ReadDir => "readdir",
        Procedure3::ReadDirPlus => "readdirplus",
        Procedure3::FsStat => "fsstat",
        Procedure3::FsInfo => "fsinfo",
        Procedure3::PathConf => "pathconf",
        Procedure3::Commit => "commit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn procedures_are_numbered_from_zero_without_gaps() {
        for (index, procedure) in Procedure3::ALL.iter().enumerate() {
            assert_eq!(procedure.as_u32() as usize, index);
            assert_eq!(name(*procedure), procedure.name().to_ascii_lowercase());
        }
        assert_eq!(NfsStat3::ALL[0], NfsStat3::Ok);
    }
}
