//! Segments and the frames in them.
//!
//! A segment starts with a header that names its volume and number; frames follow. A frame's checksum covers its
//! header, its payload as it is stored, and its address (volume, segment, position), so that bytes which turn up in
//! the wrong place are refused like damaged ones, also by those who have no key. Where a frame is sealed, its key and
//! its context bind it to the same address against those who could forge a checksum.

use bytes::Bytes;
use holdfast_base::VolumeId;
use holdfast_base::limits::FRAME_MAX_BYTES;

use super::compress::{Codec, Packed};
use super::extent::FrameRef;
use super::keyring::KeyId;
use crate::aead::{Aead, NONCE_BYTES, TAG_BYTES};
use crate::error::{Error, Result};

/// Bytes in front of the first frame.
pub(crate) const SEGMENT_HEADER_BYTES: usize = 32;
/// Bytes in front of a frame's payload.
pub(crate) const FRAME_HEADER_BYTES: usize = 32;
/// The key's number in frames that are not sealed.
const NO_KEY: KeyId = 0;

const SEGMENT_MAGIC: [u8; 4] = *b"HFsg";
const SEGMENT_VERSION: u8 = 1;
const FRAME_MAGIC: [u8; 4] = *b"HFfr";
/// Version 1 knew neither codecs nor keys: its frames read as plain ones without a key.
const FRAME_VERSIONS: std::ops::RangeInclusive<u8> = 1..=2;
/// Bytes of a header that its checksum and its seal cover.
const COVERED: usize = 28;

/// The first bytes of a segment: magic, version, 3 zero bytes, volume, segment number.
pub(crate) fn segment_header(volume: VolumeId, segment: u64) -> [u8; SEGMENT_HEADER_BYTES] {
    let mut header = [0; SEGMENT_HEADER_BYTES];
    header[..4].copy_from_slice(&SEGMENT_MAGIC);
    header[4] = SEGMENT_VERSION;
    header[8..24].copy_from_slice(volume.0.as_bytes());
    header[24..].copy_from_slice(&segment.to_be_bytes());
    header
}

/// Where a frame lies, for all time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The volume whose segment it is.
    pub owner: VolumeId,
    pub segment: u64,
    /// Offset of the frame's header in the segment, bytes.
    pub position: u32,
}

impl Address {
    fn bytes(&self) -> [u8; 28] {
        let mut bytes = [0; 28];
        bytes[..16].copy_from_slice(self.owner.0.as_bytes());
        bytes[16..24].copy_from_slice(&self.segment.to_be_bytes());
        bytes[24..].copy_from_slice(&self.position.to_be_bytes());
        bytes
    }

    /// Segment and position: a segment's number is never used twice, a position in it is written once.
    fn nonce(&self) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&self.bytes()[16..]);
        nonce
    }

    /// What a sealed payload is bound to beside its nonce: the owner and the header.
    fn context(&self, header: &[u8]) -> [u8; 16 + COVERED] {
        let mut context = [0; 16 + COVERED];
        context[..16].copy_from_slice(self.owner.0.as_bytes());
        context[16..].copy_from_slice(&header[..COVERED]);
        context
    }

    fn wrong(&self, what: &str) -> Error {
        let Self { owner, segment, position } = self;
        Error::corrupt(format!("{owner}, segment {segment:016x}, position {position}: {what}"))
    }
}

/// Bytes that a payload takes in its segment.
pub(crate) fn stored_len(packed: &Packed, is_sealed: bool) -> usize {
    packed.bytes.len() + if is_sealed { TAG_BYTES } else { 0 }
}

/// Header and payload of a frame. The header: magic, version, codec, 2 zero bytes, payload length, length of the data
/// it holds, inode, number of the key, checksum. The inode helps people who look into a damaged bucket.
pub(crate) fn encode_frame(
    at: Address,
    ino: u64,
    packed: &Packed,
    key: Option<(KeyId, &Aead)>,
) -> Result<([u8; FRAME_HEADER_BYTES], Bytes)> {
    debug_assert!(packed.data_len as usize <= FRAME_MAX_BYTES);
    let mut header = [0; FRAME_HEADER_BYTES];
    header[..4].copy_from_slice(&FRAME_MAGIC);
    header[4] = *FRAME_VERSIONS.end();
    header[5] = packed.codec as u8;
    header[8..12].copy_from_slice(&(stored_len(packed, key.is_some()) as u32).to_be_bytes());
    header[12..16].copy_from_slice(&packed.data_len.to_be_bytes());
    header[16..24].copy_from_slice(&ino.to_be_bytes());
    header[24..28].copy_from_slice(&key.map_or(NO_KEY, |(id, _)| id).to_be_bytes());
    let payload = match key {
        None => packed.bytes.clone(),
        Some((_, aead)) => {
            let mut sealed = Vec::with_capacity(packed.bytes.len() + TAG_BYTES);
            sealed.extend_from_slice(&packed.bytes);
            aead.seal(at.nonce(), &at.context(&header), &mut sealed, 0)?;
            sealed.into()
        }
    };
    let crc = checksum(at, &header, &payload);
    header[COVERED..].copy_from_slice(&crc.to_be_bytes());
    Ok((header, payload))
}

