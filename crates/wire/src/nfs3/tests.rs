//! NFS messages: properties, and vectors written by hand from RFC 1813.

use bytes::Bytes;

use super::*;
use crate::xdr::{Encode, Payload, SPLICE_MIN_BYTES, XdrError};

program_properties!(Procedure3, Call3, Reply3);

/// Big-endian words, as the RFC's XDR is easiest to write down.
fn words(words: &[u32]) -> Bytes {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn handle() -> FileHandle {
    FileHandle::new(&[1, 2, 3, 4, 5]).unwrap()
}

const HANDLE_WORDS: [u32; 3] = [5, 0x0102_0304, 0x0500_0000];

const ATTRIBUTES: Fattr3 = Fattr3 {
    kind: Ftype3::Directory,
    mode: 0o755,
    nlink: 2,
    uid: 1000,
    gid: 100,
    size: 0x1_0000_0002,
    used: 4096,
    rdev: SpecData3 { major: 8, minor: 1 },
    fsid: 0x2_0000_0003,
    fileid: 99,
    atime: NfsTime3 { seconds: 10, nanos: 11 },
    mtime: NfsTime3 { seconds: 12, nanos: 13 },
    ctime: NfsTime3 { seconds: 14, nanos: 15 },
};

const ATTRIBUTE_WORDS: [u32; 21] =
    [2, 0o755, 2, 1000, 100, 1, 2, 0, 4096, 8, 1, 2, 3, 0, 99, 10, 11, 12, 13, 14, 15];

/// The reply encodes to these words, and they decode to it.
fn reply_is(reply: Reply3, expected: &[&[u32]]) {
    let expected = words(&expected.concat());
    assert_eq!(reply.to_bytes(), expected);
    assert_eq!(Reply3::decode_reply(reply.procedure(), expected), Ok(reply));
}

/// The call encodes to these words, and they decode to it.
fn call_is(call: Call3, expected: &[&[u32]]) {
    let expected = words(&expected.concat());
    assert_eq!(call.to_bytes(), expected);
    assert_eq!(Call3::decode_args(call.procedure(), expected), Ok(call));
}

#[test]
fn getattr() {
    call_is(Call3::GetAttr(GetAttrArgs { object: handle() }), &[&HANDLE_WORDS]);
    reply_is(Reply3::GetAttr(Ok(GetAttrOk { attributes: ATTRIBUTES })), &[&[0], &ATTRIBUTE_WORDS]);
    reply_is(Reply3::GetAttr(Err(NfsStat3::Stale.into())), &[&[70]]);
}

#[test]
fn setattr_with_guard() {
    let attributes = Sattr3 {
        mode: Some(0o600),
        size: Some(1 << 32),
        atime: SetTime3::ServerTime,
        mtime: SetTime3::ClientTime(NfsTime3 { seconds: 5, nanos: 6 }),
        ..Sattr3::default()
    };
    let guard = Some(NfsTime3 { seconds: 7, nanos: 8 });
    call_is(
        Call3::SetAttr(SetAttrArgs { object: handle(), attributes, guard }),
        &[&HANDLE_WORDS, &[1, 0o600], &[0], &[0], &[1, 1, 0], &[1], &[2, 5, 6], &[1, 7, 8]],
    );
    reply_is(Reply3::SetAttr(Err(NfsStat3::NotSync.into())), &[&[10002, 0, 0]]);
}

#[test]
fn lookup_of_a_name_that_is_not_utf8() {
    let name = Filename3::from(&b"a\xff"[..]);
    call_is(
        Call3::Lookup(LookupArgs { what: DirOpArgs3 { dir: handle(), name } }),
        &[&HANDLE_WORDS, &[2, 0x61ff_0000]],
    );
    let found = LookupOk { object: handle(), attributes: None, dir_attributes: Some(ATTRIBUTES) };
    reply_is(Reply3::Lookup(Ok(found)), &[&[0], &HANDLE_WORDS, &[0], &[1], &ATTRIBUTE_WORDS]);
    let failure = Failure::new(NfsStat3::NoEnt, Some(ATTRIBUTES));
    reply_is(Reply3::Lookup(Err(failure)), &[&[2, 1], &ATTRIBUTE_WORDS]);
}

#[test]
fn read_and_write() {
    call_is(
        Call3::Read(ReadArgs { file: handle(), offset: 1 << 33, count: 512 }),
        &[&HANDLE_WORDS, &[2, 0, 512]],
    );
    let data = Bytes::from_static(b"hello");
    let reply = ReadOk::new(None, true, data.clone());
    reply_is(Reply3::Read(Ok(reply)), &[&[0, 0, 5, 1, 5, 0x6865_6c6c, 0x6f00_0000]]);
    call_is(
        Call3::Write(WriteArgs { file: handle(), offset: 3, count: 5, stable: StableHow::FileSync, data }),
        &[&HANDLE_WORDS, &[0, 3, 5, 2, 5, 0x6865_6c6c, 0x6f00_0000]],
    );
    let before = WccAttr {
        size: 1,
        mtime: NfsTime3 { seconds: 2, nanos: 3 },
        ctime: NfsTime3 { seconds: 4, nanos: 5 },
    };
    let written = WriteOk {
        wcc: WccData { before: Some(before), after: Some(ATTRIBUTES) },
        count: 5,
        committed: StableHow::DataSync,
        verifier: WriteVerifier3([0, 0, 0, 8, 0, 0, 0, 9]),
    };
    reply_is(Reply3::Write(Ok(written)), &[&[0, 1, 0, 1, 2, 3, 4, 5], &[1], &ATTRIBUTE_WORDS, &[5, 1, 8, 9]]);
}

#[test]
fn create_exclusive_and_mknod() {
    let target = DirOpArgs3 { dir: handle(), name: "f".into() };
    let how = CreateHow3::Exclusive(CreateVerifier3([0, 0, 0, 1, 0, 0, 0, 2]));
    call_is(
        Call3::Create(CreateArgs { target: target.clone(), how }),
        &[&HANDLE_WORDS, &[1, 0x6600_0000, 2, 1, 2]],
    );
    let created = CreateOk { object: Some(handle()), ..CreateOk::default() };
    reply_is(Reply3::Create(Ok(created)), &[&[0, 1], &HANDLE_WORDS, &[0, 0, 0]]);
    let device = DeviceData3 { attributes: Sattr3::default(), device: SpecData3 { major: 1, minor: 3 } };
    call_is(
        Call3::Mknod(MknodArgs { target: target.clone(), what: MknodData3::Character(device) }),
        &[&HANDLE_WORDS, &[1, 0x6600_0000, 4, 0, 0, 0, 0, 0, 0, 1, 3]],
    );
    // Types that MKNOD does not make still decode: the server owes NFS3ERR_BADTYPE.
    call_is(
        Call3::Mknod(MknodArgs { target, what: MknodData3::Directory }),
        &[&HANDLE_WORDS, &[1, 0x6600_0000, 2]],
    );
}

#[test]
fn rename_and_link_failures_carry_both_objects() {
    reply_is(Reply3::Rename(Err(NfsStat3::NotEmpty.into())), &[&[66, 0, 0, 0, 0]]);
    let failure =
        Failure::new(NfsStat3::MLink, LinkFail { attributes: Some(ATTRIBUTES), ..Default::default() });
    reply_is(Reply3::Link(Err(failure)), &[&[31, 1], &ATTRIBUTE_WORDS, &[0, 0]]);
}

#[test]
fn readdir_and_readdirplus() {
    let verifier = CookieVerifier3([0, 0, 0, 3, 0, 0, 0, 4]);
    call_is(
        Call3::ReadDirPlus(ReadDirPlusArgs { dir: handle(), cookie: 1, verifier, dircount: 5, maxcount: 6 }),
        &[&HANDLE_WORDS, &[0, 1, 3, 4, 5, 6]],
    );
    let entries = vec![Entry3 { fileid: 7, name: "ab".into(), cookie: 8 }];
    reply_is(
        Reply3::ReadDir(Ok(ReadDirOk { dir_attributes: None, verifier, entries, eof: true })),
        &[&[0, 0, 3, 4], &[1, 0, 7, 2, 0x6162_0000, 0, 8], &[0, 1]],
    );
    let entries = vec![EntryPlus3 {
        fileid: 7,
        name: "ab".into(),
        cookie: 8,
        attributes: Some(ATTRIBUTES),
        handle: Some(handle()),
    }];
    reply_is(
        Reply3::ReadDirPlus(Ok(ReadDirPlusOk { dir_attributes: None, verifier, entries, eof: false })),
        &[&[0, 0, 3, 4], &[1, 0, 7, 2, 0x6162_0000, 0, 8, 1], &ATTRIBUTE_WORDS, &[1], &HANDLE_WORDS, &[0, 0]],
    );
}

#[test]
fn fsinfo_and_commit() {
    let info = FsInfoOk {
        attributes: None,
        read_max_bytes: 1,
        read_preferred_bytes: 2,
        read_multiple_bytes: 3,
        write_max_bytes: 4,
        write_preferred_bytes: 5,
        write_multiple_bytes: 6,
        readdir_preferred_bytes: 7,
        file_size_max_bytes: 8,
        time_delta: NfsTime3 { seconds: 0, nanos: 1 },
        properties: properties::LINK
            | properties::SYMLINK
            | properties::HOMOGENEOUS
            | properties::CAN_SET_TIME,
    };
    reply_is(Reply3::FsInfo(Ok(info)), &[&[0, 0, 1, 2, 3, 4, 5, 6, 7, 0, 8, 0, 1, 0x1b]]);
    call_is(Call3::Commit(CommitArgs { file: handle(), offset: 0, count: 0 }), &[&HANDLE_WORDS, &[0, 0, 0]]);
}

#[test]
fn too_long_names_decode_and_too_long_handles_do_not() {
    let name = "n".repeat(1000);
    let what = DirOpArgs3 { dir: handle(), name: name.as_str().into() };
    let call = Call3::Lookup(LookupArgs { what });
    assert_eq!(Call3::decode_args(Procedure3::Lookup, call.to_bytes()), Ok(call));

    let long_handle = words(&[[65].as_slice(), &[0; 17]].concat());
    let error = XdrError::TooLong { length: 65, limit: 64 };
    assert_eq!(Call3::decode_args(Procedure3::GetAttr, long_handle), Err(error));
    assert_eq!(FileHandle::new(&[0; 65]), None);
}

#[test]
fn a_mistaken_ok_failure_reads_as_a_fault() {
    assert_eq!(Reply3::GetAttr(Err(NfsStat3::Ok.into())).to_bytes(), words(&[10006]));
}

#[test]
fn read_payload_is_sent_in_place() {
    let chunk = Bytes::from(vec![9; SPLICE_MIN_BYTES + 2]);
    let data = Payload::Many(vec![chunk.clone(), chunk.clone()]);
    let mut out = crate::Rope::new();
    crate::rpc::write_success(&mut out, 1, &ReadRes::Ok(ReadOk::new(None, false, data)));
    let segments = out.into_segments();
    // Headers, two chunks, and no padding: their joint length is a multiple of four.
    assert_eq!(segments.len(), 3);
    assert_eq!(segments[1].as_ptr(), chunk.as_ptr());
    let length = u32::from_be_bytes(*segments[0].first_chunk().unwrap()) & !(1 << 31);
    assert_eq!(length as usize, segments.iter().map(Bytes::len).sum::<usize>() - 4);
}

#[test]
fn times_outside_the_wire_format_become_the_nearest() {
    let time = |seconds| NfsTime3::from(holdfast_base::Timestamp { seconds, nanos: 5 });
    assert_eq!(time(-1), NfsTime3::default());
    assert_eq!(time(7), NfsTime3 { seconds: 7, nanos: 5 });
    assert_eq!(time(1 << 40), NfsTime3 { seconds: u32::MAX, nanos: 999_999_999 });
}
