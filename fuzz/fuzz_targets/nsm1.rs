//! NSM version 1: any call and any reply. The first byte of an input is twice the procedure, plus one for a reply.

#![no_main]

use holdfast_fuzz::{check, choose};
use holdfast_wire::nsm1::{StatusCall, StatusProcedure, StatusReply};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((number, is_call, message)) = choose(data) else { return };
    let Some(procedure) = StatusProcedure::from_u32(number) else { return };
    if is_call {
        check(&message, |input| StatusCall::decode(procedure, input));
    } else {
        check(&message, |input| StatusReply::decode(procedure, input));
    }
});
