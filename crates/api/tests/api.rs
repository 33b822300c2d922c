//! The HTTP front end over an in-memory catalogue and in-memory files, one binary.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "suite/fake/mod.rs"]
mod fake;
#[path = "suite/support.rs"]
mod support;

#[path = "suite/admin.rs"]
mod admin;
#[path = "suite/attachments.rs"]
mod attachments;
#[path = "suite/auth.rs"]
mod auth;
#[path = "suite/changing.rs"]
mod changing;
#[path = "suite/conditions.rs"]
mod conditions;
#[path = "suite/contract.rs"]
mod contract;
#[path = "suite/e2b.rs"]
mod e2b;
#[path = "suite/failures.rs"]
mod failures;
#[path = "suite/filesystems.rs"]
mod filesystems;
#[path = "suite/listing.rs"]
mod listing;
#[path = "suite/metrics.rs"]
mod metrics;
#[path = "suite/paths.rs"]
mod paths;
#[path = "suite/ranges.rs"]
mod ranges;
#[path = "suite/recovery.rs"]
mod recovery;
#[path = "suite/snapshots.rs"]
mod snapshots;
#[path = "suite/tar.rs"]
mod tar;
#[path = "suite/tcp.rs"]
mod tcp;
#[path = "suite/writing.rs"]
mod writing;
