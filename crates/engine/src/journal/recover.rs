//! Reading the journal after a start: which records there are, volume by volume.
//!
//! A file's records end at the first that does not check. In the last file that is the torn tail of a crash; in
//! an earlier one it is damage, which the next file's header gives away, and an error.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::VolumeId;
use holdfast_base::limits::JOURNAL_BUFFER_MAX_BYTES;

use super::file::{self, HEADER_BYTES, RECORD_HEADER_BYTES};
use super::{JournalConfig, Lsn};
use crate::disk::{Disk, DiskFile};
use crate::error::{Error, Result};
use crate::planted::{Bug, is_planted};

/// More than any batch has: the buffer takes no record once it is full, and one record is far below its size.
const BATCH_MAX_BYTES: u64 = 2 * JOURNAL_BUFFER_MAX_BYTES as u64;

/// Where a record's body lies.
#[derive(Clone, Debug)]
struct RecordRef {
    lsn: Lsn,
    file: usize,
    offset: u64,
    len: u32,
}

/// One file of the journal as found.
pub(crate) struct FoundFile {
    pub(super) path: PathBuf,
    /// The last record of each volume in it.
    pub(super) last_lsn: HashMap<VolumeId, Lsn>,
    /// Where its last record ends.
    end: u64,
    file: Arc<dyn DiskFile>,
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

/// What the journal held at the start.
#[derive(Default)]
pub(crate) struct Recovered {
    pub(super) files: Vec<FoundFile>,
    pub(super) spares: Vec<PathBuf>,
    pub(super) next_sequence: u64,
    /// The last record found, 0 if none.
    pub last_lsn: Lsn,
    records: BTreeMap<VolumeId, Vec<RecordRef>>,
}

impl Recovered {
    /// The volumes that have records.
    pub(crate) fn volumes(&self) -> impl Iterator<Item = VolumeId> {
        self.records.keys().copied()
    }

    /// Forgets a volume's records: they are in its memory, or the volume is gone.
    pub(crate) fn take(&mut self, volume: VolumeId) {
        self.records.remove(&volume);
    }

    /// What is needed to read a volume's records.
    pub(crate) fn reader(&self, volume: VolumeId) -> RecordReader {
        let records = self.records.get(&volume).cloned().unwrap_or_default();
        RecordReader { records, files: self.files.iter().map(|found| found.file.clone()).collect() }
    }
}

/// Reads the records of one volume.
pub(crate) struct RecordReader {
    records: Vec<RecordRef>,
    files: Vec<Arc<dyn DiskFile>>,
}

impl RecordReader {
    /// Numbers and bodies of the records, in order. Their checksums were verified by [`recover`].
    pub(crate) fn read(&self) -> Result<Vec<(Lsn, Bytes)>> {
        let read = |record: &RecordRef| {
            let mut body = vec![0; record.len as usize];
            self.files[record.file].read_exact_at(&mut body, record.offset)?;
            Ok((record.lsn, Bytes::from(body)))
        };
        self.records.iter().map(read).collect()
    }
}

/// Scans the journal in `config.dir`.
///
/// # Errors
/// [`Error::Corrupt`] if records are missing before the end; [`Error::Io`] if the disk cannot be read.
pub(crate) fn recover(disk: &dyn Disk, config: &JournalConfig) -> Result<Recovered> {
    disk.create_dir_all(&config.dir)?;
    let mut found = Recovered { next_sequence: 1, ..Recovered::default() };
    for name in disk.list(&config.dir)? {
        let path = config.dir.join(&name);
        if file::is_spare(&name) {
            found.spares.push(path);
        } else if name.ends_with(file::IN_USE) {
            scan(disk, path, &mut found)?;
        } else if name.ends_with(".new") {
            // A file that a crash left half made.
            disk.remove(&path)?;
        }
    }
    if !is_planted(Bug::TailNotRewritten)
        && let Some(last) = found.files.iter().rev().find(|file| file.end > HEADER_BYTES as u64)
    {
        last.rewrite_tail()?;
    }
    // What was read may still be only in the page cache of a process that died: from here on it counts.
    for found_file in &found.files {
        found_file.file.sync_data()?;
    }
    Ok(found)
}

fn scan(disk: &dyn Disk, path: PathBuf, found: &mut Recovered) -> Result<()> {
    let file = disk.open(&path)?;
    let damaged = |what: &str| Error::corrupt(format!("journal file {}: {what}", path.display()));
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0).map_err(|_| damaged("it is too short"))?;
    let (sequence, first_lsn, previous_lsn) =
        file::decode_header(&header).ok_or_else(|| damaged("its header does not check"))?;
    if !found.files.is_empty() && previous_lsn > found.last_lsn {
        return Err(damaged(&format!(
            "records {} to {previous_lsn} in front of it are missing or damaged",
            found.last_lsn + 1
        )));
    }
    found.next_sequence = sequence + 1;
    let size = file.size_bytes()?;
    let index = found.files.len();
    let mut last_lsn = HashMap::new();
    let mut reader = Reader { file: &*file, size, window: Vec::new(), start: 0 };
    let mut position = HEADER_BYTES as u64;
    let mut floor = first_lsn;
    while let Some((lsn, volume, len)) = reader.record(position, floor)? {
        let offset = position + RECORD_HEADER_BYTES as u64;
        found.records.entry(volume).or_default().push(RecordRef { lsn, file: index, offset, len });
        last_lsn.insert(volume, lsn);
        found.last_lsn = lsn;
        floor = lsn + 1;
        position = offset + u64::from(len);
    }
    // An empty last file still tells how far numbers went.
    found.last_lsn = found.last_lsn.max(previous_lsn);
    found.files.push(FoundFile { path, last_lsn, end: position, file });
    Ok(())
}

