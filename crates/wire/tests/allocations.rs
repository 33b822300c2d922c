//! What decoding and encoding cost in memory, measured: nothing where nothing is needed, never more than a fixed
//! multiple of the input. One test function, because the counter sees every thread of the process.

use std::alloc::System;

use holdfast_wire::nfs3::{Call3, NfsStat3, PostOpAttr, Procedure3, Reply3};
use holdfast_wire::{Bytes, Encode, Reader, Rope, mount3, nfs3, nlm4, nsm1, portmap2, rpc};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that `work` allocates, freed or not.
fn allocated<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let region = Region::new(ALLOCATOR);
    let result = work();
    let change = region.change();
    // A reallocation that grows is counted by its growth.
    (change.bytes_allocated + change.bytes_reallocated.max(0) as usize, result)
}

fn handle() -> nfs3::FileHandle {
    nfs3::FileHandle::new(&[7; 32]).expect("32 bytes fit a handle")
}

fn record(args: &impl Encode) -> Bytes {
    let header = rpc::CallHeader {
        xid: 1,
        program: nfs3::PROGRAM,
        version: nfs3::VERSION,
        procedure: 0,
        credential: rpc::AuthSys::new(1000, 1000, &[1, 2, 3]).into(),
        verifier: rpc::OpaqueAuth::NONE,
    };
    let mut out = Rope::new();
    header.encode(&mut out);
    args.encode(&mut out);
    // A buffer that has been shared once, as records split off a receive buffer are.
    let bytes = out.into_bytes();
    let _shared = bytes.clone();
    bytes
}

fn hot_calls_decode_without_allocating() {
    let what = nfs3::DirOpArgs3 { dir: handle(), name: "some-file-name".into() };
    let data = Bytes::from(vec![1; 100_000]);
    let stable = nfs3::StableHow::Unstable;
    for call in [
        Call3::GetAttr(nfs3::GetAttrArgs { object: handle() }),
        Call3::Lookup(nfs3::LookupArgs { what }),
        Call3::Write(nfs3::WriteArgs { file: handle(), offset: 0, count: 100_000, stable, data }),
    ] {
        let record = record(&call);
        let procedure = call.procedure();
        let (bytes, decoded) = allocated(|| {
            let mut input = Reader::new(record.clone());
            let header = rpc::CallHeader::decode(&mut input).expect("a valid header");
            (header, Call3::decode(procedure, &mut input).expect("valid arguments"))
        });
        assert_eq!(bytes, 0, "{procedure:?}");
        assert_eq!(decoded.1, call);
    }
}

fn small_replies_encode_into_a_warm_rope_without_allocating() {
    let attributes: PostOpAttr = None;
    let found = nfs3::LookupOk { object: handle(), attributes, dir_attributes: None };
    let mut out = Rope::with_capacity(4096);
    let (bytes, ()) = allocated(|| {
        for reply in [Reply3::Lookup(Ok(found)), Reply3::GetAttr(Err(NfsStat3::Stale.into()))] {
            rpc::write_success(&mut out, 9, &reply);
        }
        out.clear();
    });
    assert_eq!(bytes, 0);
}

/// Inputs that make a decoder build as much as it can from as little as possible, and plain noise.
fn adversaries() -> Vec<Bytes> {
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|word| word.to_be_bytes()).collect() };
    let mut inputs: Vec<Vec<u8>> = Vec::new();
    // Empty list elements behind each plausible preamble: status, no attributes, verifier.
    for preamble in [&[][..], &[0, 0, 0, 0], &[0, 0]] {
        for element in
            [&[1, 0, 0, 0, 0, 0][..], &[1, 0, 0, 0, 0, 0, 0, 0], &[1, 0, 0], &[1, 0], &[1, 1], &[1]]
        {
            inputs.push(words(&[preamble, &element.repeat(3000)].concat()));
        }
    }
    // Announced lengths without data.
    for word in [u32::MAX, 0x7fff_ffff, 0x0010_0000, 4096, 16] {
        inputs.push(words(&[0, 0, word]));
        inputs.push(words(&[word; 40]));
    }
    let mut state = 1u64;
    for _ in 0..200 {
        inputs.push(
            (0..600)
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    if state >> 62 == 0 { (state >> 56) as u8 } else { 0 }
                })
                .collect(),
        );
    }
    inputs.into_iter().map(Bytes::from).collect()
}

fn bounded(input: &Bytes, what: &str, decode: impl FnOnce(&mut Reader)) {
    let _shared = input.clone();
    let mut reader = Reader::new(input.clone());
    let (bytes, ()) = allocated(|| decode(&mut reader));
    // The costliest element is an empty directory entry with neither attributes nor handle: 32 bytes on the wire,
    // some 230 in memory, and a vector that grows by doubling has allocated twice its size.
    assert!(bytes <= 64 * input.len() + 1024, "{what}: {bytes} bytes for {}", input.len());
}

fn memory_follows_the_input() {
    for input in adversaries() {
        bounded(&input, "call header", |input| drop(rpc::CallHeader::decode(input)));
        for procedure in Procedure3::ALL {
            bounded(&input, procedure.name(), |input| drop(Call3::decode(*procedure, input)));
            bounded(&input, procedure.name(), |input| drop(Reply3::decode(*procedure, input)));
        }
        for procedure in mount3::MountProcedure::ALL {
            bounded(&input, procedure.name(), |input| drop(mount3::MountCall::decode(*procedure, input)));
            bounded(&input, procedure.name(), |input| drop(mount3::MountReply::decode(*procedure, input)));
        }
        for procedure in portmap2::PortmapProcedure::ALL {
            bounded(&input, procedure.name(), |input| drop(portmap2::PortmapCall::decode(*procedure, input)));
            bounded(&input, procedure.name(), |input| {
                drop(portmap2::PortmapReply::decode(*procedure, input))
            });
        }
        for procedure in nlm4::LockProcedure::ALL {
            bounded(&input, procedure.name(), |input| drop(nlm4::LockCall::decode(*procedure, input)));
            bounded(&input, procedure.name(), |input| drop(nlm4::LockReply::decode(*procedure, input)));
        }
        for procedure in nsm1::StatusProcedure::ALL {
            bounded(&input, procedure.name(), |input| drop(nsm1::StatusCall::decode(*procedure, input)));
            bounded(&input, procedure.name(), |input| drop(nsm1::StatusReply::decode(*procedure, input)));
        }
    }
}

#[test]
fn memory_is_bounded() {
    hot_calls_decode_without_allocating();
    small_replies_encode_into_a_warm_rope_without_allocating();
    memory_follows_the_input();
}
