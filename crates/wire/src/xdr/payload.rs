//! File data of a READ: one shared buffer, or several that are sent one after the other without being joined.

use bytes::{Bytes, BytesMut};

use super::{Decode, Encode, Reader, Rope, XdrError};
use crate::limits::DATA_DECODE_MAX_BYTES;

/// A run of bytes in one or more shared buffers. Two payloads are equal when their bytes are, however cut.
#[derive(Clone, Debug)]
pub enum Payload {
    /// The usual case; needs no allocation of its own.
    One(Bytes),
    /// Data that came from several frames or extents, in file order.
    Many(Vec<Bytes>),
}

impl Payload {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.chunks().iter().map(Bytes::len).sum()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.chunks().iter().all(Bytes::is_empty)
    }

    /// The buffers in file order.
    pub fn chunks(&self) -> &[Bytes] {
        match self {
            Self::One(bytes) => std::slice::from_ref(bytes),
            Self::Many(chunks) => chunks,
        }
    }

    /// The bytes in one buffer; copies only when there are several.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::One(bytes) => bytes,
            Self::Many(mut chunks) if chunks.len() == 1 => chunks.swap_remove(0),
            Self::Many(chunks) => {
                let mut joined = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
                chunks.iter().for_each(|chunk| joined.extend_from_slice(chunk));
                joined.freeze()
            }
        }
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::One(Bytes::new())
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self::One(bytes)
    }
}

impl From<Vec<Bytes>> for Payload {
    fn from(chunks: Vec<Bytes>) -> Self {
        Self::Many(chunks)
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(left), Self::One(right)) => left == right,
            _ => self.chunks().iter().flatten().eq(other.chunks().iter().flatten()),
        }
    }
}

impl Eq for Payload {}

impl Encode for Payload {
    fn encode(&self, out: &mut Rope) {
        out.put_payload(self);
    }
}

impl Decode for Payload {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        input.opaque(DATA_DECODE_MAX_BYTES).map(Self::One)
    }
}
