//! Headers: properties, vectors written by hand from RFC 5531, and the answer to each malformed header.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::properties::{round_trips, survives};
use crate::sample::{Sample, Source};
use crate::xdr::Reader;

impl Sample for ReplyHeader {
    fn sample(random: &mut Source) -> Self {
        let versions = (u32::sample(random), u32::sample(random));
        let status = match random.below(9) {
            0 => AcceptStatus::Success,
            1 => AcceptStatus::ProgramUnavailable,
            2 => AcceptStatus::ProgramMismatch { low: versions.0, high: versions.1 },
            3 => AcceptStatus::ProcedureUnavailable,
            4 => AcceptStatus::GarbageArguments,
            5 => AcceptStatus::SystemError,
            6 => {
                let rejection = Rejection::RpcMismatch { low: versions.0, high: versions.1 };
                return Self { xid: u32::sample(random), body: ReplyBody::Denied(rejection) };
            }
            _ => return Self::auth_error(u32::sample(random), AuthStat::sample(random)),
        };
        let verifier = OpaqueAuth::sample(random);
        Self { xid: u32::sample(random), body: ReplyBody::Accepted { verifier, status } }
    }
}

proptest! {
    #[test]
    fn calls_round_trip(seed in any::<u64>()) {
        let random = &mut Source::new(seed);
        let header = CallHeader::sample(random);
        round_trips(&header, random, CallHeader::decode);
    }

    #[test]
    fn replies_round_trip(seed in any::<u64>()) {
        let random = &mut Source::new(seed);
        let header = ReplyHeader::sample(random);
        round_trips(&header, random, ReplyHeader::decode);
    }

    #[test]
    fn random_bytes_are_survived(words in prop::collection::vec(prop_oneof![0u32..4, 0u32..64, any::<u32>()], 0..60)) {
        let bytes: Bytes = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        survives(bytes.clone(), CallHeader::decode);
        survives(bytes, ReplyHeader::decode);
    }
}

/// A NULL call of NFS version 3 by uid 1000, gid 100, groups 100 and 7, from machine "abc".
const CALL: [u8; 80] = [
    0, 0, 0, 0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa3, 0, 0, 0, 3, 0, 0, 0, 0, // header
    0, 0, 0, 1, 0, 0, 0, 32, // AUTH_SYS, body length
    0, 0, 0, 9, 0, 0, 0, 3, b'a', b'b', b'c', 0, 0, 0, 3, 0xe8, 0, 0, 0, 100, // stamp, name, uid, gid
    0, 0, 0, 2, 0, 0, 0, 100, 0, 0, 0, 7, // groups
    0, 0, 0, 0, 0, 0, 0, 0, // AUTH_NONE verifier
    0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0, // arguments
];

#[test]
fn a_call_reads_as_the_rfc_writes_it() {
    let mut input = Reader::new(Bytes::from_static(&CALL));
    let header = CallHeader::decode(&mut input).unwrap();
    let sys =
        AuthSys { stamp: 9, machine_name: "abc".into(), uid: 1000, gid: 100, gids: Gids::new(&[100, 7]) };
    assert_eq!(
        header,
        CallHeader {
            xid: 42,
            program: 100_003,
            version: 3,
            procedure: 0,
            credential: sys.into(),
            verifier: OpaqueAuth::NONE,
        }
    );
    assert_eq!(input.remaining(), 8);
    assert_eq!(header.to_bytes(), CALL[..72]);
    assert_eq!(peek_xid(&Bytes::from_static(&CALL)), Some(42));
}

#[test]
fn replies_are_written_as_the_rfc_has_them() {
    let words = |header: ReplyHeader| -> Vec<u32> {
        let bytes = header.to_bytes();
        bytes.chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect()
    };
    assert_eq!(words(ReplyHeader::success(7)), [7, 1, 0, 0, 0, 0]);
    let mismatch = AcceptStatus::ProgramMismatch { low: 3, high: 3 };
    assert_eq!(words(ReplyHeader::accepted(7, mismatch)), [7, 1, 0, 0, 0, 2, 3, 3]);
    assert_eq!(words(ReplyHeader::accepted(7, AcceptStatus::GarbageArguments)), [7, 1, 0, 0, 0, 4]);
    assert_eq!(words(ReplyHeader::auth_error(7, AuthStat::TooWeak)), [7, 1, 1, 1, 5]);
}

/// What is wrong with `CALL` after `change`, and the reply to it.
fn refused(change: impl FnOnce(&mut Vec<u8>)) -> (HeaderError, Option<ReplyHeader>) {
    let mut bytes = CALL.to_vec();
    change(&mut bytes);
    let error = CallHeader::decode(&mut Reader::new(bytes.into())).unwrap_err();
    (error, error.reply())
}

#[test]
fn every_bad_header_has_its_answer() {
    assert_eq!(refused(|bytes| bytes.truncate(7)).1, None);
    assert_eq!(refused(|bytes| bytes[7] = 1).1, None);

    let mismatch = ReplyBody::Denied(Rejection::RpcMismatch { low: 2, high: 2 });
    assert_eq!(refused(|bytes| bytes[11] = 3).1, Some(ReplyHeader { xid: 42, body: mismatch }));
    // A wrong RPC version is recognised even when nothing follows it.
    assert!(matches!(
        refused(|bytes| {
            bytes[11] = 9;
            bytes.truncate(12);
        })
        .0,
        HeaderError::RpcVersion { xid: 42, version: 9 }
    ));

    let garbage = ReplyHeader::accepted(42, AcceptStatus::GarbageArguments);
    assert_eq!(refused(|bytes| bytes.truncate(20)).1, Some(garbage));
    let bad_credential = ReplyHeader::auth_error(42, AuthStat::BadCredential);
    assert_eq!(refused(|bytes| bytes[30] = 2).1, Some(bad_credential));
    let bad_verifier = ReplyHeader::auth_error(42, AuthStat::BadVerifier);
    assert_eq!(refused(|bytes| bytes[70] = 2).1, Some(bad_verifier));
}

#[test]
fn credentials_that_are_not_understood_stay_opaque() {
    let decode = |flavor: u32, body: Bytes| {
        let auth = OpaqueAuth { flavor, body };
        (Credential::from_bytes(auth.to_bytes()).unwrap(), Credential::Other(auth))
    };
    for (flavor, body) in [(6, "gss"), (AUTH_NONE, "something"), (AUTH_SYS, "too short")] {
        let (decoded, opaque) = decode(flavor, Bytes::from_static(body.as_bytes()));
        assert_eq!(decoded, opaque);
    }
    // 17 groups.
    let words: Vec<u32> = [vec![0, 0, 1, 1, 17], vec![1; 17]].concat();
    let (decoded, opaque) = decode(AUTH_SYS, words.iter().flat_map(|word| word.to_be_bytes()).collect());
    assert_eq!(decoded, opaque);
}
