//! Attributes between the engine's terms and the wire's.

use holdfast_base::{Timestamp, VolumeId};
use holdfast_engine::{Attr, FileKind, PreAttr, SetAttr, SetTime};
use holdfast_wire::nfs3::{Fattr3, Ftype3, NfsStat3, NfsTime3, Sattr3, SetTime3, SpecData3, WccAttr};

const NANOS_PER_SECOND: u32 = 1_000_000_000;

/// The number by which clients tell volumes apart.
pub(crate) fn fsid(volume: VolumeId) -> u64 {
    let (high, low) = volume.0.as_u64_pair();
    high ^ low
}

/// An inode's attributes on the wire.
pub(crate) fn fattr(fsid: u64, attr: &Attr) -> Fattr3 {
    Fattr3 {
        kind: kind(attr.kind),
        mode: attr.mode,
        nlink: attr.nlink,
        uid: attr.uid,
        gid: attr.gid,
        size: attr.size,
        used: attr.used,
        rdev: SpecData3 { major: attr.rdev.0, minor: attr.rdev.1 },
        fsid,
        fileid: attr.ino,
        atime: attr.atime.into(),
        mtime: attr.mtime.into(),
        ctime: attr.ctime.into(),
    }
}

/// The attributes from before an operation.
pub(crate) fn wcc_attr(before: &PreAttr) -> WccAttr {
    WccAttr { size: before.size, mtime: before.mtime.into(), ctime: before.ctime.into() }
}

/// The attributes that a client wants set; a time with a second or more of nanoseconds is invalid.
pub(crate) fn set_attr(wanted: &Sattr3) -> Result<SetAttr, NfsStat3> {
    Ok(SetAttr {
        mode: wanted.mode,
        uid: wanted.uid,
        gid: wanted.gid,
        size: wanted.size,
        atime: set_time(wanted.atime)?,
        mtime: set_time(wanted.mtime)?,
    })
}

fn set_time(wanted: SetTime3) -> Result<SetTime, NfsStat3> {
    Ok(match wanted {
        SetTime3::Keep => SetTime::Keep,
        SetTime3::ServerTime => SetTime::ServerNow,
        SetTime3::ClientTime(NfsTime3 { nanos: NANOS_PER_SECOND.., .. }) => return Err(NfsStat3::Inval),
        SetTime3::ClientTime(time) => SetTime::To(Timestamp::from(time)),
    })
}

fn kind(kind: FileKind) -> Ftype3 {
    match kind {
        FileKind::Regular => Ftype3::Regular,
        FileKind::Directory => Ftype3::Directory,
        FileKind::BlockDevice => Ftype3::Block,
        FileKind::CharDevice => Ftype3::Character,
        FileKind::Symlink => Ftype3::Symlink,
        FileKind::Socket => Ftype3::Socket,
        FileKind::Fifo => Ftype3::Fifo,
    }
}
