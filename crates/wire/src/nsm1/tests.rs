//! NSM messages: properties, and a vector written by hand from XNFS.

use super::*;
use crate::xdr::Encode;

program_properties!(StatusProcedure, StatusCall, StatusReply);

#[test]
fn mon_is_a_host_a_callback_and_sixteen_bytes() {
    let callback = CallbackId { name: "me".into(), program: 100_021, version: 4, procedure: 16 };
    let id = MonitorId { host: "peer".into(), callback };
    let call = StatusCall::Mon(MonitorArgs { id, private: Private(*b"0123456789abcdef") });
    let wanted = [
        &[0, 0, 0, 4][..],
        b"peer",
        &[0, 0, 0, 2],
        b"me\0\0",
        &[0, 1, 0x86, 0xb5, 0, 0, 0, 4, 0, 0, 0, 16],
        b"0123456789abcdef",
    ];
    assert_eq!(call.to_bytes()[..], wanted.concat());
}