fn checksum(at: Address, header: &[u8], payload: &[u8]) -> u32 {
    let crc = crc32c::crc32c(&at.bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(crc, &header[..COVERED]), payload)
}

/// Where the frame behind this one begins.
pub(crate) fn end_of(at: FrameRef) -> u64 {
    u64::from(at.position) + (FRAME_HEADER_BYTES + at.stored_len as usize) as u64
}

/// A frame as it is stored, checked against its address but not opened.
#[derive(Debug)]
pub(crate) struct Frame {
    at: Address,
    codec: Codec,
    /// Bytes of the data it holds.
    pub data_len: u32,
    /// Inode for which it was written, 0 if it was not known; a hint.
    #[allow(dead_code, reason = "for tools that look into segments")]
    pub ino: u64,
    key: KeyId,
    bytes: Bytes,
}

impl Frame {
    /// Checks the frame in `bytes` (header and payload) against its address.
    ///
    /// # Errors
    /// [`Error::Corrupt`] naming volume, segment and position, if anything does not fit.
    pub(crate) fn read(at: Address, stored_len: u32, bytes: Bytes) -> Result<Self> {
        if bytes.len() != FRAME_HEADER_BYTES + stored_len as usize {
            return Err(at.wrong("the frame is cut short"));
        }
        let (header, payload) = bytes.split_at(FRAME_HEADER_BYTES);
        let word = |from: usize| {
            u32::from_be_bytes([header[from], header[from + 1], header[from + 2], header[from + 3]])
        };
        if header[..4] != FRAME_MAGIC || !FRAME_VERSIONS.contains(&header[4]) {
            return Err(at.wrong("no frame of a known version here"));
        }
        if word(8) != stored_len {
            return Err(at.wrong("the frame has another length"));
        }
        if word(COVERED) != checksum(at, header, payload) {
            return Err(at.wrong("the checksum does not match"));
        }
        let codec =
            Codec::from_number(header[5]).ok_or_else(|| at.wrong("the frame has an unknown codec"))?;
        if word(12) as usize > FRAME_MAX_BYTES {
            return Err(at.wrong("the frame holds more than a frame may"));
        }
        let ino = u64::from(word(16)) << 32 | u64::from(word(20));
        Ok(Self { at, codec, data_len: word(12), ino, key: word(24), bytes })
    }

    /// The number of the key that seals it, if it is sealed.
    pub(crate) fn key(&self) -> Option<KeyId> {
        (self.key != NO_KEY).then_some(self.key)
    }

    /// Whether opening it is no work.
    pub(crate) fn is_plain(&self) -> bool {
        self.codec == Codec::Plain && self.key == NO_KEY
    }

    /// The data that it holds. `key` is the one that [`Frame::key`] names.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the key does not fit or the content makes no sense.
    pub(crate) fn open(self, key: Option<&Aead>) -> Result<Bytes> {
        let payload = self.bytes.slice(FRAME_HEADER_BYTES..);
        let packed = match (key, self.key) {
            (None, NO_KEY) => payload,
            (Some(aead), id) if id != NO_KEY => {
                let context = self.at.context(&self.bytes[..FRAME_HEADER_BYTES]);
                let opened = aead.open(self.at.nonce(), &context, &payload);
                opened.ok_or_else(|| self.at.wrong("the frame cannot be decrypted"))?.into()
            }
            _ => {
                return Err(self
                    .at
                    .wrong("the frame is sealed where it should not be, or not where it should"));
            }
        };
        let packed = Packed { codec: self.codec, data_len: self.data_len, bytes: packed };
        packed.unpack().ok_or_else(|| self.at.wrong("the frame does not hold what its header says"))
    }
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;
    use proptest::prelude::*;

    use super::*;

