//! PORTMAP messages: properties, and vectors written by hand from RFC 1833.

use bytes::Bytes;

use super::*;
use crate::xdr::Encode;

program_properties!(PortmapProcedure, PortmapCall, PortmapReply);

#[test]
fn getport_is_four_words_and_one() {
    let nfs = Mapping { program: 100_003, version: 3, protocol: IPPROTO_TCP, port: 0 };
    let call = PortmapCall::GetPort(nfs);
    assert_eq!(call.to_bytes()[..], [0, 1, 0x86, 0xa3, 0, 0, 0, 3, 0, 0, 0, 6, 0, 0, 0, 0]);
    assert_eq!(PortmapReply::GetPort(2049).to_bytes()[..], [0, 0, 8, 1]);
}

#[test]
fn dump_is_a_list_with_an_end() {
    let mapping = Mapping { program: 1, version: 2, protocol: IPPROTO_UDP, port: 4 };
    let bytes: [u8; 24] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 17, 0, 0, 0, 4, 0, 0, 0, 0];
    let reply = PortmapReply::Dump(Mappings(vec![mapping]));
    assert_eq!(reply.to_bytes()[..], bytes);
    let decoded = PortmapReply::decode_reply(PortmapProcedure::Dump, Bytes::copy_from_slice(&bytes));
    assert_eq!(decoded, Ok(reply));
}
