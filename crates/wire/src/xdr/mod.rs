//! XDR (RFC 4506): a bounded reader, an output rope, and the two traits that every wire type implements.

mod payload;
mod primitives;
mod reader;
mod rope;

use bytes::Bytes;

pub use payload::Payload;
pub use reader::Reader;
pub(crate) use rope::padding;
pub use rope::{Chunks, Rope, SPLICE_MIN_BYTES};

/// Why bytes are not the value that was expected. Decoding stops at the first error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XdrError {
    /// The input ends inside a value.
    #[error("the message ends {missing_bytes} bytes too early")]
    Truncated {
        /// Bytes that the value still needs.
        missing_bytes: usize,
    },
    /// A counted value is longer than its type allows.
    #[error("a length of {length} is over the limit of {limit}")]
    TooLong {
        /// The length on the wire, in the value's own unit (bytes or elements).
        length: usize,
        /// The most that is accepted.
        limit: usize,
    },
    /// A boolean that is neither 0 nor 1 (RFC 4506 section 4.4).
    #[error("{value} is not a boolean")]
    Boolean {
        /// The word on the wire.
        value: u32,
    },
    /// An enumeration or union discriminant without a meaning (RFC 4506 sections 4.3 and 4.15).
    #[error("{value} is not a value of {name}")]
    Discriminant {
        /// The type that was expected.
        name: &'static str,
        /// The word on the wire.
        value: u32,
    },
    /// Bytes are left after the last value of a message.
    #[error("{count_bytes} bytes are left after the message")]
    Trailing {
        /// How many.
        count_bytes: usize,
    },
}

/// A value that can be written as XDR. Writing cannot fail: limits are for what comes from outside.
pub trait Encode {
    /// Appends the value to `out`.
    fn encode(&self, out: &mut Rope);

    /// The encoded value as one contiguous buffer; for tests and small messages.
    fn to_bytes(&self) -> Bytes {
        let mut out = Rope::new();
        self.encode(&mut out);
        out.into_bytes()
    }
}

/// A value that can be read from XDR. Reading never panics and allocates no more than a fixed multiple of the
/// input it consumes.
pub trait Decode: Sized {
    /// Reads one value and leaves the reader behind it.
    fn decode(input: &mut Reader) -> Result<Self, XdrError>;

    /// Reads one value that must fill `bytes` exactly; anything behind it is [`XdrError::Trailing`].
    fn from_bytes(bytes: Bytes) -> Result<Self, XdrError> {
        let mut input = Reader::new(bytes);
        let value = Self::decode(&mut input)?;
        input.finish()?;
        Ok(value)
    }
}
