//! The real binary as a process: start, stop, crash, and both front ends at its ports.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod suite {
    mod attachments;
    mod commands;
    mod life;
    mod nfs;
    mod refusals;
    mod snapshots;
    mod support;
}
