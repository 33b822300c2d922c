//! One file per subject.

mod attachments;
mod changes;
mod connections;
mod data;
mod faults;
mod handles;
mod hostile;
mod identity;
mod info;
mod listing;
mod lock_grants;
mod lock_restart;
mod lock_support;
mod locks;
mod metrics;
mod mount;
mod names;
mod replay;
mod rpc;
mod snapshots;
mod support;
