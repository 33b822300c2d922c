//! Redo records: what one operation changed, as values rather than as a recipe.
//!
//! A record carries the new value of every row it touches and the volume's counters after it. Replaying it puts
//! those values in place and needs to decide nothing, so replaying it twice is the same as once.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::VolumeSettings;
use holdfast_base::limits::EXTENT_PAGE_SPAN_BYTES;

use super::codec::{Put, Take};
use super::entry::Bucket;
use super::extent::FrameRef;
use super::inode::Inode;
use super::meta::{Counters, decode_settings, encode_settings};
use crate::error::{Error, Result};
use crate::types::Ino;

/// One changed row, or one changed range of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// The inode now is this.
    Inode(Arc<Inode>),
    /// The inode is gone, with all its data.
    InodeGone(Ino),
    /// The row of a directory now is this, or is gone.
    Entry { dir: Ino, hash: u64, bucket: Option<Arc<Bucket>> },
    /// Data travelling in the record. Does not cross a page.
    Data { ino: Ino, offset: u64, bytes: Bytes },
    /// Data that lies in a segment already. Does not cross a page.
    Frame { ino: Ino, offset: u64, len: u32, at: FrameRef, skip: u32 },
    /// All data from `from` on is gone.
    Cut { ino: Ino, from: u64 },
    /// The volume's settings now are these.
    Settings(VolumeSettings),
}

/// What one operation did to one volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub changes: Vec<Change>,
    /// The volume's counters after the operation.
    pub counters: Counters,
}

const INODE: u8 = 1;
const INODE_GONE: u8 = 2;
const ENTRY: u8 = 3;
const ENTRY_GONE: u8 = 4;
const DATA: u8 = 5;
const FRAME: u8 = 6;
const CUT: u8 = 7;
const SETTINGS: u8 = 8;

impl Record {
    /// Appends the record's body to `out`.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.counters.encode(out);
        for change in &self.changes {
            change.encode(out);
        }
    }

    /// Reads a body. Data bytes are slices of `body`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for anything that [`Record::encode`] cannot have written.
    pub(crate) fn decode(body: Bytes) -> Result<Self> {
        let mut take = Take::new(body);
        let counters = Counters::decode(&mut take)?;
        let mut changes = Vec::new();
        while !take.is_empty() {
            changes.push(Change::decode(&mut take)?);
        }
        Ok(Self { changes, counters })
    }
}

