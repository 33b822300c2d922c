//! Record marking and RPC headers: a byte stream as it comes from a hostile peer, in pieces.
//!
//! The first byte of an input is the size of the pieces. However a stream is cut, it must give the same records and
//! the same end.

#![no_main]

use bytes::{Bytes, BytesMut};
use holdfast_fuzz::check;
use holdfast_wire::record::{RecordDecoder, RecordError};
use holdfast_wire::rpc::{CallHeader, ReplyHeader};
use holdfast_wire::{Decode, Encode, Reader};
use libfuzzer_sys::fuzz_target;

const LIMIT_BYTES: usize = 1024;

fn records(stream: &[u8], piece_bytes: usize) -> (Vec<Bytes>, Result<(), RecordError>) {
    let mut decoder = RecordDecoder::new(LIMIT_BYTES);
    let mut buffer = BytesMut::new();
    let mut records = Vec::new();
    for piece in stream.chunks(piece_bytes) {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.next_record(&mut buffer) {
                Ok(Some(record)) => records.push(record),
                Ok(None) => break,
                Err(error) => return (records, Err(error)),
            }
        }
        assert!((1..=LIMIT_BYTES).contains(&decoder.room_bytes(&buffer, 1)));
    }
    (records, Ok(()))
}

fuzz_target!(|data: &[u8]| {
    let Some((piece, stream)) = data.split_first() else { return };
    let whole = records(stream, stream.len().max(1));
    assert_eq!(whole, records(stream, usize::from(*piece).max(1)));
    for record in &whole.0 {
        assert!(record.len() <= LIMIT_BYTES);
        headers(record);
    }
    headers(&Bytes::copy_from_slice(stream));
});

fn headers(record: &Bytes) {
    check(record, CallHeader::decode);
    check(record, ReplyHeader::decode);
    if let Err(error) = CallHeader::decode(&mut Reader::new(record.clone()))
        && let Some(reply) = error.reply()
    {
        assert_eq!(ReplyHeader::from_bytes(reply.to_bytes()), Ok(reply));
    }
}
