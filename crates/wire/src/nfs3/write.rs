//! Procedure 7, WRITE (RFC 1813 section 3.3.7).

use bytes::Bytes;

use crate::limits::DATA_DECODE_MAX_BYTES;
use crate::nfs3::{Failure, FileHandle, WccData};
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_enum! {
    /// `stable_how`: what must be on stable storage before the reply, or was.
    pub enum StableHow {
        /// UNSTABLE: nothing, until a COMMIT.
        Unstable = 0,
        /// DATA_SYNC: the data and what is needed to find it.
        DataSync = 1,
        /// FILE_SYNC: the data and all metadata.
        FileSync = 2,
    }
}

xdr_verifier! {
    /// `writeverf3`: changes when unsynced data may have been lost, and only then.
    pub struct WriteVerifier3;
}

/// `WRITE3args`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteArgs {
    /// The file.
    pub file: FileHandle,
    /// Where to begin, bytes.
    pub offset: u64,
    /// Bytes to write. A caller may send another number than there is data; the server answers NFS3ERR_INVAL.
    pub count: u32,
    /// What must be stable before the reply.
    pub stable: StableHow,
    /// The bytes, sharing the record's memory.
    pub data: Bytes,
}

impl Encode for WriteArgs {
    fn encode(&self, out: &mut Rope) {
        self.file.encode(out);
        out.put_u64(self.offset);
        out.put_u32(self.count);
        self.stable.encode(out);
        out.put_shared_opaque(&self.data);
    }
}

impl Decode for WriteArgs {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(Self {
            file: Decode::decode(input)?,
            offset: input.u64()?,
            count: input.u32()?,
            stable: Decode::decode(input)?,
            data: input.opaque(DATA_DECODE_MAX_BYTES)?,
        })
    }
}

xdr_struct! {
    /// `WRITE3resok`.
    #[derive(Copy)]
    pub struct WriteOk {
        /// The file before and after.
        pub wcc: WccData,
        /// Bytes written; may be fewer than asked for.
        pub count: u32,
        /// What is stable; at least what was asked for.
        pub committed: StableHow,
        /// Which incarnation holds the data.
        pub verifier: WriteVerifier3,
    }
}

/// `WRITE3res`; a failure carries the file's weak cache consistency data.
pub type WriteRes = Result<WriteOk, Failure<WccData>>;

#[cfg(test)]
impl crate::sample::Sample for WriteArgs {
    fn sample(random: &mut crate::sample::Source) -> Self {
        let data = random.bytes(20_000);
        Self {
            file: FileHandle::sample(random),
            offset: random.u64(),
            count: data.len() as u32,
            stable: StableHow::sample(random),
            data,
        }
    }
}
