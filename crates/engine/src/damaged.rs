//! Volumes that lost records of the journal: they stay shut, and everything else goes on.
//!
//! A volume that misses a record cannot be brought up to date: what comes behind relies on what is gone. What the
//! journal still has of it is set aside in a file of its own, so that the journal can be cut, and the volume is not
//! opened while that file is there, also not by later runs. Whoever removes the file accepts the loss: the volume then
//! opens as its last checkpoint left it.
//!
//! In a crash: the file gets its name when it is whole, and the journal is released after that.

use std::path::PathBuf;
use std::sync::Arc;

use holdfast_base::VolumeId;

use crate::disk::{Disk, blocking};
use crate::error::{Error, Result};
use crate::journal::{JournalRecord, Lsn, encode_record};

const MAGIC: [u8; 8] = *b"HFlost\0\x01";

/// See the module.
pub(crate) struct Damaged {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl Damaged {
    pub(crate) fn new(disk: Arc<dyn Disk>, dir: PathBuf) -> Self {
        Self { disk, dir }
    }

    /// Refuses a volume that was set aside.
    pub(crate) async fn check(&self, id: VolumeId) -> Result<()> {
        if self.holds(id).await? { Err(self.refusal(id)) } else { Ok(()) }
    }

    /// Whether a volume was set aside.
    pub(crate) async fn holds(&self, id: VolumeId) -> Result<bool> {
        let (disk, path) = (self.disk.clone(), self.path(id));
        let open = move || match disk.open(&path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        };
        blocking(self.disk.as_ref(), open).await
    }

    /// Sets a volume aside whose records behind `last` are incomplete; gives the error that says so.
    pub(crate) async fn set_aside(&self, id: VolumeId, last: Lsn, records: &[JournalRecord]) -> Error {
        let mut bytes = MAGIC.to_vec();
        for record in records.iter().filter(|record| record.lsn > last) {
            let previous = record.previous.unwrap_or_default();
            let crc = crc32c::crc32c(&record.body);
            encode_record(&mut bytes, record.lsn, id, previous, 0, &record.body, crc);
        }
        let (disk, dir, path) = (self.disk.clone(), self.dir.clone(), self.path(id));
        let write = move || {
            disk.create_dir_all(&dir)?;
            let unfinished = path.with_extension("new");
            disk.remove(&unfinished)?;
            let file = disk.create(&unfinished)?;
            file.write_all_at(&bytes, 0)?;
            file.sync_data()?;
            disk.rename(&unfinished, &path)?;
            Ok(disk.sync_dir(&dir)?)
        };
        tracing::error!(volume = %id, last, "the journal lost changes of a volume; it stays shut");
        match blocking(self.disk.as_ref(), write).await {
            Ok(()) => self.refusal(id),
            Err(error) => error,
        }
    }

    /// Forgets a volume that is deleted.
    pub(crate) async fn forget(&self, id: VolumeId) -> Result<()> {
        let (disk, path) = (self.disk.clone(), self.path(id));
        blocking(self.disk.as_ref(), move || Ok(disk.remove(&path)?)).await
    }

    fn path(&self, id: VolumeId) -> PathBuf {
        self.dir.join(id.0.to_string())
    }

    fn refusal(&self, id: VolumeId) -> Error {
        Error::corrupt(format!(
            "{id}: the journal lost changes of it; what is left of them lies in {}; to go on without them, from the \
             last checkpoint, move that file away",
            self.path(id).display()
        ))
    }
}
