//! The volume's own row: what it is, how full, and up to which journal record the index goes.

use super::codec::{Put, Take};
use crate::error::{Error, Result};
use crate::types::Ino;

const VERSION: u8 = 1;

/// Exact use of a volume. Carried by every record that changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub used_bytes: u64,
    pub used_inodes: u64,
    /// The next inode number. Only ever grows.
    pub next_ino: Ino,
    pub limit_bytes: u64,
    pub limit_inodes: u64,
}

impl Counters {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.used_bytes, self.used_inodes, self.next_ino, self.limit_bytes, self.limit_inodes]
        {
            out.put_varint(number);
        }
    }

    pub(crate) fn decode(take: &mut Take) -> Result<Self> {
        Ok(Self {
            used_bytes: take.varint()?,
            used_inodes: take.varint()?,
            next_ino: take.varint()?,
            limit_bytes: take.varint()?,
            limit_inodes: take.varint()?,
        })
    }
}

/// The row under [`super::keys::META`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    /// The last journal record that the index includes.
    pub applied_lsn: u64,
    pub counters: Counters,
    /// Keys the hashes of names.
    pub hash_key: [u8; 32],
}

impl Meta {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.put_varint(self.applied_lsn);
        self.counters.encode(&mut out);
        out.extend_from_slice(&self.hash_key);
        out
    }

    pub(crate) fn decode(mut take: Take) -> Result<Self> {
        if take.u8()? != VERSION {
            return Err(Error::corrupt("a volume of an unknown version"));
        }
        let (applied_lsn, counters) = (take.varint()?, Counters::decode(&mut take)?);
        let mut hash_key = [0; 32];
        for byte in &mut hash_key {
            *byte = take.u8()?;
        }
        take.finish()?;
        Ok(Self { applied_lsn, counters, hash_key })
    }
}
