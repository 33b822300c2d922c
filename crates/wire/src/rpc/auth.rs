//! Credentials and verifiers (RFC 5531 section 8.2 and appendix A).
//!
//! AUTH_NONE and AUTH_SYS are parsed. Every other flavour, and a body that its flavour does not allow, stays opaque,
//! so that the server can answer AUTH_ERROR with the right `auth_stat` instead of dropping the call.

use bytes::Bytes;

use crate::limits::{AUTH_BODY_MAX_BYTES, MACHINE_NAME_MAX_BYTES};
use crate::rpc::Gids;
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

/// Flavour number of AUTH_NONE.
pub const AUTH_NONE: u32 = 0;
/// Flavour number of AUTH_SYS.
pub const AUTH_SYS: u32 = 1;

/// `opaque_auth`: a flavour and up to 400 bytes that only the flavour understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpaqueAuth {
    /// The flavour's number.
    pub flavor: u32,
    /// The flavour's body, at most [`AUTH_BODY_MAX_BYTES`].
    pub body: Bytes,
}

impl OpaqueAuth {
    /// AUTH_NONE with an empty body: the verifier of every AUTH_SYS call and reply.
    pub const NONE: Self = Self { flavor: AUTH_NONE, body: Bytes::new() };
}

impl Encode for OpaqueAuth {
    fn encode(&self, out: &mut Rope) {
        out.put_u32(self.flavor);
        out.put_opaque(&self.body);
    }
}

impl Decode for OpaqueAuth {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(Self { flavor: input.u32()?, body: input.opaque(AUTH_BODY_MAX_BYTES)? })
    }
}

xdr_string! {
    /// The caller's machine name in AUTH_SYS: unauthenticated, at most 255 bytes.
    pub struct MachineName[MACHINE_NAME_MAX_BYTES];
}

xdr_struct! {
    /// The body of an AUTH_SYS credential (RFC 5531 appendix A, `authsys_parms`).
    pub struct AuthSys {
        /// An arbitrary number chosen by the caller.
        pub stamp: u32,
        /// The caller's machine name.
        pub machine_name: MachineName,
        /// Effective user id.
        pub uid: u32,
        /// Effective group id.
        pub gid: u32,
        /// Supplementary groups.
        pub gids: Gids,
    }
}

impl AuthSys {
    /// The credential of a user on a nameless machine.
    pub fn new(uid: u32, gid: u32, gids: &[u32]) -> Self {
        Self { stamp: 0, machine_name: MachineName::default(), uid, gid, gids: Gids::new(gids) }
    }

    /// The encoded body's length, bytes.
    fn body_len(&self) -> usize {
        let name = self.machine_name.len();
        20 + name + crate::xdr::padding(name) + 4 * self.gids.len()
    }
}

/// Who a call says it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
// Held on the stack of one request; the large arm is the usual one.
#[allow(clippy::large_enum_variant)]
pub enum Credential {
    /// AUTH_NONE with its empty body.
    None,
    /// AUTH_SYS.
    Sys(AuthSys),
    /// Another flavour, or AUTH_NONE or AUTH_SYS with a body that is not theirs: the server rejects the call with
    /// AUTH_BADCRED if the flavour is 0 or 1, else AUTH_TOOWEAK or AUTH_REJECTEDCRED as it likes.
    Other(OpaqueAuth),
}

impl From<AuthSys> for Credential {
    fn from(sys: AuthSys) -> Self {
        Self::Sys(sys)
    }
}

impl From<OpaqueAuth> for Credential {
    fn from(auth: OpaqueAuth) -> Self {
        match auth.flavor {
            AUTH_NONE if auth.body.is_empty() => Self::None,
            AUTH_SYS => match AuthSys::from_bytes(auth.body.clone()) {
                Ok(sys) => Self::Sys(sys),
                Err(_) => Self::Other(auth),
            },
            _ => Self::Other(auth),
        }
    }
}

impl Encode for Credential {
    fn encode(&self, out: &mut Rope) {
        match self {
            Self::None => OpaqueAuth::NONE.encode(out),
            Self::Sys(sys) => {
                out.put_u32(AUTH_SYS);
                out.put_count(sys.body_len());
                sys.encode(out);
            }
            Self::Other(auth) => auth.encode(out),
        }
    }
}

impl Decode for Credential {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        OpaqueAuth::decode(input).map(Self::from)
    }
}

#[cfg(test)]
impl crate::sample::Sample for OpaqueAuth {
    fn sample(random: &mut crate::sample::Source) -> Self {
        Self { flavor: random.below(8) as u32, body: random.bytes(AUTH_BODY_MAX_BYTES) }
    }
}

#[cfg(test)]
impl crate::sample::Sample for Credential {
    fn sample(random: &mut crate::sample::Source) -> Self {
        match random.below(3) {
            0 => Self::None,
            1 => Self::Sys(AuthSys::sample(random)),
            // Through the conversion: a random body may happen to be a valid one.
            _ => OpaqueAuth::sample(random).into(),
        }
    }
}
