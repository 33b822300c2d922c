//! NLM messages: properties, and vectors written by hand from RFC 1813 appendix II.

use bytes::Bytes;

use super::*;
use crate::xdr::{Encode, XdrError};

program_properties!(LockProcedure, LockCall, LockReply);

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[test]
fn lock_has_its_fields_in_the_order_of_the_rfc() {
    let lock = Lock {
        caller_name: "box".into(),
        file: "fh".into(),
        owner: "7@box".into(),
        svid: u32::MAX,
        offset: 1 << 32,
        length: 5,
    };
    let call = LockCall::Lock(LockArgs {
        cookie: "c".into(),
        block: true,
        exclusive: false,
        lock,
        reclaim: true,
        state: 3,
    });
    let wanted = [
        words(&[1, u32::from_be_bytes(*b"c\0\0\0"), 1, 0]),
        words(&[3, u32::from_be_bytes(*b"box\0"), 2, u32::from_be_bytes(*b"fh\0\0")]),
        words(&[5, u32::from_be_bytes(*b"7@bo"), u32::from_be_bytes(*b"x\0\0\0"), u32::MAX, 1, 0, 0, 5]),
        words(&[1, 3]),
    ];
    assert_eq!(call.to_bytes()[..], wanted.concat());
}

#[test]
fn only_a_denial_names_a_holder() {
    let holder = Holder { exclusive: true, svid: 9, owner: "o".into(), offset: 2, length: 0 };
    let reply = LockReply::Test(TestRes { cookie: "".into(), reply: TestReply::Denied(holder) });
    let wanted = words(&[0, 1, 1, 9, 1, u32::from_be_bytes(*b"o\0\0\0"), 0, 2, 0, 0]);
    assert_eq!(reply.to_bytes()[..], wanted);
    assert_eq!(LockReply::decode_reply(LockProcedure::Test, wanted.into()), Ok(reply));
    let granted = TestRes { cookie: "".into(), reply: TestReply::Other(LockStat4::Granted) };
    assert_eq!(granted.to_bytes()[..], words(&[0, 0]));
    // A mistaken denial of nobody must not read as the beginning of a holder.
    let nobody = TestRes { cookie: "".into(), reply: TestReply::Other(LockStat4::Denied) };
    assert_eq!(nobody.to_bytes()[..], words(&[0, 9]));
}

#[test]
fn a_handle_too_long_for_nfs_still_reaches_the_server() {
    let call = |length: usize| {
        let lock = Lock { file: vec![7; length][..].into(), ..Lock::default() };
        let call = LockCall::Unlock(UnlockArgs { lock, ..UnlockArgs::default() });
        LockCall::decode_args(LockProcedure::Unlock, call.to_bytes())
    };
    assert!(call(1024).is_ok());
    assert_eq!(call(1025), Err(XdrError::TooLong { length: 1025, limit: 1024 }));
}

#[test]
fn numbers_without_a_procedure_are_none() {
    for number in (16..20).chain([24]) {
        assert_eq!(LockProcedure::from_u32(number), None);
    }
    // A SHARE whose mode is no mode: the fifth word.
    let unknown_mode = Bytes::from(words(&[0, 0, 0, 0, 4, 0, 0]));
    let error = XdrError::Discriminant { name: "ShareMode", value: 4 };
    assert_eq!(LockCall::decode_args(LockProcedure::Share, unknown_mode), Err(error));
}
