//! GETATTR.

use crate::error::Result;
use crate::types::Attr;
use crate::volume::{FileId, Volume};

impl Volume {
    /// The attributes of a file.
    ///
    /// # Errors
    /// [`crate::Error::Stale`] if it was removed.
    pub async fn getattr(&self, file: FileId) -> Result<Attr> {
        self.read_op(|tx| Ok(tx.file(file)?.attr)).await
    }
}