/// Reads a file front to back in large windows.
struct Reader<'a> {
    file: &'a dyn DiskFile,
    size: u64,
    window: Vec<u8>,
    start: u64,
}

impl Reader<'_> {
    /// The bytes at `[at, at + len)`; `None` past the end of the file.
    fn bytes(&mut self, at: u64, len: usize) -> Result<Option<&[u8]>> {
        const WINDOW: usize = 4 << 20;
        let end = at + len as u64;
        if end > self.size {
            return Ok(None);
        }
        if at < self.start || end > self.start + self.window.len() as u64 {
            let take = WINDOW.max(len).min((self.size - at) as usize);
            self.window.resize(take, 0);
            self.file.read_exact_at(&mut self.window, at)?;
            self.start = at;
        }
        let from = (at - self.start) as usize;
        Ok(Some(&self.window[from..from + len]))
    }

    /// LSN, volume and body length of the record at `at`, if one is there whose number is at least `floor`.
    fn record(&mut self, at: u64, floor: Lsn) -> Result<Option<(Lsn, VolumeId, u32)>> {
        let Some(header) = self.bytes(at, RECORD_HEADER_BYTES)? else { return Ok(None) };
        let mut copy = [0; RECORD_HEADER_BYTES];
        copy.copy_from_slice(header);
        let word = |at: usize| u32::from_be_bytes([copy[at], copy[at + 1], copy[at + 2], copy[at + 3]]);
        let (crc, len) = (word(0), word(4));
        let lsn = u64::from(word(8)) << 32 | u64::from(word(12));
        if lsn < floor {
            return Ok(None);
        }
        let Some(body) = self.bytes(at + RECORD_HEADER_BYTES as u64, len as usize)? else {
            return Ok(None);
        };
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&copy[16..]);
        let good = crc32c::crc32c_append(crc32c::crc32c(body), &copy[4..]) == crc;
        let good = good || (is_planted(Bug::TornTailAccepted) && len > 0);
        Ok(good.then(|| (lsn, VolumeId(uuid::Uuid::from_bytes(uuid)), len)))
    }
}
