//! The properties that hold for every message, checked on random values and random bytes.

use bytes::Bytes;

use crate::sample::Source;
use crate::xdr::{Encode, Reader, XdrError};

/// Holds for every valid message: it decodes to itself and no further, and no shorter.
pub(crate) fn round_trips<T: Encode + PartialEq + std::fmt::Debug, E: std::fmt::Debug + PartialEq>(
    value: &T,
    random: &mut Source,
    decode: impl Fn(&mut Reader) -> Result<T, E>,
) {
    let bytes = value.to_bytes();
    assert_eq!(bytes.len() % 4, 0, "XDR comes in words");

    // decode(encode(x)) == x, and decoded + rest == input.
    let suffix = random.bytes(16);
    let mut input = Reader::new([&bytes[..], &suffix[..]].concat().into());
    assert_eq!(&decode(&mut input).expect("a valid message decodes"), value);
    assert_eq!((input.position(), input.rest()), (bytes.len(), suffix));

    // Every cut near either end, and some between, is an error.
    let step = (bytes.len() / 64).max(1);
    for cut in (0..bytes.len()).filter(|cut| cut % step == 0 || cut + 8 > bytes.len()) {
        assert!(decode(&mut Reader::new(bytes.slice(..cut))).is_err(), "{cut} of {} bytes", bytes.len());
    }

    // A damaged message is an error or another message that is still one.
    if !bytes.is_empty() {
        let mut damaged = bytes.to_vec();
        for _ in 0..=random.below(3) {
            let at = random.below(damaged.len());
            damaged[at] = random.u64() as u8;
        }
        survives(damaged.into(), decode);
    }
}

/// Holds for any bytes: no panic, and what decodes encodes to as many bytes and decodes again.
pub(crate) fn survives<T: Encode + PartialEq + std::fmt::Debug, E: std::fmt::Debug + PartialEq>(
    bytes: Bytes,
    decode: impl Fn(&mut Reader) -> Result<T, E>,
) {
    let mut input = Reader::new(bytes);
    let Ok(value) = decode(&mut input) else { return };
    let again = value.to_bytes();
    assert_eq!(again.len(), input.position(), "pad bytes may differ, lengths may not");
    assert_eq!(decode(&mut Reader::new(again)), Ok(value));
}

/// Trailing bytes are refused where a message must fill its record.
pub(crate) fn refuses_trailing<T: std::fmt::Debug + PartialEq>(
    message: &impl Encode,
    decode: impl Fn(Bytes) -> Result<T, XdrError>,
) {
    let longer = [&message.to_bytes()[..], &[0; 4]].concat();
    assert_eq!(decode(longer.into()), Err(XdrError::Trailing { count_bytes: 4 }));
}

/// The property tests of one program: all procedures, calls and replies.
macro_rules! program_properties {
    ($procedure:ident, $call:ident, $reply:ident) => {
        mod holds {
            use bytes::Bytes;
            use proptest::prelude::*;

            use super::super::{$call, $procedure, $reply};
            use crate::properties::{refuses_trailing, round_trips, survives};
            use crate::sample::Source;

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(300))]

                #[test]
                fn calls_round_trip(seed in any::<u64>()) {
                    let random = &mut Source::new(seed);
                    for procedure in $procedure::ALL {
                        let call = $call::sample_of(*procedure, random);
                        assert_eq!(call.procedure(), *procedure);
                        round_trips(&call, random, |input| $call::decode(*procedure, input));
                        refuses_trailing(&call, |bytes| $call::decode_args(*procedure, bytes));
                    }
                }

                #[test]
                fn replies_round_trip(seed in any::<u64>()) {
                    let random = &mut Source::new(seed);
                    for procedure in $procedure::ALL {
                        let reply = $reply::sample_of(*procedure, random);
                        assert_eq!(reply.procedure(), *procedure);
                        round_trips(&reply, random, |input| $reply::decode(*procedure, input));
                        refuses_trailing(&reply, |bytes| $reply::decode_reply(*procedure, bytes));
                    }
                }

                /// Words that are mostly small get further into a message than uniform bytes do.
                #[test]
                fn random_bytes_are_survived(
                    words in prop::collection::vec(prop_oneof![0u32..4, 0u32..64, any::<u32>()], 0..120),
                    tail in prop::collection::vec(any::<u8>(), 0..4),
                ) {
                    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                    bytes.extend(tail);
                    let bytes = Bytes::from(bytes);
                    for procedure in $procedure::ALL {
                        survives(bytes.clone(), |input| $call::decode(*procedure, input));
                        survives(bytes.clone(), |input| $reply::decode(*procedure, input));
                    }
                }
            }
        }
    };
}
