//! The real binary as a process: start, stop, crash, and both front ends at its ports.

mod suite {
    mod commands;
    mod life;
    mod nfs;
    mod refusals;
    mod support;
}
