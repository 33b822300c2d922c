//! Procedures 1 and 3, MNT and UMNT (RFC 1813 sections 5.2.1 and 5.2.3).

use crate::limits::{MOUNT_AUTH_FLAVORS_MAX, MOUNT_NAME_MAX_BYTES, PATH_DECODE_MAX_BYTES};
use crate::mount3::FileHandle;
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_string! {
    /// `dirpath`: the path of an export. The RFC's MNTPATHLEN is 1,024; longer ones decode so that the server can answer
    /// MNT3ERR_NAMETOOLONG.
    pub struct DirPath[PATH_DECODE_MAX_BYTES];
}

xdr_string! {
    /// `name`: a host or group, at most 255 bytes.
    pub struct HostName[MOUNT_NAME_MAX_BYTES];
}

xdr_enum! {
    /// `mountstat3`: the outcome of MNT (RFC 1813 section 5.1.5).
    pub enum MountStat3 {
        /// MNT3_OK.
        Ok = 0,
        /// MNT3ERR_PERM: not the owner.
        Perm = 1,
        /// MNT3ERR_NOENT: no such export.
        NoEnt = 2,
        /// MNT3ERR_IO: an I/O error.
        Io = 5,
        /// MNT3ERR_ACCES: permission denied.
        Acces = 13,
        /// MNT3ERR_NOTDIR: not a directory.
        NotDir = 20,
        /// MNT3ERR_INVAL: an invalid argument.
        Inval = 22,
        /// MNT3ERR_NAMETOOLONG: the path is too long.
        NameTooLong = 63,
        /// MNT3ERR_NOTSUPP: the operation is not supported.
        NotSupp = 10004,
        /// MNT3ERR_SERVERFAULT: an error without a status of its own.
        ServerFault = 10006,
    }
}

xdr_struct! {
    /// The argument of MNT and UMNT.
    pub struct MntArgs {
        /// The export's path.
        pub path: DirPath,
    }
}

/// The authentication flavours that the server accepts, in order of preference; at most
/// [`MOUNT_AUTH_FLAVORS_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthFlavors(pub Vec<u32>);

impl Encode for AuthFlavors {
    fn encode(&self, out: &mut Rope) {
        out.put_count(self.0.len());
        self.0.iter().for_each(|flavor| out.put_u32(*flavor));
    }
}

impl Decode for AuthFlavors {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        let count = input.count(MOUNT_AUTH_FLAVORS_MAX)?;
        (0..count).map(|_| input.u32()).collect::<Result<_, _>>().map(Self)
    }
}

xdr_struct! {
    /// `mountres3_ok`.
    pub struct MntOk {
        /// The root's handle.
        pub handle: FileHandle,
        /// Accepted flavours.
        pub auth_flavors: AuthFlavors,
    }
}

/// `mountres3`; a failure is only a status, never [`MountStat3::Ok`].
pub type MntRes = Result<MntOk, MountStat3>;

impl Encode for MntRes {
    fn encode(&self, out: &mut Rope) {
        match self {
            Ok(value) => {
                MountStat3::Ok.encode(out);
                value.encode(out);
            }
            // A reply that says OK must have a handle.
            Err(MountStat3::Ok) => MountStat3::ServerFault.encode(out),
            Err(status) => status.encode(out),
        }
    }
}

impl Decode for MntRes {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(match MountStat3::decode(input)? {
            MountStat3::Ok => Ok(MntOk::decode(input)?),
            status => Err(status),
        })
    }
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::sample::{Sample, Source};

    impl Sample for AuthFlavors {
        fn sample(random: &mut Source) -> Self {
            Self((0..random.below(MOUNT_AUTH_FLAVORS_MAX + 1)).map(|_| u32::sample(random)).collect())
        }
    }

    impl Sample for MntRes {
        fn sample(random: &mut Source) -> Self {
            match MountStat3::sample(random) {
                MountStat3::Ok => Ok(MntOk::sample(random)),
                status => Err(status),
            }
        }
    }
}
