//! MOUNT messages: properties, and vectors written by hand from RFC 1813 appendix I.

use bytes::Bytes;

use super::*;
use crate::xdr::{Encode, XdrError};

program_properties!(MountProcedure, MountCall, MountReply);

#[test]
fn mnt_answers_with_handle_and_flavours_or_a_bare_status() {
    let handle = FileHandle::new(b"root1").unwrap();
    let granted = MountReply::Mnt(Ok(MntOk { handle, auth_flavors: AuthFlavors(vec![1, 0]) }));
    let bytes: [u8; 28] =
        [0, 0, 0, 0, 0, 0, 0, 5, b'r', b'o', b'o', b't', b'1', 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0];
    assert_eq!(granted.to_bytes()[..], bytes);
    assert_eq!(MountReply::Mnt(Err(MountStat3::Acces)).to_bytes()[..], [0, 0, 0, 13]);
    // A mistaken "failed with OK" must not read as a success without a handle.
    assert_eq!(MountReply::Mnt(Err(MountStat3::Ok)).to_bytes()[..], [0, 0, 0x27, 0x16]);
}

#[test]
fn exports_are_a_list_of_lists() {
    let bytes: [u8; 32] = [
        0, 0, 0, 1, 0, 0, 0, 2, b'/', b'a', 0, 0, // an export
        0, 0, 0, 1, 0, 0, 0, 1, b'*', 0, 0, 0, // its group
        0, 0, 0, 0, 0, 0, 0, 0, // both lists end
    ];
    let entry = ExportEntry { path: "/a".into(), groups: vec!["*".into()] };
    let reply = MountReply::Export(Exports(vec![entry]));
    assert_eq!(reply.to_bytes()[..], bytes);
    let decoded = MountReply::decode_reply(MountProcedure::Export, Bytes::copy_from_slice(&bytes));
    assert_eq!(decoded, Ok(reply));
}

#[test]
fn a_path_longer_than_the_rfc_allows_still_reaches_the_server() {
    let call = |length: usize| {
        let path = "x".repeat(length);
        let call = MountCall::Mnt(MntArgs { path: path.as_str().into() });
        MountCall::decode_args(MountProcedure::Mnt, call.to_bytes())
    };
    assert!(call(5000).is_ok());
    assert_eq!(call(9000), Err(XdrError::TooLong { length: 9000, limit: 8192 }));
}