impl Change {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Inode(inode) => {
                out.put_u8(INODE);
                out.put_varint(inode.attr.ino);
                inode.encode(out);
            }
            Self::InodeGone(ino) => {
                out.put_u8(INODE_GONE);
                out.put_varint(*ino);
            }
            Self::Entry { dir, hash, bucket } => {
                out.put_u8(if bucket.is_some() { ENTRY } else { ENTRY_GONE });
                out.put_varint(*dir);
                out.put_varint(*hash);
                if let Some(bucket) = bucket {
                    bucket.encode(out);
                }
            }
            Self::Data { ino, offset, bytes } => {
                out.put_u8(DATA);
                out.put_varint(*ino);
                out.put_varint(*offset);
                out.put_bytes(bytes);
            }
            Self::Frame { ino, offset, len, at, skip } => {
                out.put_u8(FRAME);
                out.put_varint(*ino);
                out.put_varint(*offset);
                out.put_varint(u64::from(*len));
                out.put_varint(at.segment);
                out.put_varint(u64::from(at.position));
                out.put_varint(u64::from(at.stored_len));
                out.put_varint(u64::from(*skip));
            }
            Self::Cut { ino, from } => {
                out.put_u8(CUT);
                out.put_varint(*ino);
                out.put_varint(*from);
            }
            Self::Settings(settings) => {
                out.put_u8(SETTINGS);
                encode_settings(*settings, out);
            }
        }
    }

    fn decode(take: &mut Take) -> Result<Self> {
        let change = match take.u8()? {
            INODE => {
                let ino = take.varint()?;
                Self::Inode(Arc::new(Inode::decode(ino, take)?))
            }
            INODE_GONE => Self::InodeGone(take.varint()?),
            ENTRY => Self::Entry {
                dir: take.varint()?,
                hash: take.varint()?,
                bucket: Some(Arc::new(Bucket::decode(take)?)),
            },
            ENTRY_GONE => Self::Entry { dir: take.varint()?, hash: take.varint()?, bucket: None },
            DATA => Self::Data { ino: take.varint()?, offset: take.varint()?, bytes: take.bytes()? },
            FRAME => Self::Frame {
                ino: take.varint()?,
                offset: take.varint()?,
                len: take.varint_u32()?,
                at: FrameRef {
                    segment: take.varint()?,
                    position: take.varint_u32()?,
                    stored_len: take.varint_u32()?,
                },
                skip: take.varint_u32()?,
            },
            CUT => Self::Cut { ino: take.varint()?, from: take.varint()? },
            SETTINGS => Self::Settings(decode_settings(take)?),
            _ => return Err(Error::corrupt("an unknown change in a record")),
        };
        change.check()
    }

    /// Data must lie within one page: replay relies on it.
    fn check(self) -> Result<Self> {
        let (offset, len) = match &self {
            Self::Data { offset, bytes, .. } => (*offset, bytes.len() as u64),
            Self::Frame { offset, len, .. } => (*offset, u64::from(*len)),
            _ => return Ok(self),
        };
        if len == 0 || offset % EXTENT_PAGE_SPAN_BYTES + len > EXTENT_PAGE_SPAN_BYTES {
            return Err(Error::corrupt("data across a page"));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::{Attr, FileKind};

    fn inode(ino: Ino) -> Inode {
        let time = holdfast_base::Timestamp { seconds: -5, nanos: 999_999_999 };
        Inode {
            attr: Attr {
                ino,
                generation: 3,
                kind: FileKind::Symlink,
                mode: 0o6755,
                nlink: 2,
                uid: u32::MAX,
                gid: 7,
                size: 11,
                used: 12,
                rdev: (8, 1),
                atime: time,
                mtime: time,
                ctime: time,
            },
            parent: 1,
            entries: 4,
            target: Bytes::from_static(b"../target"),
            verifier: Some([9; 8]),
        }
    }

    #[test]
    fn every_change_round_trips() {
        let at = FrameRef { segment: 1 << 40, position: 32, stored_len: 4096 };
        let bucket = Bucket::default().with(b"name", 5, FileKind::Regular).unwrap();
        let record = Record {
            changes: vec![
                Change::Inode(Arc::new(inode(9))),
                Change::InodeGone(10),
                Change::Entry { dir: 1, hash: 77, bucket: Some(Arc::new(bucket)) },
                Change::Entry { dir: 1, hash: 78, bucket: None },
                Change::Data { ino: 9, offset: 8 << 20, bytes: Bytes::from_static(b"data") },
                Change::Frame { ino: 9, offset: 0, len: 4096, at, skip: 0 },
                Change::Cut { ino: 9, from: 100 },
                Change::Settings(VolumeSettings::default()),
            ],
            counters: Counters { used_bytes: 1, used_inodes: 2, next_ino: 3, ..Default::default() },
        };
        let mut body = Vec::new();
        record.encode(&mut body);
        assert_eq!(Record::decode(body.clone().into()).unwrap(), record);
        for cut in 1..body.len() {
            // A cut body is refused or is a shorter list of changes; it is never the same record.
            assert_ne!(Record::decode(Bytes::copy_from_slice(&body[..cut])).ok(), Some(record.clone()));
        }
    }

    proptest! {
        #[test]
        fn random_bodies_never_panic(body: Vec<u8>) {
            let _ = Record::decode(body.into());
        }
    }
}
