//! The traits for XDR's own types: integers, booleans, void, fixed opaque words, optional data.

use super::{Decode, Encode, Reader, Rope, XdrError};

impl Encode for () {
    fn encode(&self, _: &mut Rope) {}
}

impl Decode for () {
    fn decode(_: &mut Reader) -> Result<Self, XdrError> {
        Ok(())
    }
}

impl Encode for u32 {
    #[inline]
    fn encode(&self, out: &mut Rope) {
        out.put_u32(*self);
    }
}

impl Decode for u32 {
    #[inline]
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        input.u32()
    }
}

impl Encode for u64 {
    #[inline]
    fn encode(&self, out: &mut Rope) {
        out.put_u64(*self);
    }
}

impl Decode for u64 {
    #[inline]
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        input.u64()
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Rope) {
        out.put_bool(*self);
    }
}

impl Decode for bool {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        input.bool()
    }
}

/// Optional data (RFC 4506 section 4.19), and the RFC 1813 unions that are a boolean and a value.
impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn encode(&self, out: &mut Rope) {
        out.put_bool(self.is_some());
        if let Some(value) = self {
            value.encode(out);
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    #[inline]
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        input.bool()?.then(|| T::decode(input)).transpose()
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, out: &mut Rope) {
        (**self).encode(out);
    }
}
