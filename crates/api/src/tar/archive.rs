//! Reading an archive from a stream of bytes: one member after the other, with its long names and sizes put together.

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use holdfast_base::limits::TAR_EXTENDED_MAX_BYTES;

use super::header::{BLOCK_BYTES, Header, Kind, padding, records};
use crate::error::{ApiError, ErrorCode};
use crate::files::{Upload, UploadError};

/// An archive that is being read. Holds the bytes that came and were not taken: about one piece of the body.
pub(super) struct Archive {
    body: Upload,
    ready: BytesMut,
    /// Of the present member: content that was not taken yet, and what pads it.
    left: u64,
    padding: usize,
}

impl Archive {
    pub fn new(body: Upload) -> Self {
        Self { body, ready: BytesMut::new(), left: 0, padding: 0 }
    }

    /// The next member; `None` at the end. What was not taken of the one before is skipped.
    pub async fn next(&mut self) -> Result<Option<Header>, ApiError> {
        let mut long = Long::default();
        loop {
            self.skip().await?;
            let Some(block) = self.block().await? else {
                return if long == Long::default() { Ok(None) } else { Err(broken("ends in the middle")) };
            };
            let Some(mut header) =
                Header::read(&block).map_err(|what| broken(&format!("holds a block that {what}")))?
            else {
                self.read_to_end().await?;
                return Ok(None);
            };
            (self.left, self.padding) = (header.size, padding(header.size));
            match header.kind {
                Kind::Extended => {
                    let bytes = self.extended().await?;
                    long.read(&bytes)?;
                }
                Kind::LongName => long.path = Some(until_nul(&self.extended().await?)),
                Kind::LongLink => long.link = Some(until_nul(&self.extended().await?)),
                Kind::Global => {}
                Kind::File | Kind::Link | Kind::Symlink | Kind::Directory | Kind::Other => {
                    long.apply(&mut header);
                    // Some programs give links the size of their file, without the content.
                    if matches!(header.kind, Kind::Link | Kind::Symlink | Kind::Directory) {
                        header.size = 0;
                    }
                    (self.left, self.padding) = (header.size, padding(header.size));
                    return Ok(Some(header));
                }
            }
        }
    }

    /// More of the present member's content, at most so many bytes; `None` after the last.
    pub async fn content(&mut self, max_bytes: usize) -> Result<Option<Bytes>, UploadError> {
        if self.left == 0 {
            return Ok(None);
        }
        if self.ready.is_empty() && !self.more().await? {
            return Err(cut_off());
        }
        let len = self.ready.len().min(max_bytes).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= len as u64;
        Ok(Some(self.ready.split_to(len).freeze()))
    }

    /// The whole content of the present member. Its size is bounded by the caller.
    pub async fn whole(&mut self) -> Result<Bytes, UploadError> {
        let mut content = BytesMut::new();
        while let Some(piece) = self.content(usize::MAX).await? {
            content.extend_from_slice(&piece);
        }
        Ok(content.freeze())
    }

    async fn extended(&mut self) -> Result<Bytes, ApiError> {
        if self.left > TAR_EXTENDED_MAX_BYTES {
            return Err(broken(&format!("holds an extended header over {TAR_EXTENDED_MAX_BYTES} bytes")));
        }
        Ok(self.whole().await?)
    }

    async fn skip(&mut self) -> Result<(), ApiError> {
        while self.content(usize::MAX).await?.is_some() {}
        while self.ready.len() < self.padding {
            if !self.more().await? {
                return Err(cut_off().into());
            }
        }
        let padding = std::mem::take(&mut self.padding);
        drop(self.ready.split_to(padding));
        Ok(())
    }

    async fn block(&mut self) -> Result<Option<[u8; BLOCK_BYTES]>, ApiError> {
        while self.ready.len() < BLOCK_BYTES {
            if !self.more().await? {
                return if self.ready.is_empty() { Ok(None) } else { Err(cut_off().into()) };
            }
        }
        let mut block = [0; BLOCK_BYTES];
        block.copy_from_slice(&self.ready.split_to(BLOCK_BYTES));
        Ok(Some(block))
    }

    /// What follows the end of an archive pads it.
    async fn read_to_end(&mut self) -> Result<(), ApiError> {
        self.ready.clear();
        while self.more().await? {
            self.ready.clear();
        }
        Ok(())
    }

    async fn more(&mut self) -> Result<bool, UploadError> {
        match self.body.next().await {
            Some(piece) => {
                self.ready.extend_from_slice(&piece?);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

/// Values that come before the header they belong to.
#[derive(Default, PartialEq, Eq)]
struct Long {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u32>,
    gid: Option<u32>,
}

impl Long {
    fn read(&mut self, bytes: &[u8]) -> Result<(), ApiError> {
        fn number<T: std::str::FromStr>(value: &[u8]) -> Result<Option<T>, ApiError> {
            let parsed = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
            parsed.map(Some).ok_or_else(|| broken("has an extended header with a number that is none"))
        }
        for (key, value) in records(bytes).map_err(broken)? {
            match key {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = number(value)?,
                b"uid" => self.uid = number(value)?,
                b"gid" => self.gid = number(value)?,
                _ if key.starts_with(b"GNU.sparse.") => {
                    return Err(broken(
                        "holds a sparse file, which is not taken; make the archive without --sparse",
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes its values over into the header that they belong to.
    fn apply(&mut self, header: &mut Header) {
        let long = std::mem::take(self);
        header.path = long.path.unwrap_or_else(|| std::mem::take(&mut header.path));
        header.link = long.link.unwrap_or_else(|| std::mem::take(&mut header.link));
        header.size = long.size.unwrap_or(header.size);
        header.uid = long.uid.unwrap_or(header.uid);
        header.gid = long.gid.unwrap_or(header.gid);
    }
}

fn until_nul(bytes: &[u8]) -> Vec<u8> {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

/// An archive that cannot be read on; `what` ends the sentence.
fn broken(what: &str) -> ApiError {
    ApiError::new(ErrorCode::InvalidBody, format!("the archive {what}"))
}

fn cut_off() -> UploadError {
    UploadError::Aborted("the archive ends in the middle".into())
}
