//! The keys of a volume's index. One letter says the kind; numbers are big-endian, so that rows of one inode
//! lie together and scans run in order.

use crate::error::{Error, Result};
use crate::types::Ino;

/// The volume's own row.
pub(crate) const META: &[u8] = b"m";

/// The row of an inode: `i`, inode.
pub(crate) fn inode(ino: Ino) -> [u8; 9] {
    prefixed(b'i', ino)
}

/// The rows of a directory's entries: `d`, directory.
pub(crate) fn entries(dir: Ino) -> [u8; 9] {
    prefixed(b'd', dir)
}

/// One row of a directory: `d`, directory, hash of the names in it.
pub(crate) fn entry(dir: Ino, hash: u64) -> [u8; 17] {
    pair(b'd', dir, hash)
}

/// The rows of a file's extents: `x`, inode.
pub(crate) fn pages(ino: Ino) -> [u8; 9] {
    prefixed(b'x', ino)
}

/// One page of extents: `x`, inode, number of the page.
pub(crate) fn page(ino: Ino, page: u64) -> [u8; 17] {
    pair(b'x', ino, page)
}

/// The rows of all segments.
pub(crate) const SEGMENTS: &[u8] = b"s";

/// The live payload bytes of a segment: `s`, segment.
pub(crate) fn segment(segment: u64) -> [u8; 9] {
    prefixed(b's', segment)
}

/// The number at the end of a key of [`entry`], [`page`] or [`segment`].
pub(crate) fn last_number(key: &[u8]) -> Result<u64> {
    let tail = key.len().checked_sub(8).ok_or_else(|| Error::corrupt("a key is too short"))?;
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&key[tail..]);
    Ok(u64::from_be_bytes(bytes))
}

/// The two numbers of a key of [`entry`] or [`page`].
pub(crate) fn pair_of(key: &[u8]) -> Result<(u64, u64)> {
    let first = key.len().checked_sub(8).ok_or_else(|| Error::corrupt("a key is too short"))?;
    Ok((last_number(&key[..first])?, last_number(key)?))
}

fn prefixed(kind: u8, number: u64) -> [u8; 9] {
    let mut key = [0; 9];
    key[0] = kind;
    key[1..].copy_from_slice(&number.to_be_bytes());
    key
}

fn pair(kind: u8, first: u64, second: u64) -> [u8; 17] {
    let mut key = [0; 17];
    key[0] = kind;
    key[1..9].copy_from_slice(&first.to_be_bytes());
    key[9..].copy_from_slice(&second.to_be_bytes());
    key
}
