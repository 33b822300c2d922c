//! ACCESS.

use crate::error::Result;
use crate::format::inode::Inode;
use crate::types::{Attr, Caller, access};
use crate::volume::tx::{may, permits};
use crate::volume::{FileId, Volume};

impl Volume {
    /// Which of the `wanted` rights (bits of [`access`]) the caller has.
    ///
    /// # Errors
    /// [`crate::Error::Stale`].
    pub async fn access(&self, caller: &Caller, file: FileId, wanted: u32) -> Result<(u32, Attr)> {
        self.read_op(|tx| {
            let inode = tx.file(file)?;
            let granted = granted(&inode, caller) & wanted;
            let possible = if self.is_read_only() { !CHANGES } else { u32::MAX };
            Ok((granted & possible, inode.attr))
        })
        .await
    }
}

/// Rights that nobody has on a snapshot.
const CHANGES: u32 = access::MODIFY | access::EXTEND | access::DELETE;

fn granted(inode: &Inode, caller: &Caller) -> u32 {
    let mut bits = 0;
    if permits(inode, caller, may::READ) {
        bits |= access::READ;
    }
    if permits(inode, caller, may::WRITE) {
        bits |= access::MODIFY | access::EXTEND;
    }
    let execute = permits(inode, caller, may::EXECUTE);
    if inode.is_dir() {
        if execute {
            bits |= access::LOOKUP;
        }
        if execute && permits(inode, caller, may::WRITE) {
            bits |= access::DELETE;
        }
    } else if execute {
        bits |= access::EXECUTE;
    }
    bits
}
