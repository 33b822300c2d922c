//! Segments and the frames in them.
//!
//! A segment starts with a header that names its volume and number; frames follow. A frame's checksum covers its
//! header, its payload and its address (volume, segment, position), so that bytes which turn up in the wrong
//! place are refused like damaged ones.

use bytes::Bytes;
use holdfast_base::VolumeId;
use holdfast_base::limits::FRAME_MAX_BYTES;

use super::extent::FrameRef;
use crate::error::{Error, Result};

/// Bytes in front of the first frame.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 32;
/// Bytes in front of a frame's payload.
pub(crate) const FRAME_HEADER_BYTES: usize = 32;

const SEGMENT_MAGIC: [u8; 4] = *b"HFsg";
const FRAME_MAGIC: [u8; 4] = *b"HFfr";
const VERSION: u8 = 1;
/// The payload is stored as it came.
const CODEC_PLAIN: u8 = 0;

/// The first bytes of a segment: magic, version, 3 zero bytes, volume, segment number.
pub(crate) fn segment_header(volume: VolumeId, segment: u64) -> [u8; SEGMENT_HEADER_BYTES] {
    let mut header = [0; SEGMENT_HEADER_BYTES];
    header[..4].copy_from_slice(&SEGMENT_MAGIC);
    header[4] = VERSION;
    header[8..24].copy_from_slice(volume.0.as_bytes());
    header[24..].copy_from_slice(&segment.to_be_bytes());
    header
}

/// A frame's header: magic, version, codec, 2 zero bytes, payload length, length of the data it holds, inode,
/// 4 zero bytes, checksum. The inode helps people who look into a damaged bucket; nothing relies on it.
pub(crate) fn frame_header(
    volume: VolumeId,
    segment: u64,
    position: u32,
    ino: u64,
    payload: &[u8],
) -> [u8; FRAME_HEADER_BYTES] {
    debug_assert!(payload.len() <= FRAME_MAX_BYTES);
    let mut header = [0; FRAME_HEADER_BYTES];
    header[..4].copy_from_slice(&FRAME_MAGIC);
    header[4] = VERSION;
    header[5] = CODEC_PLAIN;
    header[8..12].copy_from_slice(&(payload.len() as u32).to_be_bytes());
    header[12..16].copy_from_slice(&(payload.len() as u32).to_be_bytes());
    header[16..24].copy_from_slice(&ino.to_be_bytes());
    let crc = checksum(volume, segment, position, &header, payload);
    header[28..].copy_from_slice(&crc.to_be_bytes());
    header
}

fn checksum(volume: VolumeId, segment: u64, position: u32, header: &[u8], payload: &[u8]) -> u32 {
    let mut address = [0; 28];
    address[..16].copy_from_slice(volume.0.as_bytes());
    address[16..24].copy_from_slice(&segment.to_be_bytes());
    address[24..].copy_from_slice(&position.to_be_bytes());
    let crc = crc32c::crc32c(&address);
    crc32c::crc32c_append(crc32c::crc32c_append(crc, &header[..28]), payload)
}

/// Where the frame behind this one begins.
pub(crate) fn end_of(at: FrameRef) -> u64 {
    u64::from(at.position) + (FRAME_HEADER_BYTES + at.stored_len as usize) as u64
}

/// Checks the frame in `bytes` (header and payload) against its address and gives its data.
///
/// # Errors
/// [`Error::Corrupt`] naming volume, segment and position, if anything does not fit.
pub(crate) fn open_frame(volume: VolumeId, at: FrameRef, bytes: &Bytes) -> Result<Bytes> {
    let wrong = |what: &str| {
        Error::corrupt(format!("{volume}, segment {:016x}, position {}: {what}", at.segment, at.position))
    };
    if bytes.len() != FRAME_HEADER_BYTES + at.stored_len as usize {
        return Err(wrong("the frame is cut short"));
    }
    let (header, payload) = (&bytes[..FRAME_HEADER_BYTES], bytes.slice(FRAME_HEADER_BYTES..));
    if header[..4] != FRAME_MAGIC || header[4] != VERSION {
        return Err(wrong("no frame of a known version here"));
    }
    if header[5] != CODEC_PLAIN {
        return Err(wrong("the frame has an unknown codec"));
    }
    if header[8..12] != at.stored_len.to_be_bytes() {
        return Err(wrong("the frame has another length"));
    }
    if header[28..] != checksum(volume, at.segment, at.position, header, &payload).to_be_bytes() {
        return Err(wrong("the checksum does not match"));
    }
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;

    use super::*;

    #[test]
    fn a_frame_opens_only_at_its_own_address() {
        let random = SeededRandom::new(3);
        let (volume, other) = (VolumeId::generate(&random), VolumeId::generate(&random));
        let at = FrameRef { segment: 9, position: 32, stored_len: 5 };
        let mut bytes = frame_header(volume, 9, 32, 77, b"hello").to_vec();
        bytes.extend_from_slice(b"hello");
        let good = Bytes::from(bytes.clone());
        assert_eq!(open_frame(volume, at, &good).unwrap(), "hello");
        assert!(open_frame(other, at, &good).is_err());
        assert!(open_frame(volume, FrameRef { segment: 8, ..at }, &good).is_err());
        assert!(open_frame(volume, FrameRef { position: 33, ..at }, &good).is_err());
        for index in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[index] ^= 1;
            assert!(open_frame(volume, at, &Bytes::from(bad)).is_err(), "byte {index}");
        }
    }
}
