//! The inode as the index and the journal hold it.

use bytes::Bytes;
use holdfast_base::Timestamp;

use super::codec::{Put, Take};
use crate::error::{Error, Result};
use crate::types::{Attr, FileKind, Ino};

const VERSION: u8 = 1;

/// Everything known of one inode but its data and entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inode {
    pub attr: Attr,
    /// Directories: the inode of `..`. Others: 0.
    pub parent: Ino,
    /// Directories: number of entries, without `.` and `..`.
    pub entries: u64,
    /// Symbolic links: the target.
    pub target: Bytes,
    /// Files made by an exclusive create: its verifier, until a SETATTR.
    pub verifier: Option<[u8; 8]>,
}

impl Inode {
    pub(crate) fn is_dir(&self) -> bool {
        self.attr.kind == FileKind::Directory
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let a = &self.attr;
        out.put_u8(VERSION);
        out.put_u8(a.kind as u8);
        out.put_varint(u64::from(a.generation));
        out.put_varint(u64::from(a.mode));
        for number in [a.nlink, a.uid, a.gid] {
            out.put_varint(u64::from(number));
        }
        out.put_varint(a.size);
        out.put_varint(a.used);
        out.put_varint(u64::from(a.rdev.0));
        out.put_varint(u64::from(a.rdev.1));
        for time in [a.atime, a.mtime, a.ctime] {
            out.put_signed(time.seconds);
            out.put_varint(u64::from(time.nanos));
        }
        out.put_varint(self.parent);
        out.put_varint(self.entries);
        out.put_bytes(&self.target);
        match self.verifier {
            None => out.put_u8(0),
            Some(verifier) => {
                out.put_u8(1);
                out.extend_from_slice(&verifier);
            }
        }
    }

    pub(crate) fn decode(ino: Ino, take: &mut Take) -> Result<Self> {
        if take.u8()? != VERSION {
            return Err(Error::corrupt("an inode of an unknown version"));
        }
        let kind = FileKind::from_number(take.u8()?).ok_or_else(|| Error::corrupt("an unknown file kind"))?;
        let attr = Attr {
            ino,
            kind,
            generation: take.varint_u32()?,
            mode: take.varint_u32()?,
            nlink: take.varint_u32()?,
            uid: take.varint_u32()?,
            gid: take.varint_u32()?,
            size: take.varint()?,
            used: take.varint()?,
            rdev: (take.varint_u32()?, take.varint_u32()?),
            atime: decode_time(take)?,
            mtime: decode_time(take)?,
            ctime: decode_time(take)?,
        };
        let (parent, entries, target) = (take.varint()?, take.varint()?, take.bytes()?);
        let verifier = match take.u8()? {
            0 => None,
            1 => {
                let mut verifier = [0; 8];
                for byte in &mut verifier {
                    *byte = take.u8()?;
                }
                Some(verifier)
            }
            _ => return Err(Error::corrupt("an inode flag")),
        };
        Ok(Self { attr, parent, entries, target, verifier })
    }
}

fn decode_time(take: &mut Take) -> Result<Timestamp> {
    let (seconds, nanos) = (take.signed()?, take.varint_u32()?);
    if nanos >= 1_000_000_000 {
        return Err(Error::corrupt("a time with too many nanoseconds"));
    }
    Ok(Timestamp { seconds, nanos })
}
