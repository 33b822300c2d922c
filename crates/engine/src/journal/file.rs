//! The journal's files: their format, and which of them may be reused.
//!
//! Files are filled with zeros once and then reused, because a sync that also has to write a new size or new
//! block addresses costs twice. A file's header says which records it starts with; what lies behind the last
//! record of its current use has lower numbers and is not taken for records.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use holdfast_base::{VolumeId, limits};

use super::record::Framing;
use super::{JournalConfig, Lsn, Recovered, Tail};
use crate::disk::{Disk, DiskFile};
use crate::error::Result;
use crate::planted::{Bug, is_planted};

/// Bytes in front of the first record.
pub(crate) const HEADER_BYTES: usize = 64;
/// Ending of a journal file in use.
const IN_USE: &str = ".log";
/// Ending of a file that is being made.
pub(crate) const UNFINISHED: &str = ".new";
/// Ending of a journal file that waits for reuse.
const SPARE: &str = ".spare";

const MAGIC: [u8; 8] = *b"HFjrnl\0\x02";
/// Of files whose records have the old frame.
const OLD_MAGIC: [u8; 8] = *b"HFjrnl\0\x01";
/// Where a header says that the file was made from what lay in the object store.
const REBUILT: usize = 32;

/// What a file's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileHeader {
    pub sequence: u64,
    /// The file's first record.
    pub first_lsn: Lsn,
    /// The last record of the file before.
    pub previous_lsn: Lsn,
    /// Made from the object store: volumes may lack records that were never shipped.
    pub is_rebuilt: bool,
    pub framing: Framing,
}

impl FileHeader {
    /// A header of the current version.
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(&MAGIC);
        header[8..16].copy_from_slice(&self.sequence.to_be_bytes());
        header[16..24].copy_from_slice(&self.first_lsn.to_be_bytes());
        header[24..32].copy_from_slice(&self.previous_lsn.to_be_bytes());
        header[REBUILT] = u8::from(self.is_rebuilt);
        let crc = crc32c::crc32c(&header[..60]);
        header[60..].copy_from_slice(&crc.to_be_bytes());
        header
    }

    /// Reads a header; `None` if it is not one.
    pub(super) fn decode(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&header[at..at + 8]);
            u64::from_be_bytes(bytes)
        };
        let framing = match header[..8] {
            ref magic if *magic == MAGIC => Framing::Current,
            ref magic if *magic == OLD_MAGIC => Framing::Old,
            _ => return None,
        };
        let good = header[60..] == crc32c::crc32c(&header[..60]).to_be_bytes();
        good.then(|| Self {
            sequence: number(8),
            first_lsn: number(16),
            previous_lsn: number(24),
            is_rebuilt: header[REBUILT] == 1,
            framing,
        })
    }
}

/// One file and what it holds.
struct Held {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    /// The last record of each volume that still needs one here.
    needed: HashMap<VolumeId, Lsn>,
    bytes: u64,
}

/// All files of the journal, oldest first; the last is being written.
pub(super) struct Files {
    disk: Arc<dyn Disk>,
    config: JournalConfig,
    held: VecDeque<Held>,
    spares: Vec<PathBuf>,
    next_sequence: u64,
    /// Told of files that go: nobody may read them any more.
    tail: Arc<Tail>,
}

