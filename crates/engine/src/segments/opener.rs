//! From the bytes of a run of frames to the data that they hold.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::VolumeId;

use crate::error::{Error, Result};
use crate::format::extent::FrameRef;
use crate::format::frame::{Address, FRAME_HEADER_BYTES, Frame};
use crate::keys::KeyRing;

/// Opens frames of one volume's segments.
pub(super) struct Opener {
    /// Whose segments they are.
    pub owner: VolumeId,
    pub keys: Option<Arc<KeyRing>>,
}

impl Opener {
    /// The frames that `bytes` holds, one behind the other, each checked against its address.
    pub(super) fn read(&self, wanted: &[FrameRef], bytes: &Bytes) -> Result<Vec<Frame>> {
        let start = wanted.first().map_or(0, |at| at.position);
        wanted
            .iter()
            .map(|at| {
                let from = (at.position - start) as usize;
                let to = from + FRAME_HEADER_BYTES + at.stored_len as usize;
                if to > bytes.len() {
                    let segment = at.segment;
                    return Err(Error::corrupt(format!("segment {segment:016x} is shorter than its frames")));
                }
                let address = Address { owner: self.owner, segment: at.segment, position: at.position };
                Frame::read(address, at.stored_len, bytes.slice(from..to))
            })
            .collect()
    }

    /// What the frames hold: decrypted and decompressed, which is work.
    pub(super) fn open(&self, frames: Vec<Frame>) -> Result<Vec<Bytes>> {
        frames.into_iter().map(|frame| self.open_one(frame)).collect()
    }

    fn open_one(&self, frame: Frame) -> Result<Bytes> {
        match &self.keys {
            None => frame.open(None),
            Some(keys) => {
                let key = keys.for_frame(self.owner, frame.key())?;
                frame.open(Some(&key.frames))
            }
        }
    }
}
