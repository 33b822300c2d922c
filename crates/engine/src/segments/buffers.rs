//! Memory for reading local segment files, used again and again.
//!
//! A read of 1 MiB into fresh memory spends more time on the page faults of the memory than on the copy. A large buffer
//! therefore comes back here when the last slice of it is dropped, and goes to the next read. Small ones are ordinary
//! memory: their slices may stay in a cache for long, and would keep a large buffer with them.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::limits::{FRAME_MAX_BYTES, READ_BUFFER_BYTES, READ_BUFFERS_MAX};
use parking_lot::Mutex;

use crate::format::frame::FRAME_HEADER_BYTES;

/// Reads of more than one frame take a reused buffer.
const REUSED_MIN_BYTES: usize = 2 * FRAME_MAX_BYTES;

// What may stay in the cache of frames is never part of a reused buffer.
const _: () = assert!(FRAME_HEADER_BYTES + FRAME_MAX_BYTES < REUSED_MIN_BYTES);
const _: () = assert!(REUSED_MIN_BYTES <= READ_BUFFER_BYTES);

type Free = Arc<Mutex<Vec<Vec<u8>>>>;

/// Buffers that nobody uses now.
#[derive(Default)]
pub(crate) struct ReadBuffers {
    free: Free,
}

impl ReadBuffers {
    /// A buffer of `len` bytes with any content.
    pub(super) fn take(&self, len: usize) -> ReadBuffer {
        if !(REUSED_MIN_BYTES..=READ_BUFFER_BYTES).contains(&len) {
            return ReadBuffer { bytes: vec![0; len], len, home: None };
        }
        let free = self.free.lock().pop();
        let bytes = free.unwrap_or_else(|| vec![0; READ_BUFFER_BYTES]);
        ReadBuffer { bytes, len, home: Some(self.free.clone()) }
    }
}

/// A buffer in use.
pub(super) struct ReadBuffer {
    bytes: Vec<u8>,
    len: usize,
    /// Where it goes back to.
    home: Option<Free>,
}

impl ReadBuffer {
    /// The content, to be shared.
    pub(super) fn freeze(mut self) -> Bytes {
        match self.home {
            Some(_) => Bytes::from_owner(self),
            None => Bytes::from(std::mem::take(&mut self.bytes)),
        }
    }
}

impl AsRef<[u8]> for ReadBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl AsMut<[u8]> for ReadBuffer {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}

impl Drop for ReadBuffer {
    fn drop(&mut self) {
        let Some(home) = &self.home else { return };
        let mut free = home.lock();
        if free.len() < READ_BUFFERS_MAX {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_buffer_is_used_again_once_its_last_slice_is_gone() {
        let buffers = ReadBuffers::default();
        let mut buffer = buffers.take(1 << 20);
        buffer.as_mut()[7] = 9;
        let bytes = buffer.freeze();
        let (address, slice) = (bytes.as_ptr(), bytes.slice(7..8));
        drop(bytes);
        assert_eq!(slice, [9u8][..]);
        assert!(buffers.free.lock().is_empty(), "a slice still uses it");
        drop(slice);
        assert_eq!(buffers.take(1 << 20).as_ref().as_ptr(), address);
    }

    #[test]
    fn buffers_are_exact_and_few_are_kept() {
        let buffers = ReadBuffers::default();
        for len in [0, 1, REUSED_MIN_BYTES, READ_BUFFER_BYTES, READ_BUFFER_BYTES + 1] {
            assert_eq!(buffers.take(len).freeze().len(), len);
        }
        let many: Vec<_> = (0..2 * READ_BUFFERS_MAX).map(|_| buffers.take(READ_BUFFER_BYTES)).collect();
        drop(many);
        assert_eq!(buffers.free.lock().len(), READ_BUFFERS_MAX);
    }
}
