//! A node that has lost its disk: its journal is made again from what was shipped.
//!
//! The shipped records become one journal file, and the data that travelled with them becomes segment files again;
//! from there the start goes on as after any crash. What was not shipped is missing: each volume's records name the
//! one before, so a volume takes them up to its first that is missing, which leaves it in a state that it had.
//!
//! In a crash: the journal file gets its name last, so an unfinished rebuild begins anew.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use futures::TryStreamExt;
use holdfast_base::VolumeId;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::object::{self, Piece, Shipment};
use crate::disk::{Disk, DiskFile, blocking};
use crate::error::{Error, Result};
use crate::format::frame::segment_header;
use crate::journal::{FileHeader, Framing, HEADER_BYTES, JournalConfig, Lsn, Records, UNFINISHED, name_of};
use crate::segments::segment_path;
use crate::store::Store;

/// The first file of a new journal.
const SEQUENCE: u64 = 1;

/// The shipping objects in the store, oldest first.
pub(crate) async fn list(store: &Store) -> Result<Vec<Path>> {
    let objects = store.objects();
    let listed: Vec<_> = objects.list(Some(&object::prefix())).try_collect().await?;
    let mut paths: Vec<_> = listed
        .into_iter()
        .filter_map(|found| Some((object::numbers(&found.location)?, found.location)))
        .collect();
    paths.sort();
    Ok(paths.into_iter().map(|(_, path)| path).collect())
}

/// Makes the journal in `config.dir` and the segment files in `spool_dir` from the objects at `shipped`.
///
/// # Errors
/// [`Error::Unavailable`] if the store does not answer, [`Error::Io`]. A damaged object is said in the log and costs
/// what it held.
pub(crate) async fn rebuild(
    store: &Store,
    disk: &Arc<dyn Disk>,
    config: &JournalConfig,
    spool_dir: PathBuf,
    shipped: &[Path],
) -> Result<()> {
    let mut segments = Spools { store, disk, dir: spool_dir, files: BTreeMap::new() };
    let mut journal: Option<JournalFile> = None;
    for path in shipped {
        // Deleted by nobody but us: a missing object is as bad as a damaged one.
        let Some(bytes) = store.read_whole(path).await? else {
            tracing::error!(object = %path, "a shipping object vanished");
            continue;
        };
        let shipment = match Shipment::decode(&bytes) {
            Ok((shipment, None)) => shipment,
            Ok((shipment, Some(damage))) => {
                tracing::error!(object = %path, damage, "a shipping object is damaged; the rest of it is used");
                shipment
            }
            Err(error) => {
                tracing::error!(object = %path, %error, "a shipping object is damaged");
                continue;
            }
        };
        for piece in shipment.pieces {
            segments.put(piece).await?;
        }
        if journal.is_none() {
            journal = Some(JournalFile::begin(disk, config, shipment.first).await?);
        }
        if let Some(journal) = &mut journal {
            journal.append(shipment.records).await?;
        }
    }
    segments.sync().await?;
    match journal {
        Some(journal) => journal.finish(config).await,
        None => Ok(()),
    }
}

/// The segment files that come back.
struct Spools<'a> {
    store: &'a Store,
    disk: &'a Arc<dyn Disk>,
    dir: PathBuf,
    /// `None` for segments that the store has whole.
    files: BTreeMap<(VolumeId, u64), Option<Arc<dyn DiskFile>>>,
}

impl Spools<'_> {
    async fn put(&mut self, piece: Piece) -> Result<()> {
        let key = (piece.volume, piece.segment);
        let file = match self.files.get(&key) {
            Some(file) => file.clone(),
            None => {
                let file = self.make(piece.volume, piece.segment).await?;
                self.files.insert(key, file.clone());
                file
            }
        };
        let Some(file) = file else { return Ok(()) };
        blocking(self.disk.as_ref(), move || Ok(file.write_all_at(&piece.data, piece.position)?)).await
    }

    /// A new file with a segment's header, unless the store has the segment.
    async fn make(&self, volume: VolumeId, segment: u64) -> Result<Option<Arc<dyn DiskFile>>> {
        match self.store.objects().head(&segment_path(volume, segment)).await {
            Ok(_) => return Ok(None),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let (dir, disk) = (self.dir.join(volume.0.to_string()), self.disk.clone());
        let made = move || {
            disk.create_dir_all(&dir)?;
            let path = dir.join(format!("{segment:016x}"));
            // Left by a rebuild that was cut short.
            disk.remove(&path)?;
            let file = disk.create(&path)?;
            file.write_all_at(&segment_header(volume, segment), 0)?;
            disk.sync_dir(&dir)?;
            Ok(Some(file))
        };
        blocking(self.disk.as_ref(), made).await
    }

    async fn sync(self) -> Result<()> {
        let files: Vec<_> = self.files.into_values().flatten().collect();
        let sync = move || files.iter().try_for_each(|file| Ok(file.sync_data()?));
        blocking(self.disk.as_ref(), sync).await
    }
}

/// The journal file that comes back.
struct JournalFile {
    disk: Arc<dyn Disk>,
    file: Arc<dyn DiskFile>,
    unfinished: PathBuf,
    position: u64,
    last_lsn: Lsn,
}

impl JournalFile {
    async fn begin(disk: &Arc<dyn Disk>, config: &JournalConfig, first_lsn: Lsn) -> Result<Self> {
        let unfinished = config.dir.join(format!("rebuilt{UNFINISHED}"));
        let (owned, path, dir) = (disk.clone(), unfinished.clone(), config.dir.clone());
        let made = move || {
            owned.create_dir_all(&dir)?;
            owned.remove(&path)?;
            let file = owned.create(&path)?;
            let header = FileHeader {
                sequence: SEQUENCE,
                first_lsn,
                previous_lsn: first_lsn.saturating_sub(1),
                is_rebuilt: true,
                framing: Framing::Current,
            };
            file.write_all_at(&header.encode(), 0)?;
            Ok(file)
        };
        let file = blocking(disk.as_ref(), made).await?;
        let position = HEADER_BYTES as u64;
        Ok(Self { disk: disk.clone(), file, unfinished, position, last_lsn: 0 })
    }

    /// Appends the records that are not there yet: two objects may hold the same.
    async fn append(&mut self, records: Vec<bytes::Bytes>) -> Result<()> {
        let mut fresh = Vec::new();
        for record in records {
            let (header, _) =
                Records::new(record.clone()).next().ok_or_else(|| Error::corrupt("a shipped record"))?;
            if header.lsn > self.last_lsn {
                self.last_lsn = header.lsn;
                fresh.extend_from_slice(&record);
            }
        }
        let (file, position) = (self.file.clone(), self.position);
        self.position += fresh.len() as u64;
        blocking(self.disk.as_ref(), move || Ok(file.write_all_at(&fresh, position)?)).await
    }

    async fn finish(self, config: &JournalConfig) -> Result<()> {
        let dir = config.dir.clone();
        let (disk, file, unfinished) = (self.disk.clone(), self.file, self.unfinished);
        let finish = move || {
            file.sync_data()?;
            disk.rename(&unfinished, &dir.join(name_of(SEQUENCE)))?;
            Ok(disk.sync_dir(&dir)?)
        };
        blocking(self.disk.as_ref(), finish).await
    }
}
