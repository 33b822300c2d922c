//! Credentials to callers (RFC 5531 section 8.2).

use holdfast_engine::Caller;
use holdfast_wire::rpc::{AUTH_NONE, AUTH_SYS, AuthStat, CallHeader, Credential};

/// User and group of a caller without a name.
pub(crate) const ANONYMOUS: u32 = 65_534;

/// What a program asks of its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// AUTH_NONE will do: NULL, MOUNT, PORTMAP.
    Nobody,
    /// A user: every NFS procedure but NULL.
    User,
}

/// The caller of a call, or why it is denied.
pub(crate) fn caller(header: &CallHeader, needs: Needs) -> Result<Caller, AuthStat> {
    if header.verifier.flavor != AUTH_NONE || !header.verifier.body.is_empty() {
        return Err(AuthStat::BadVerifier);
    }
    match &header.credential {
        Credential::Sys(sys) => Ok(Caller { uid: sys.uid, gid: sys.gid, groups: sys.gids.as_slice().into() }),
        Credential::None if needs == Needs::User => Err(AuthStat::TooWeak),
        Credential::None => Ok(Caller::user(ANONYMOUS, ANONYMOUS)),
        Credential::Other(auth) if matches!(auth.flavor, AUTH_NONE | AUTH_SYS) => {
            Err(AuthStat::BadCredential)
        }
        Credential::Other(_) => Err(AuthStat::RejectedCredential),
    }
}
