//! Procedure 5, CALLIT (RFC 1833 section 3.2): an indirect call. Decoded so that a server can refuse it by name.

use bytes::Bytes;

use crate::limits::CALLIT_MAX_BYTES;
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

/// `call_args`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallItArgs {
    /// The program to call.
    pub program: u32,
    /// Its version.
    pub version: u32,
    /// Its procedure.
    pub procedure: u32,
    /// The encoded arguments.
    pub args: Bytes,
}

impl Encode for CallItArgs {
    fn encode(&self, out: &mut Rope) {
        [self.program, self.version, self.procedure].iter().for_each(|word| out.put_u32(*word));
        out.put_opaque(&self.args);
    }
}

impl Decode for CallItArgs {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(Self {
            program: input.u32()?,
            version: input.u32()?,
            procedure: input.u32()?,
            args: input.opaque(CALLIT_MAX_BYTES)?,
        })
    }
}

/// `call_result`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallItResult {
    /// The port of the program that was called.
    pub port: u32,
    /// The encoded result.
    pub result: Bytes,
}

impl Encode for CallItResult {
    fn encode(&self, out: &mut Rope) {
        out.put_u32(self.port);
        out.put_opaque(&self.result);
    }
}

impl Decode for CallItResult {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(Self { port: input.u32()?, result: input.opaque(CALLIT_MAX_BYTES)? })
    }
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::sample::{Sample, Source};

    impl Sample for CallItArgs {
        fn sample(random: &mut Source) -> Self {
            Self {
                program: u32::sample(random),
                version: u32::sample(random),
                procedure: u32::sample(random),
                args: random.bytes(CALLIT_MAX_BYTES),
            }
        }
    }

    impl Sample for CallItResult {
        fn sample(random: &mut Source) -> Self {
            Self { port: u32::sample(random), result: random.bytes(CALLIT_MAX_BYTES) }
        }
    }
}
