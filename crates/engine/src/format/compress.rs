//! Compression of a frame's data. What does not shrink by a sixteenth is stored as it is.

use bytes::Bytes;
use holdfast_base::Compression;
use holdfast_base::limits::FRAME_MAX_BYTES;

use crate::error::{Error, Result};

/// The smallest share of a frame, as its inverse, that compression must save to be worth a reader's work.
const WORTH_SAVING: usize = 16;
/// Data shorter than this is not tried: the frame's header costs as much.
const TRY_MIN_BYTES: usize = 64;
/// zstd's fastest ordinary level: higher ones cost several times as much for a tenth.
const ZSTD_LEVEL: i32 = 1;

/// How a payload holds its data. The numbers are part of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Codec {
    Plain = 0,
    /// An LZ4 block, without a frame of LZ4's own.
    Lz4 = 1,
    /// One zstd frame.
    Zstd = 2,
}

impl Codec {
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Plain,
            1 => Self::Lz4,
            2 => Self::Zstd,
            _ => return None,
        })
    }
}

/// Data in the form in which a frame holds it.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pub codec: Codec,
    /// Bytes of the data.
    pub data_len: u32,
    /// The data as stored, not yet sealed.
    pub bytes: Bytes,
}

impl Packed {
    /// Data as it is.
    pub(crate) fn plain(data: Bytes) -> Self {
        Self { codec: Codec::Plain, data_len: data.len() as u32, bytes: data }
    }

    /// The data; `None` if the bytes are not what they claim to be. Never takes more memory than a frame's data.
    pub(crate) fn unpack(self) -> Option<Bytes> {
        let len = self.data_len as usize;
        if self.codec == Codec::Plain {
            return (self.bytes.len() == len).then_some(self.bytes);
        }
        if len > FRAME_MAX_BYTES {
            return None;
        }
        let mut data = vec![0; len];
        let taken = match self.codec {
            Codec::Plain => return None,
            Codec::Lz4 => lz4_flex::block::decompress_into(&self.bytes, &mut data).ok()?,
            Codec::Zstd => zstd::bulk::decompress_to_buffer(&self.bytes, data.as_mut_slice()).ok()?,
        };
        (taken == len).then(|| data.into())
    }
}

/// Compresses one frame after another, with memory of its own that it keeps.
pub(crate) struct Compressor {
    how: Compression,
    scratch: Vec<u8>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl Compressor {
    pub(crate) fn new(how: Compression) -> Result<Self> {
        let zstd = match how {
            Compression::Zstd => Some(zstd::bulk::Compressor::new(ZSTD_LEVEL)?),
            Compression::None | Compression::Lz4 => None,
        };
        Ok(Self { how, scratch: Vec::new(), zstd })
    }

    /// Compresses the data of one frame, or leaves it as it is.
    ///
    /// # Errors
    /// [`Error::Io`] if the library fails, which it has no reason to.
    pub(crate) fn pack(&mut self, data: Bytes) -> Result<Packed> {
        if self.how == Compression::None || data.len() < TRY_MIN_BYTES {
            return Ok(Packed::plain(data));
        }
        let bound = lz4_flex::block::get_maximum_output_size(data.len())
            .max(zstd::zstd_safe::compress_bound(data.len()));
        if self.scratch.len() < bound {
            self.scratch.resize(bound, 0);
        }
        let failed = |why: String| Error::Io(format!("data could not be compressed: {why}").into());
        let (codec, len) = match &mut self.zstd {
            None => {
                let len = lz4_flex::block::compress_into(&data, &mut self.scratch);
                (Codec::Lz4, len.map_err(|error| failed(error.to_string()))?)
            }
            Some(zstd) => {
                let len = zstd.compress_to_buffer(&data, self.scratch.as_mut_slice());
                (Codec::Zstd, len.map_err(|error| failed(error.to_string()))?)
            }
        };
        if len + data.len() / WORTH_SAVING > data.len() {
            return Ok(Packed::plain(data));
        }
        Ok(Packed { codec, data_len: data.len() as u32, bytes: Bytes::copy_from_slice(&self.scratch[..len]) })
    }
}

#[cfg(test)]
mod tests {
    use holdfast_base::{Random, SeededRandom};
    use proptest::prelude::*;

    use super::*;

    const ALL: [Compression; 3] = [Compression::None, Compression::Lz4, Compression::Zstd];

    fn pack(how: Compression, data: Bytes) -> Packed {
        Compressor::new(how).unwrap().pack(data).unwrap()
    }

    proptest! {
        #[test]
        fn data_comes_back_as_it_was(unit in prop::collection::vec(any::<u8>(), 1..200), times in 1usize..300) {
            let data = Bytes::from(unit.repeat(times));
            for how in ALL {
                let packed = pack(how, data.clone());
                prop_assert!(packed.bytes.len() <= data.len());
                prop_assert_eq!(packed.unpack().unwrap(), data.clone());
            }
        }

        #[test]
        fn damage_is_noticed_or_changes_nothing_but_the_data(
            bytes: Vec<u8>, codec in 0u8..3, data_len in 0..=FRAME_MAX_BYTES as u32
        ) {
            let codec = Codec::from_number(codec).unwrap();
            let packed = Packed { codec, data_len, bytes: bytes.into() };
            prop_assert!(packed.unpack().is_none_or(|data| data.len() == data_len as usize));
        }
    }

    #[test]
    fn text_shrinks_and_noise_is_stored_as_it_is() {
        let text: Vec<u8> =
            (0..).flat_map(|line| format!("line {line} of a log\n").into_bytes()).take(100_000).collect();
        let mut noise = vec![0; 100_000];
        SeededRandom::new(9).fill(&mut noise);
        for (how, codec) in [(Compression::Lz4, Codec::Lz4), (Compression::Zstd, Codec::Zstd)] {
            let packed = pack(how, text.clone().into());
            assert_eq!(packed.codec, codec);
            assert!(packed.bytes.len() < text.len() / 3, "{how:?}: {}", packed.bytes.len());
            let packed = pack(how, noise.clone().into());
            assert_eq!((packed.codec, packed.bytes), (Codec::Plain, Bytes::from(noise.clone())));
        }
        assert_eq!(pack(Compression::Lz4, vec![0; TRY_MIN_BYTES - 1].into()).codec, Codec::Plain);
    }

    #[test]
    fn what_claims_to_be_large_is_refused_before_memory_is_taken() {
        let packed = Packed { codec: Codec::Lz4, data_len: u32::MAX, bytes: Bytes::from_static(b"x") };
        assert!(packed.unpack().is_none());
    }
}
