//! Finding the records of one journal file, also behind damage.

use std::collections::HashMap;
use std::path::PathBuf;

use holdfast_base::VolumeId;

use super::Lsn;
use super::file::{FileHeader, HEADER_BYTES};
use super::record::{Framing, RecordHeader};
use super::recover::{FoundFile, Gap, RecordRef, Recovered};
use crate::disk::{Disk, DiskFile};
use crate::error::Result;
use crate::planted::{Bug, is_planted};

/// Adds what a file holds to what was found in the files before it.
pub(super) fn scan(disk: &dyn Disk, path: PathBuf, sequence: u64, found: &mut Recovered) -> Result<()> {
    let file = disk.open(&path)?;
    let size = file.size_bytes()?;
    let mut reader = Reader { file: &*file, size, window: Vec::new(), start: 0 };
    let header = read_header(&mut reader, sequence, found.last_lsn)?;
    if header.sequence > sequence {
        // Nobody needed it any more, and it was made ready for its next use when a power loss took its new name.
        found.next_sequence = sequence + 1;
        found.spares.push(path);
        return Ok(());
    }
    close_gap_before(header, found);
    found.next_sequence = sequence + 1;
    let index = found.files.len();
    let (records, end) = read_records(&mut reader, header, found)?;
    let mut last_lsn = HashMap::new();
    for (record, offset) in records {
        let RecordHeader { lsn, volume, previous, len, .. } = record;
        found.records.entry(volume).or_default().push(RecordRef { lsn, previous, file: index, offset, len });
        last_lsn.insert(volume, lsn);
        found.last_lsn = lsn;
    }
    // An empty last file still tells how far numbers went.
    found.last_lsn = found.last_lsn.max(header.previous_lsn);
    found.files.push(FoundFile { path, last_lsn, end, bytes: size, file, is_rebuilt: header.is_rebuilt });
    Ok(())
}

/// The header; where it is damaged, what can be said without it. The records of the current format stand on their
/// own, and what a file held in an earlier use has lower numbers.
fn read_header(reader: &mut Reader<'_>, sequence: u64, last_lsn: Lsn) -> Result<FileHeader> {
    let decoded = match reader.bytes(0, HEADER_BYTES)? {
        Some(bytes) => {
            let mut header = [0; HEADER_BYTES];
            header.copy_from_slice(bytes);
            FileHeader::decode(&header)
        }
        None => None,
    };
    Ok(decoded.unwrap_or_else(|| {
        tracing::error!(sequence, "a journal file's header does not check; its records are read without it");
        FileHeader {
            sequence,
            first_lsn: last_lsn + 1,
            previous_lsn: last_lsn,
            is_rebuilt: false,
            framing: Framing::Current,
        }
    }))
}

/// The next file's header names records that were synced in front of it and were not found. The first file has
/// nothing to compare with: what was in front of it was released.
fn close_gap_before(header: FileHeader, found: &mut Recovered) {
    if !found.files.is_empty() && header.previous_lsn > found.last_lsn {
        found.gaps.push(Gap { from: found.last_lsn + 1, to: header.previous_lsn, named: Vec::new() });
        found.last_lsn = header.previous_lsn;
    }
}

/// Records with the offsets of their bodies, up to the end or the torn tail, and where that is; notes damage on the
/// way.
fn read_records(
    reader: &mut Reader<'_>,
    header: FileHeader,
    found: &mut Recovered,
) -> Result<(Vec<(RecordHeader, u64)>, u64)> {
    let framing = header.framing;
    let mut records = Vec::new();
    let mut position = HEADER_BYTES as u64;
    let mut floor = header.first_lsn;
    loop {
        while let Some(record) = reader.record(framing, position, floor)? {
            let offset = position + framing.header_bytes() as u64;
            records.push((record, offset));
            floor = record.lsn + 1;
            position = offset + u64::from(record.len);
        }
        if framing == Framing::Old {
            return Ok((records, position));
        }
        let Some(behind) = reader.behind_damage(position, floor)? else {
            return Ok((records, position));
        };
        if behind.first.lsn > floor {
            found.gaps.push(Gap { from: floor, to: behind.first.lsn - 1, named: behind.named });
        }
        position = behind.position;
    }
}

/// Where records go on behind something unreadable that was synced.
struct Behind {
    position: u64,
    first: RecordHeader,
    named: Vec<(VolumeId, Lsn)>,
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

