//! READLINK.

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::types::{Attr, FileKind};
use crate::volume::{FileId, Volume};

impl Volume {
    /// The target of a symbolic link.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is none, [`Error::Stale`].
    pub async fn readlink(&self, file: FileId) -> Result<(Bytes, Attr)> {
        self.read_op(|tx| {
            let inode = tx.file(file)?;
            if inode.attr.kind != FileKind::Symlink {
                return Err(Error::Invalid("not a symbolic link").into());
            }
            Ok((inode.target.clone(), inode.attr))
        })
        .await
    }
}
