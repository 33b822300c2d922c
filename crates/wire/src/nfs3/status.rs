//! `nfsstat3` and the shape that every result shares (RFC 1813 section 2.6).

use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_enum! {
    /// The outcome of a procedure (RFC 1813 section 2.6).
    pub enum NfsStat3 {
        /// NFS3_OK.
        Ok = 0,
        /// NFS3ERR_PERM: the caller is not the owner or not privileged.
        Perm = 1,
        /// NFS3ERR_NOENT: no such file or directory.
        NoEnt = 2,
        /// NFS3ERR_IO: a hard error while the operation ran.
        Io = 5,
        /// NFS3ERR_NXIO: no such device or address.
        NxIo = 6,
        /// NFS3ERR_ACCES: permission denied.
        Acces = 13,
        /// NFS3ERR_EXIST: the file exists.
        Exist = 17,
        /// NFS3ERR_XDEV: a hard link across devices.
        XDev = 18,
        /// NFS3ERR_NODEV: no such device.
        NoDev = 19,
        /// NFS3ERR_NOTDIR: not a directory.
        NotDir = 20,
        /// NFS3ERR_ISDIR: a directory where none may be.
        IsDir = 21,
        /// NFS3ERR_INVAL: an argument that is invalid or not supported for the object.
        Inval = 22,
        /// NFS3ERR_FBIG: the file would be too large.
        FBig = 27,
        /// NFS3ERR_NOSPC: no space left.
        NoSpc = 28,
        /// NFS3ERR_ROFS: the filesystem is read-only.
        RoFs = 30,
        /// NFS3ERR_MLINK: too many hard links.
        MLink = 31,
        /// NFS3ERR_NAMETOOLONG: a name is too long.
        NameTooLong = 63,
        /// NFS3ERR_NOTEMPTY: a directory is not empty.
        NotEmpty = 66,
        /// NFS3ERR_DQUOT: the quota is used up.
        DQuot = 69,
        /// NFS3ERR_STALE: the handle's object is gone or its access was revoked.
        Stale = 70,
        /// NFS3ERR_REMOTE: too many levels of remote in a path.
        Remote = 71,
        /// NFS3ERR_BADHANDLE: the handle fails its consistency check.
        BadHandle = 10001,
        /// NFS3ERR_NOT_SYNC: SETATTR's guard does not match.
        NotSync = 10002,
        /// NFS3ERR_BAD_COOKIE: a stale directory cookie.
        BadCookie = 10003,
        /// NFS3ERR_NOTSUPP: the operation is not supported.
        NotSupp = 10004,
        /// NFS3ERR_TOOSMALL: the buffer or request is too small.
        TooSmall = 10005,
        /// NFS3ERR_SERVERFAULT: an error without a status of its own.
        ServerFault = 10006,
        /// NFS3ERR_BADTYPE: an object of this type cannot be made here.
        BadType = 10007,
        /// NFS3ERR_JUKEBOX: not now; the client waits and asks again.
        Jukebox = 10008,
    }
}

/// A failed procedure: why, and what its `resfail` arm carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure<T> {
    /// Why; never [`NfsStat3::Ok`]. Encoding turns a mistaken `Ok` into `ServerFault`, because a reply that says OK
    /// must have the other arm's body.
    pub status: NfsStat3,
    /// What the RFC's `resfail` holds: `()`, attributes, or weak cache consistency data.
    pub info: T,
}

impl<T> Failure<T> {
    /// A failure with the body of its arm.
    pub const fn new(status: NfsStat3, info: T) -> Self {
        Self { status, info }
    }
}

/// A failure whose arm is left empty: no attributes.
impl<T: Default> From<NfsStat3> for Failure<T> {
    fn from(status: NfsStat3) -> Self {
        Self { status, info: T::default() }
    }
}

/// Every result of RFC 1813: a status, then the arm that it selects.
impl<T: Encode, F: Encode> Encode for Result<T, Failure<F>> {
    fn encode(&self, out: &mut Rope) {
        match self {
            Ok(value) => {
                NfsStat3::Ok.encode(out);
                value.encode(out);
            }
            Err(failure) => {
                let status = match failure.status {
                    NfsStat3::Ok => NfsStat3::ServerFault,
                    status => status,
                };
                status.encode(out);
                failure.info.encode(out);
            }
        }
    }
}

impl<T: Decode, F: Decode> Decode for Result<T, Failure<F>> {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(match NfsStat3::decode(input)? {
            NfsStat3::Ok => Ok(T::decode(input)?),
            status => Err(Failure { status, info: F::decode(input)? }),
        })
    }
}

#[cfg(test)]
impl<T: crate::sample::Sample, F: crate::sample::Sample> crate::sample::Sample for Result<T, Failure<F>> {
    fn sample(random: &mut crate::sample::Source) -> Self {
        match NfsStat3::sample(random) {
            NfsStat3::Ok => Ok(T::sample(random)),
            _ if random.below(2) == 0 => Ok(T::sample(random)),
            status => Err(Failure { status, info: F::sample(random) }),
        }
    }
}
