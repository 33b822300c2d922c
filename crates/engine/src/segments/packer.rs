//! A segment that a checkpoint builds in memory from small data.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::limits::{FRAME_MAX_BYTES, SEGMENT_MAX_BYTES};
use holdfast_base::{Compression, VolumeId};

use crate::aead::TAG_BYTES;
use crate::error::Result;
use crate::format::compress::Compressor;
use crate::format::extent::FrameRef;
use crate::format::frame::{Address, FRAME_HEADER_BYTES, encode_frame, segment_header};
use crate::keys::KeyRing;

/// See the module. Compressing and sealing is work: call [`Packer::add`] off the runtime's threads.
pub(crate) struct Packer {
    volume: VolumeId,
    pub number: u64,
    keys: Option<Arc<KeyRing>>,
    compressor: Compressor,
    position: u64,
    pieces: Vec<Bytes>,
}

impl Packer {
    pub(super) fn new(
        volume: VolumeId,
        number: u64,
        keys: Option<Arc<KeyRing>>,
        compression: Compression,
    ) -> Result<Self> {
        let header = Bytes::copy_from_slice(&segment_header(volume, number));
        let (position, pieces) = (header.len() as u64, vec![header]);
        Ok(Self { volume, number, keys, compressor: Compressor::new(compression)?, position, pieces })
    }

    /// Whether a frame of `len` bytes of data might pass the segment's size.
    pub(crate) fn is_full_for(&self, len: usize) -> bool {
        self.position + (FRAME_HEADER_BYTES + len + TAG_BYTES) as u64 > SEGMENT_MAX_BYTES
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.len() == 1
    }

    /// Adds a frame.
    pub(crate) fn add(&mut self, ino: u64, data: Bytes) -> Result<FrameRef> {
        debug_assert!(data.len() <= FRAME_MAX_BYTES);
        let at = Address { owner: self.volume, segment: self.number, position: self.position as u32 };
        let key = self.keys.as_ref().map(|keys| (keys.own().id, &keys.own().frames));
        let (header, payload) = encode_frame(at, ino, &self.compressor.pack(data)?, key)?;
        let stored_len = payload.len() as u32;
        self.position += (FRAME_HEADER_BYTES + payload.len()) as u64;
        self.pieces.push(Bytes::copy_from_slice(&header));
        self.pieces.push(payload);
        Ok(FrameRef { segment: at.segment, position: at.position, stored_len })
    }

    /// The segment, ready for the store.
    pub(super) fn into_pieces(self) -> Vec<Bytes> {
        self.pieces
    }
}
