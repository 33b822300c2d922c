//! The local disk as an argument: what the journal and the spool need of it, and no more.
//!
//! [`RealDisk`] is the operating system. [`MemoryDisk`] forgets on [`MemoryDisk::crash`] whatever was not synced,
//! so that tests can pull the plug between any two steps.

mod blocking;
mod memory;
mod real;

use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;

pub(crate) use blocking::blocking;
pub use memory::MemoryDisk;
pub use real::RealDisk;

/// An open file. All methods block.
pub trait DiskFile: Send + Sync + 'static {
    /// Fills `buffer` from `offset`; an error of kind `UnexpectedEof` if the file ends before.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
    /// The `len` bytes at `offset`, read into memory that need not be zeroed first.
    fn read_vec_at(&self, len: usize, offset: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }
    /// Fills `buffer` from `offset` if the bytes are in memory, so that nobody waits for the device; says whether it
    /// did. If not, `buffer` holds anything.
    fn read_cached_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<bool> {
        let _ = (buffer, offset);
        Ok(false)
    }
    /// Writes all of `bytes` at `offset`, extending the file if needed.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Writes all of `pieces`, one behind the other, from `offset`: for bulk data without a copy.
    fn write_all_vectored_at(&self, pieces: &[IoSlice<'_>], offset: u64) -> io::Result<()> {
        let mut at = offset;
        for piece in pieces {
            self.write_all_at(piece, at)?;
            at += piece.len() as u64;
        }
        Ok(())
    }
    /// `fdatasync`: returns once the data, and the size needed to read it, is on stable storage.
    fn sync_data(&self) -> io::Result<()>;
    /// Current size, bytes.
    fn size_bytes(&self) -> io::Result<u64>;
}

/// A file system on the node's local disk. All methods block.
pub trait Disk: Send + Sync + 'static {
    /// Whether every call returns at once, as in a simulation: then nothing gets a thread of its own, and one
    /// runtime with one thread runs the whole engine in an order that can be repeated.
    fn never_blocks(&self) -> bool {
        false
    }
    /// Makes a directory and its parents, durably; no error if it exists.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Makes a new empty file; an error of kind `AlreadyExists` if there is one.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens an existing file for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// The names in a directory, sorted; none if there is no such directory.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Replaces `to` by `from`, atomically.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// A second name for a file; an error of kind `AlreadyExists` if the name is taken.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; no error if it is gone already.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
}
