//! Locks over the network: who holds which bytes of which file, kept over restarts, given up in time.
//!
//! [`manager`] is the state machine, pure and without I/O; [`log`] keeps what it says on the node's disk; [`service`]
//! joins the two, answers when a change is durable, and tells clients of the locks that they waited for
//! ([`announce`], through [`callback`]). The protocol's procedures are in `crate::nlm`, those of the status monitor in
//! `crate::nsm`.
//!
//! **In a crash** nothing that was answered is lost: a restarted server holds the same locks, without a grace period.
//! Only requests that wait are forgotten, and clients repeat those. Where the log is lost or damaged, a grace period
//! keeps new locks out while clients reclaim theirs.
//!
//! **A client that dies** keeps its locks until it says that it has begun anew (NSM NOTIFY, FREE_ALL, or a newer state
//! in a LOCK), or its attachment, file or volume ends. It is never guessed dead: a sandbox that sleeps looks the same.

mod announce;
mod callback;
mod change;
mod deadlock;
mod freeing;
mod log;
mod manager;
mod owner;
mod promises;
mod range;
mod ranges;
mod record;
mod service;
mod shares;
mod table;
#[cfg(test)]
mod tests;
mod waiting;
mod writer;

pub(crate) use manager::Request;
pub(crate) use owner::{ClientKey, Contact, FileKey, Owner, Scope};
pub(crate) use range::ByteRange;
pub(crate) use service::Service;
pub use service::{LockConfig, Locks, LogFailed};
pub(crate) use shares::Share;
pub(crate) use waiting::Form;
