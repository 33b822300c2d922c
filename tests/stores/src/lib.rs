//! Stores that speak their vendors' protocols, for tests: S3 in process, Azure as a child process. Google's is a crate
//! of its own, `holdfast-gcs-server`.
//!
//! Everything listens on 127.0.0.1, on a port that the system chooses, and ends with the value that stands for it.

pub mod azurite;
pub mod s3;
