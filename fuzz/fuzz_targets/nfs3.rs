//! NFS version 3: any call and any reply. The first byte of an input is twice the procedure, plus one for a reply.

#![no_main]

use holdfast_fuzz::{check, choose};
use holdfast_wire::nfs3::{Call3, Procedure3, Reply3};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((number, is_call, message)) = choose(data) else { return };
    let Some(procedure) = Procedure3::from_u32(number) else { return };
    if is_call {
        check(&message, |input| Call3::decode(procedure, input));
    } else {
        check(&message, |input| Reply3::decode(procedure, input));
    }
});
