//! Procedure 11, MKNOD (RFC 1813 section 3.3.11).

use crate::nfs3::{CreateRes, DirOpArgs3, Ftype3, Sattr3, SpecData3};
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_struct! {
    /// `devicedata3`.
    #[derive(Copy, Default)]
    pub struct DeviceData3 {
        /// The device's attributes.
        pub attributes: Sattr3,
        /// Its number.
        pub device: SpecData3,
    }
}

/// `mknoddata3`: what to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MknodData3 {
    /// NF3CHR.
    Character(DeviceData3),
    /// NF3BLK.
    Block(DeviceData3),
    /// NF3SOCK.
    Socket(Sattr3),
    /// NF3FIFO.
    Fifo(Sattr3),
    /// NF3REG; the server answers NFS3ERR_BADTYPE, as for the next two.
    Regular,
    /// NF3DIR.
    Directory,
    /// NF3LNK.
    Symlink,
}

impl MknodData3 {
    /// The type asked for.
    pub const fn kind(&self) -> Ftype3 {
        match self {
            Self::Character(_) => Ftype3::Character,
            Self::Block(_) => Ftype3::Block,
            Self::Socket(_) => Ftype3::Socket,
            Self::Fifo(_) => Ftype3::Fifo,
            Self::Regular => Ftype3::Regular,
            Self::Directory => Ftype3::Directory,
            Self::Symlink => Ftype3::Symlink,
        }
    }
}

impl Encode for MknodData3 {
    fn encode(&self, out: &mut Rope) {
        self.kind().encode(out);
        match self {
            Self::Character(device) | Self::Block(device) => device.encode(out),
            Self::Socket(attributes) | Self::Fifo(attributes) => attributes.encode(out),
            Self::Regular | Self::Directory | Self::Symlink => {}
        }
    }
}

impl Decode for MknodData3 {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(match Ftype3::decode(input)? {
            Ftype3::Character => Self::Character(Decode::decode(input)?),
            Ftype3::Block => Self::Block(Decode::decode(input)?),
            Ftype3::Socket => Self::Socket(Decode::decode(input)?),
            Ftype3::Fifo => Self::Fifo(Decode::decode(input)?),
            Ftype3::Regular => Self::Regular,
            Ftype3::Directory => Self::Directory,
            Ftype3::Symlink => Self::Symlink,
        })
    }
}

xdr_struct! {
    /// `MKNOD3args`.
    pub struct MknodArgs {
        /// Directory and name.
        pub target: DirOpArgs3,
        /// What to make.
        pub what: MknodData3,
    }
}

/// `MKNOD3res`; a failure carries the directory's weak cache consistency data.
pub type MknodRes = CreateRes;

#[cfg(test)]
impl crate::sample::Sample for MknodData3 {
    fn sample(random: &mut crate::sample::Source) -> Self {
        match Ftype3::sample(random) {
            Ftype3::Character => Self::Character(DeviceData3::sample(random)),
            Ftype3::Block => Self::Block(DeviceData3::sample(random)),
            Ftype3::Socket => Self::Socket(Sattr3::sample(random)),
            Ftype3::Fifo => Self::Fifo(Sattr3::sample(random)),
            Ftype3::Regular => Self::Regular,
            Ftype3::Directory => Self::Directory,
            Ftype3::Symlink => Self::Symlink,
        }
    }
}
