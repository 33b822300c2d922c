//! What READDIR and READDIRPLUS share: cookies, `.` and `..`, and how much to ask the engine for.
//!
//! Cookies are valid for ever, whatever happens to the directory, so their verifier is always zero, any verifier is
//! accepted, and NFS3ERR_BAD_COOKIE is never the answer.

use holdfast_base::limits::{LIST_PAGE_MAX_ENTRIES, NFS_IO_MAX_BYTES};
use holdfast_engine::{Error, Listing};
use holdfast_wire::nfs3::{CookieVerifier3, Entry3};

use crate::session::Target;

/// The cookie of `.`.
pub(super) const DOT_COOKIE: u64 = 1;
/// The cookie of `..`.
pub(super) const DOT_DOT_COOKIE: u64 = 2;
/// The verifier of every cookie.
pub(super) const VERIFIER: CookieVerifier3 = CookieVerifier3([0; 8]);

/// A reply size that the server is ready to make: a caller that takes more gets less.
pub(super) fn clamp(count: u32) -> u32 {
    count.min(NFS_IO_MAX_BYTES)
}

/// Most entries that fit `bytes` when each takes at least `entry_bytes`, and one to see whether there are more.
pub(super) fn entries_within(bytes: u32, entry_bytes: usize) -> usize {
    (bytes as usize / entry_bytes + 1).min(LIST_PAGE_MAX_ENTRIES)
}

/// A part of a directory's listing.
pub(super) async fn list(
    dir: &Target<'_>,
    after: u64,
    limit: usize,
    attributes: bool,
) -> Result<Listing, Error> {
    if dir.is_directory_of_snapshots() {
        return dir.list_snapshots(after, limit).await;
    }
    let mut listing = dir.volume.list(dir.caller(), dir.file, after, limit, attributes).await?;
    if after < DOT_DOT_COOKIE {
        listing.parent = dir.parent_ino(&listing.dir, listing.parent).await?;
    }
    Ok(listing)
}

/// Size of the smallest entry of READDIR.
pub(super) const ENTRY_MIN_BYTES: usize = Entry3::encoded_bytes(1);