    fn address() -> (Address, VolumeId) {
        let random = SeededRandom::new(3);
        let at = Address { owner: VolumeId::generate(&random), segment: 9, position: 32 };
        (at, VolumeId::generate(&random))
    }

    fn bytes((header, payload): ([u8; FRAME_HEADER_BYTES], Bytes)) -> Vec<u8> {
        [&header[..], &payload].concat()
    }

    fn open(at: Address, bytes: &[u8], key: Option<&Aead>) -> Result<Bytes> {
        let stored_len = (bytes.len() - FRAME_HEADER_BYTES) as u32;
        Frame::read(at, stored_len, Bytes::copy_from_slice(bytes))?.open(key)
    }

    /// Other addresses with what stays the same of the checksum made to fit, as a forger would.
    fn elsewhere(at: Address, other: VolumeId) -> [Address; 3] {
        [Address { owner: other, ..at }, Address { segment: 8, ..at }, Address { position: 33, ..at }]
    }

    fn forge(at: Address, bytes: &mut [u8]) {
        let (header, payload) = bytes.split_at_mut(FRAME_HEADER_BYTES);
        let crc = checksum(at, header, payload);
        header[COVERED..].copy_from_slice(&crc.to_be_bytes());
    }

    #[test]
    fn a_frame_opens_only_at_its_own_address() {
        let (at, other) = address();
        let key = Aead::derive("test", &[1; 32]);
        for key in [None, Some((7, &key))] {
            let packed = Packed::plain(Bytes::from_static(b"hello"));
            let good = bytes(encode_frame(at, 77, &packed, key).unwrap());
            let aead = key.map(|(_, aead)| aead);
            assert_eq!(open(at, &good, aead).unwrap(), "hello");
            for wrong in elsewhere(at, other) {
                assert!(open(wrong, &good, aead).is_err());
                let mut forged = good.clone();
                forge(wrong, &mut forged);
                assert_eq!(open(wrong, &forged, aead).is_err(), key.is_some(), "only a seal stops a forger");
            }
            for index in 0..good.len() {
                let mut damaged = good.clone();
                damaged[index] ^= 1;
                assert!(open(at, &damaged, aead).is_err(), "byte {index} is covered");
            }
        }
    }

    #[test]
    fn a_seal_is_neither_forgotten_nor_invented() {
        let (at, _) = address();
        let (key, other) = (Aead::derive("test", &[1; 32]), Aead::derive("test", &[2; 32]));
        let packed = Packed::plain(Bytes::from_static(b"hello"));
        let sealed = bytes(encode_frame(at, 1, &packed, Some((7, &key))).unwrap());
        let plain = bytes(encode_frame(at, 1, &packed, None).unwrap());
        assert!(!sealed.windows(5).any(|part| part == b"hello"));
        assert!(open(at, &sealed, None).is_err());
        assert!(open(at, &sealed, Some(&other)).is_err());
        assert!(open(at, &plain, Some(&key)).is_err());
        // A seal covers the header: another codec, length or inode is refused though the checksum fits.
        for index in [5, 12, 15, 16, 23, 24, 27] {
            let mut forged = sealed.clone();
            forged[index] ^= 1;
            forge(at, &mut forged);
            assert!(open(at, &forged, Some(&key)).is_err(), "byte {index} is sealed");
        }
    }

    #[test]
    fn a_frame_of_version_1_reads_as_a_plain_one() {
        let (at, _) = address();
        let packed = Packed::plain(Bytes::from_static(b"hello"));
        let mut frame = bytes(encode_frame(at, 1, &packed, None).unwrap());
        for (version, known) in [(0, false), (1, true), (2, true), (3, false)] {
            frame[4] = version;
            forge(at, &mut frame);
            assert_eq!(open(at, &frame, None).is_ok(), known, "version {version}");
        }
    }

    proptest! {
        #[test]
        fn random_frames_never_panic(mut frame: Vec<u8>, codec in 0u8..4, sealed: bool) {
            let (at, _) = address();
            let key = Aead::derive("test", &[1; 32]);
            frame.resize(frame.len().max(FRAME_HEADER_BYTES), 0);
            let _ = open(at, &frame, sealed.then_some(&key));
            frame[..4].copy_from_slice(&FRAME_MAGIC);
            (frame[4], frame[5]) = (2, codec);
            let len = (frame.len() - FRAME_HEADER_BYTES) as u32;
            frame[8..12].copy_from_slice(&len.to_be_bytes());
            frame[12..14].fill(0);
            forge(at, &mut frame);
            let _ = open(at, &frame, sealed.then_some(&key));
        }
    }
}