impl Files {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        config: JournalConfig,
        recovered: &Recovered,
        tail: Arc<Tail>,
    ) -> Self {
        let held = recovered
            .files
            .iter()
            .map(|file| Held {
                path: file.path.clone(),
                file: file.file.clone(),
                needed: file.last_lsn.clone(),
                bytes: file.bytes,
            })
            .collect();
        let spares = recovered.spares.clone();
        let mut files = Self { disk, config, held, spares, next_sequence: recovered.next_sequence, tail };
        files.reclaim();
        files
    }

    pub(super) fn segment_bytes(&self) -> u64 {
        self.config.segment_bytes
    }

    pub(super) fn held_bytes(&self) -> u64 {
        self.held.iter().map(|file| file.bytes).sum()
    }

    /// Opens the next file: a spare one, or a new one of zeros. It starts with the record `first_lsn`.
    pub(super) fn open_next(
        &mut self,
        first_lsn: Lsn,
        previous_lsn: Lsn,
        needed_bytes: u64,
    ) -> Result<Arc<dyn DiskFile>> {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let path = self.config.dir.join(name_of(sequence));
        let size = self.config.segment_bytes.max(needed_bytes);
        let framing = Framing::Current;
        let header = FileHeader { sequence, first_lsn, previous_lsn, is_rebuilt: false, framing }.encode();
        let file = match self.spares.pop() {
            Some(spare) if size == self.config.segment_bytes => {
                // The header goes in before the name: a file that recovery sees is never without one.
                let file = self.disk.open(&spare)?;
                file.write_all_at(&header, 0)?;
                file.sync_data()?;
                self.disk.rename(&spare, &path)?;
                file
            }
            other => {
                self.spares.extend(other);
                let fresh = self.make_zeros(&format!("{sequence:016x}{UNFINISHED}"), size)?;
                let file = self.disk.open(&fresh)?;
                file.write_all_at(&header, 0)?;
                file.sync_data()?;
                self.disk.rename(&fresh, &path)?;
                file
            }
        };
        if !is_planted(Bug::UnnamedJournalFile) {
            self.disk.sync_dir(&self.config.dir)?;
        }
        self.held.push_back(Held { path, file: file.clone(), needed: HashMap::new(), bytes: size });
        Ok(file)
    }

    fn make_zeros(&self, name: &str, size: u64) -> Result<PathBuf> {
        const CHUNK: u64 = 1 << 20;
        let path = self.config.dir.join(name);
        self.disk.remove(&path)?;
        let file = self.disk.create(&path)?;
        let zeros = vec![0; CHUNK as usize];
        let mut at = 0;
        while at < size {
            let len = CHUNK.min(size - at);
            file.write_all_at(&zeros[..len as usize], at)?;
            at += len;
        }
        file.sync_data()?;
        Ok(path)
    }

    /// Notes what was just written to the current file.
    pub(super) fn wrote(&mut self, volumes: &[(VolumeId, Lsn)]) {
        if let Some(current) = self.held.back_mut() {
            current.needed.extend(volumes.iter().copied());
        }
    }

    pub(super) fn release(&mut self, volume: VolumeId, lsn: Lsn) {
        self.tail.release(volume, lsn);
        for file in &mut self.held {
            if file.needed.get(&volume).is_some_and(|last| *last <= lsn) {
                file.needed.remove(&volume);
            }
        }
        self.reclaim();
    }

    /// Turns files that nobody needs into spares. The current file stays; the order of files is kept, so that
    /// recovery can check that none is missing.
    fn reclaim(&mut self) {
        while self.held.len() > 1 && self.held.front().is_some_and(|file| file.needed.is_empty()) {
            let Some(file) = self.held.pop_front() else { break };
            self.tail.forget(&file.file);
            if let Err(error) = self.retire(&file) {
                tracing::warn!(%error, path = %file.path.display(), "a journal file could not be retired");
            }
        }
    }

    fn retire(&mut self, file: &Held) -> Result<()> {
        let full = self.spares.len() >= limits::JOURNAL_SPARE_SEGMENTS_MAX;
        if full || file.bytes != self.config.segment_bytes {
            return Ok(self.disk.remove(&file.path)?);
        }
        let spare = file.path.with_extension(&SPARE[1..]);
        self.disk.rename(&file.path, &spare)?;
        self.spares.push(spare);
        Ok(())
    }

    pub(super) fn laggards(&self) -> Vec<VolumeId> {
        let oldest = self.held.iter().take(self.held.len().saturating_sub(1)).take(2);
        oldest.flat_map(|file| file.needed.keys().copied()).collect()
    }
}

/// Whether a name in the journal's directory is a spare file.
pub(super) fn is_spare(name: &str) -> bool {
    name.ends_with(SPARE)
}

/// The name of the file in use with this sequence.
pub(crate) fn name_of(sequence: u64) -> String {
    format!("{sequence:016x}{IN_USE}")
}

/// The sequence of a file in use; `None` if the name is not one's.
pub(super) fn sequence_of(name: &str) -> Option<u64> {
    u64::from_str_radix(name.strip_suffix(IN_USE)?, 16).ok()
}
