//! Reading the journal after a start: which records there are, volume by volume, and which are missing.
//!
//! A crash leaves a torn tail: records that were never synced, of which any part may be there. The records end at the
//! first that does not check. Damage is what does not check though it was synced, which a later record or the next
//! file's header gives away. It costs the volumes whose records it hit and no other: an intact header names its
//! volume, and every volume's records name the one before (see [`super::record`]). What neither tells may be any
//! volume's that has records before the damage and none behind it; those are suspects until their index shows that it
//! has everything.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::VolumeId;
use holdfast_base::limits::JOURNAL_BUFFER_MAX_BYTES;

use super::file::{self, HEADER_BYTES};
use super::scan::scan;
use super::{JournalConfig, Lsn};
use crate::disk::{Disk, DiskFile};
use crate::error::Result;
use crate::planted::{Bug, is_planted};

/// More than any unsynced writes have: the buffer takes no record once it is full, one record is far below its size,
/// and writes without a sync are few.
const BATCH_MAX_BYTES: u64 = 2 * JOURNAL_BUFFER_MAX_BYTES as u64;

/// Where a record's body lies.
#[derive(Clone, Debug)]
pub(super) struct RecordRef {
    pub lsn: Lsn,
    pub previous: Option<Lsn>,
    pub file: usize,
    pub offset: u64,
    pub len: u32,
}

/// One file of the journal as found.
pub(crate) struct FoundFile {
    pub(super) path: PathBuf,
    /// The last record of each volume in it.
    pub(super) last_lsn: HashMap<VolumeId, Lsn>,
    /// Where its last record ends.
    pub(super) end: u64,
    pub(super) bytes: u64,
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) is_rebuilt: bool,
}

impl FoundFile {
    /// Writes the last batch again. If its sync failed, the page cache may have it marked clean though the disk
    /// never got it: a sync alone would then prove nothing. What was written before had been synced before.
    fn rewrite_tail(&self) -> Result<()> {
        const CHUNK: u64 = 1 << 20;
        let mut at = self.end.saturating_sub(BATCH_MAX_BYTES).max(HEADER_BYTES as u64);
        while at < self.end {
            let len = CHUNK.min(self.end - at);
            let bytes = self.file.read_vec_at(len as usize, at)?;
            self.file.write_all_at(&bytes, at)?;
            at += len;
        }
        Ok(())
    }
}

/// Synced records that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub from: Lsn,
    pub to: Lsn,
    /// Those whose header is intact.
    pub named: Vec<(VolumeId, Lsn)>,
}

/// What the journal held at the start.
#[derive(Default)]
pub(crate) struct Recovered {
    pub(super) files: Vec<FoundFile>,
    pub(super) spares: Vec<PathBuf>,
    pub(super) next_sequence: u64,
    /// The last record found, 0 if none.
    pub last_lsn: Lsn,
    pub(super) records: BTreeMap<VolumeId, Vec<RecordRef>>,
    pub(super) gaps: Vec<Gap>,
    /// The last record that each volume lost to damage, as far as the journal can tell.
    lost: BTreeMap<VolumeId, Lsn>,
}

impl Recovered {
    /// The volumes that have records.
    pub(crate) fn volumes(&self) -> impl Iterator<Item = VolumeId> {
        self.records.keys().copied()
    }

    /// The last record of each volume that has any.
    pub(crate) fn last_of_each(&self) -> BTreeMap<VolumeId, Lsn> {
        let last = |(volume, records): (&VolumeId, &Vec<RecordRef>)| Some((*volume, records.last()?.lsn));
        self.records.iter().filter_map(last).collect()
    }

    /// Whether there was no journal at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Forgets a volume's records: they are in its memory, or the volume is gone.
    pub(crate) fn take(&mut self, volume: VolumeId) {
        self.records.remove(&volume);
    }

    /// What is needed to read a volume's records.
    pub(crate) fn reader(&self, volume: VolumeId) -> RecordReader {
        let records = self.records.get(&volume).cloned().unwrap_or_default();
        let files = self.files.iter().map(|found| (found.file.clone(), found.is_rebuilt)).collect();
        RecordReader { records, files, lost: self.lost.get(&volume).copied() }
    }

