//! `mapping` and its list (RFC 1833 section 3.1).

use crate::limits::PORTMAP_LIST_MAX_ENTRIES;
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

/// [`Mapping::protocol`] for TCP.
pub const IPPROTO_TCP: u32 = 6;
/// [`Mapping::protocol`] for UDP.
pub const IPPROTO_UDP: u32 = 17;

xdr_struct! {
    /// Where one version of a program is served.
    #[derive(Copy, Default)]
    pub struct Mapping {
        /// The program's number.
        pub program: u32,
        /// The program's version.
        pub version: u32,
        /// [`IPPROTO_TCP`] or [`IPPROTO_UDP`]; other numbers mean nothing here but decode.
        pub protocol: u32,
        /// The port; a whole word on the wire.
        pub port: u32,
    }
}

/// `pmaplist`: at most [`PORTMAP_LIST_MAX_ENTRIES`] mappings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mappings(pub Vec<Mapping>);

impl Encode for Mappings {
    fn encode(&self, out: &mut Rope) {
        out.put_list(&self.0);
    }
}

impl Decode for Mappings {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        input.list(PORTMAP_LIST_MAX_ENTRIES).map(Self)
    }
}

#[cfg(test)]
impl crate::sample::Sample for Mappings {
    fn sample(random: &mut crate::sample::Source) -> Self {
        Self(random.list())
    }
}
