//! Attributes to set (RFC 1813 section 2.6, `sattr3`).

use crate::nfs3::NfsTime3;
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

/// `set_atime` and `set_mtime`: what to do with a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SetTime3 {
    /// DONT_CHANGE.
    #[default]
    Keep,
    /// SET_TO_SERVER_TIME.
    ServerTime,
    /// SET_TO_CLIENT_TIME.
    ClientTime(NfsTime3),
}

impl Encode for SetTime3 {
    fn encode(&self, out: &mut Rope) {
        match self {
            Self::Keep => out.put_u32(0),
            Self::ServerTime => out.put_u32(1),
            Self::ClientTime(time) => {
                out.put_u32(2);
                time.encode(out);
            }
        }
    }
}

impl Decode for SetTime3 {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(match input.u32()? {
            0 => Self::Keep,
            1 => Self::ServerTime,
            2 => Self::ClientTime(NfsTime3::decode(input)?),
            value => return Err(XdrError::Discriminant { name: "time_how", value }),
        })
    }
}

xdr_struct! {
    /// `sattr3`: the attributes to set; `None` leaves one as it is.
    #[derive(Copy, Default)]
    pub struct Sattr3 {
        /// Permission bits.
        pub mode: Option<u32>,
        /// Owner.
        pub uid: Option<u32>,
        /// Group.
        pub gid: Option<u32>,
        /// Size, bytes.
        pub size: Option<u64>,
        /// Last access.
        pub atime: SetTime3,
        /// Last change of content.
        pub mtime: SetTime3,
    }
}

#[cfg(test)]
impl crate::sample::Sample for SetTime3 {
    fn sample(random: &mut crate::sample::Source) -> Self {
        match random.below(3) {
            0 => Self::Keep,
            1 => Self::ServerTime,
            _ => Self::ClientTime(NfsTime3::sample(random)),
        }
    }
}