    /// The last record that `volume` lost to damage, as far as the journal can tell.
    fn lost_by(&self, volume: VolumeId) -> Option<Lsn> {
        let records = self.records.get(&volume).map_or(&[][..], Vec::as_slice);
        let of_gap = |gap: &Gap| {
            let named = gap.named.iter().filter(|(id, _)| *id == volume).map(|(_, lsn)| *lsn).max();
            let before = records.iter().any(|record| record.lsn < gap.from);
            let behind = records.iter().any(|record| record.lsn > gap.to);
            let suspect = before && !behind && self.unnamed(gap) > 0;
            named.or(suspect.then_some(gap.to))
        };
        self.gaps.iter().filter_map(of_gap).max()
    }

    /// How many records of a gap nothing tells the volume of.
    fn unnamed(&self, gap: &Gap) -> u64 {
        let within = |lsn: &Lsn| (gap.from..=gap.to).contains(lsn);
        let mut known: BTreeSet<Lsn> = gap.named.iter().map(|(_, lsn)| *lsn).collect();
        let chained = self.records.values().flatten().filter_map(|record| record.previous);
        known.extend(chained.filter(within));
        gap.to - gap.from + 1 - known.len() as u64
    }

    /// What was lost, for the log; `None` if nothing was.
    pub(crate) fn damage(&self) -> Option<String> {
        let lost: u64 = self.gaps.iter().map(|gap| gap.to - gap.from + 1).sum();
        let unnamed: u64 = self.gaps.iter().map(|gap| self.unnamed(gap)).sum();
        (lost > 0).then(|| {
            format!(
                "the journal is damaged: {lost} records cannot be read, {unnamed} of them of unknown volumes"
            )
        })
    }
}

/// A record as the journal held it.
#[derive(Clone, Debug)]
pub(crate) struct JournalRecord {
    pub lsn: Lsn,
    /// The volume's record before; unknown in the old format.
    pub previous: Option<Lsn>,
    /// It came from the object store, where records may be missing that were never shipped.
    pub is_rebuilt: bool,
    pub body: Bytes,
}

/// All that the journal knows of one volume.
pub(crate) struct VolumeRecords {
    pub records: Vec<JournalRecord>,
    /// The last record that the volume lost to damage, as far as the journal can tell.
    pub lost: Option<Lsn>,
}

/// Reads the records of one volume.
pub(crate) struct RecordReader {
    records: Vec<RecordRef>,
    files: Vec<(Arc<dyn DiskFile>, bool)>,
    lost: Option<Lsn>,
}

impl RecordReader {
    /// The records in order. Their checksums were verified by [`recover`].
    pub(crate) fn read(&self) -> Result<VolumeRecords> {
        let read = |record: &RecordRef| {
            let (file, is_rebuilt) = &self.files[record.file];
            let body = file.read_vec_at(record.len as usize, record.offset)?.into();
            Ok(JournalRecord { lsn: record.lsn, previous: record.previous, is_rebuilt: *is_rebuilt, body })
        };
        let records = self.records.iter().map(read).collect::<Result<_>>()?;
        Ok(VolumeRecords { records, lost: self.lost })
    }
}

/// Scans the journal in `config.dir`.
///
/// # Errors
/// [`crate::Error::Io`] if the disk cannot be read.
pub(crate) fn recover(disk: &dyn Disk, config: &JournalConfig) -> Result<Recovered> {
    disk.create_dir_all(&config.dir)?;
    let mut found = Recovered { next_sequence: 1, ..Recovered::default() };
    for name in disk.list(&config.dir)? {
        let path = config.dir.join(&name);
        if file::is_spare(&name) {
            found.spares.push(path);
        } else if let Some(sequence) = file::sequence_of(&name) {
            scan(disk, path, sequence, &mut found)?;
        } else if name.ends_with(file::UNFINISHED) {
            // A file that a crash left half made.
            disk.remove(&path)?;
        }
    }
    if !is_planted(Bug::TailNotRewritten)
        && let Some(last) = found.files.iter().rev().find(|file| file.end > HEADER_BYTES as u64)
    {
        last.rewrite_tail()?;
    }
    let named = found.gaps.iter().flat_map(|gap| &gap.named).map(|(volume, _)| *volume);
    let volumes: BTreeSet<VolumeId> = named.chain(found.volumes()).collect();
    found.lost = volumes.into_iter().filter_map(|volume| Some((volume, found.lost_by(volume)?))).collect();
    // What was read may still be only in the page cache of a process that died: from here on it counts.
    for found_file in &found.files {
        found_file.file.sync_data()?;
    }
    Ok(found)
}
