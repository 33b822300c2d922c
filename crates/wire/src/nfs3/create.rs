//! Procedure 8, CREATE (RFC 1813 section 3.3.8), and the result that MKDIR, SYMLINK and MKNOD share with it.

use crate::nfs3::{DirOpArgs3, Failure, PostOpAttr, PostOpFh3, Sattr3, WccData};
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_verifier! {
    /// `createverf3`: names one exclusive creation, so that its retransmission succeeds and a second one does not.
    pub struct CreateVerifier3;
}

/// `createhow3`: what to do if the name exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateHow3 {
    /// UNCHECKED: use the existing file.
    Unchecked(Sattr3),
    /// GUARDED: fail with NFS3ERR_EXIST.
    Guarded(Sattr3),
    /// EXCLUSIVE: fail unless the existing file was created with this verifier.
    Exclusive(CreateVerifier3),
}

impl Encode for CreateHow3 {
    fn encode(&self, out: &mut Rope) {
        match self {
            Self::Unchecked(attributes) => {
                out.put_u32(0);
                attributes.encode(out);
            }
            Self::Guarded(attributes) => {
                out.put_u32(1);
                attributes.encode(out);
            }
            Self::Exclusive(verifier) => {
                out.put_u32(2);
                verifier.encode(out);
            }
        }
    }
}

impl Decode for CreateHow3 {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(match input.u32()? {
            0 => Self::Unchecked(Decode::decode(input)?),
            1 => Self::Guarded(Decode::decode(input)?),
            2 => Self::Exclusive(Decode::decode(input)?),
            value => return Err(XdrError::Discriminant { name: "createmode3", value }),
        })
    }
}

xdr_struct! {
    /// `CREATE3args`.
    pub struct CreateArgs {
        /// Directory and name.
        pub target: DirOpArgs3,
        /// What to do if the name exists, and the new file's attributes.
        pub how: CreateHow3,
    }
}

xdr_struct! {
    /// `CREATE3resok`, `MKDIR3resok`, `SYMLINK3resok` and `MKNOD3resok`.
    #[derive(Copy, Default)]
    pub struct CreateOk {
        /// The new object.
        pub object: PostOpFh3,
        /// The new object's attributes.
        pub attributes: PostOpAttr,
        /// The directory before and after.
        pub dir_wcc: WccData,
    }
}

/// `CREATE3res`; a failure carries the directory's weak cache consistency data.
pub type CreateRes = Result<CreateOk, Failure<WccData>>;

#[cfg(test)]
impl crate::sample::Sample for CreateHow3 {
    fn sample(random: &mut crate::sample::Source) -> Self {
        match random.below(3) {
            0 => Self::Unchecked(Sattr3::sample(random)),
            1 => Self::Guarded(Sattr3::sample(random)),
            _ => Self::Exclusive(CreateVerifier3::sample(random)),
        }
    }
}
