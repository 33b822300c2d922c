//! The file handle: up to 64 bytes that only the server understands (RFC 1813 section 2.4, `nfs_fh3`).

use std::hash::{Hash, Hasher};

use crate::limits::FILE_HANDLE_MAX_BYTES;
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

/// A file handle, held inline. Compares by its bytes. MOUNT's `fhandle3` is the same type.
#[derive(Clone, Copy)]
pub struct FileHandle {
    length: u8,
    /// Zero past `length`.
    bytes: [u8; FILE_HANDLE_MAX_BYTES],
}

impl FileHandle {
    /// A handle of these bytes, or `None` if there are more than [`FILE_HANDLE_MAX_BYTES`].
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut handle = Self { length: 0, bytes: [0; FILE_HANDLE_MAX_BYTES] };
        handle.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        handle.length = bytes.len() as u8;
        Some(handle)
    }

    /// The handle's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl PartialEq for FileHandle {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for FileHandle {}

impl Hash for FileHandle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl std::fmt::Debug for FileHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileHandle(")?;
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

impl Encode for FileHandle {
    fn encode(&self, out: &mut Rope) {
        out.put_opaque(self.as_bytes());
    }
}

impl Decode for FileHandle {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        let mut bytes = [0; FILE_HANDLE_MAX_BYTES];
        let length = input.opaque_into(&mut bytes)? as u8;
        Ok(Self { length, bytes })
    }
}

#[cfg(test)]
impl crate::sample::Sample for FileHandle {
    fn sample(random: &mut crate::sample::Source) -> Self {
        Self::new(&random.bytes(FILE_HANDLE_MAX_BYTES)).unwrap()
    }
}