    /// The header at `at`, if one is there whose number is at least `floor`.
    fn header(&mut self, framing: Framing, at: u64, floor: Lsn) -> Result<Option<RecordHeader>> {
        let bytes = self.bytes(at, framing.header_bytes())?;
        Ok(bytes.and_then(|bytes| framing.decode(bytes)).filter(|header| header.lsn >= floor))
    }

    /// The record at `at`, if one is there whose number is at least `floor`.
    fn record(&mut self, framing: Framing, at: u64, floor: Lsn) -> Result<Option<RecordHeader>> {
        let Some(header) = self.header(framing, at, floor)? else { return Ok(None) };
        let header_bytes = framing.header_bytes();
        // Read before the body, which may move the window.
        let Some(whole) = self.bytes(at, header_bytes + header.len as usize)? else { return Ok(None) };
        let good = framing.body_checks(&header, &whole[..header_bytes], &whole[header_bytes..]);
        let good = good || (is_planted(Bug::TornTailAccepted) && header.len > 0);
        Ok(good.then_some(header))
    }

    /// Looks behind unreadable bytes at `at` for a record that proves that something between was synced. Without
    /// one it is the torn tail of a crash, and whatever stands in it was never promised.
    fn behind_damage(&mut self, at: u64, floor: Lsn) -> Result<Option<Behind>> {
        const HEADER: u64 = Framing::Current.header_bytes() as u64;
        let mut named = Vec::new();
        let mut first: Option<(u64, RecordHeader)> = None;
        let mut floor_now = floor;
        let mut position = self.behind_zeros(at)?;
        while position + HEADER <= self.size {
            let Some(header) = self.header(Framing::Current, position, 0)? else {
                position = self.behind_zeros(position + 1)?;
                continue;
            };
            if header.lsn >= floor_now {
                if self.record(Framing::Current, position, floor_now)?.is_some() {
                    let (position, first) = *first.get_or_insert((position, header));
                    if header.synced >= floor {
                        return Ok(Some(Behind { position, first, named }));
                    }
                } else if first.is_none() && header.lsn < floor + self.size / HEADER {
                    named.push((header.volume, header.lsn));
                }
                floor_now = header.lsn + 1;
            }
            // A record of an earlier use of the file is stepped over whole.
            position += HEADER + u64::from(header.len);
        }
        Ok(None)
    }

    /// The next place that is worth a look: a header does not begin with this many zeros.
    fn behind_zeros(&mut self, mut at: u64) -> Result<u64> {
        const LOOK: usize = 4096;
        const ZEROS: usize = 16;
        loop {
            let len = LOOK.min(self.size.saturating_sub(at) as usize);
            let Some(bytes) = self.bytes(at, len)?.filter(|bytes| !bytes.is_empty()) else { return Ok(at) };
            match bytes.iter().position(|byte| *byte != 0) {
                Some(zeros) => return Ok(at + zeros.saturating_sub(ZEROS) as u64),
                None if len < LOOK => return Ok(self.size),
                None => at += (len - ZEROS) as u64,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::JournalConfig;
    use super::super::file::name_of;
    use super::super::recover::recover;
    use super::*;
    use crate::disk::MemoryDisk;

    /// A file that is named for one use, with the header of another.
    fn put(disk: &MemoryDisk, named: u64, header: FileHeader) {
        let file = disk.create(&PathBuf::from("/journal").join(name_of(named))).unwrap();
        file.write_all_at(&header.encode(), 0).unwrap();
        file.write_all_at(&[0; 4096], HEADER_BYTES as u64).unwrap();
    }

    #[test]
    fn a_file_whose_new_name_was_lost_is_a_spare() {
        let disk = MemoryDisk::new();
        disk.create_dir_all(&PathBuf::from("/journal")).unwrap();
        let header = |sequence, previous_lsn| FileHeader {
            sequence,
            first_lsn: previous_lsn + 1,
            previous_lsn,
            is_rebuilt: false,
            framing: Framing::Current,
        };
        put(&disk, 1, header(1, 0));
        put(&disk, 2, header(4, 23));
        put(&disk, 3, header(3, 0));
        let found = recover(&disk, &JournalConfig::new("/journal".into())).unwrap();
        assert_eq!(found.gaps, []);
        assert_eq!(found.files.len(), 2);
        assert_eq!(found.spares, [PathBuf::from("/journal").join(name_of(2))]);
        assert_eq!((found.next_sequence, found.last_lsn), (4, 0));
    }
}
