//! The lock log: a file on the node's own disk that says what is held (docs/FORMAT.md, "Lock log").
//!
//! Changes are appended and synced before anybody learns of them; when the file has grown well past what it says, it
//! is written anew and put in the place of the old one by a rename. In a crash the records whose sync had not
//! returned may be there, in part or whole; none of them had been answered.
//!
//! A file that ends inside a record was cut while it was written, and nothing is missing. A record that is there and
//! does not check may have been an acknowledged one: what comes from it on is lost, and the caller is told so.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use holdfast_base::limits::LOCK_RECORD_MAX_BYTES;
use holdfast_engine::{Disk, DiskFile};

use super::change::Change;
use super::record;

const FILE: &str = "locks";
const FRESH: &str = "locks.new";
const MAGIC: [u8; 8] = *b"HFlock\0\x01";
const HEADER_BYTES: usize = 16;
const RECORD_HEADER_BYTES: usize = 8;

/// What a log said when it was opened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The NSM state under which it was written; `None` if there was no log.
    pub state: Option<u32>,
    /// What happened, in order.
    pub changes: Vec<Change>,
    /// Nothing that was acknowledged is missing.
    pub whole: bool,
}

/// The log, open for appending.
pub(crate) struct Log {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    file: Arc<dyn DiskFile>,
    len_bytes: u64,
}

impl Log {
    /// Reads the log in a directory. Blocks.
    pub fn read(disk: &dyn Disk, dir: &Path) -> io::Result<Kept> {
        let file = match disk.open(&dir.join(FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Kept { state: None, changes: Vec::new(), whole: true });
            }
            Err(error) => return Err(error),
        };
        let bytes = file.read_vec_at(usize::try_from(file.size_bytes()?).unwrap_or(usize::MAX), 0)?;
        Ok(parse(bytes.into()))
    }

    /// Begins a log that says this and nothing else, in the place of the one that may be there. Blocks.
    pub fn begin(disk: Arc<dyn Disk>, dir: &Path, state: u32, changes: &[u8]) -> io::Result<Self> {
        disk.create_dir_all(dir)?;
        let fresh = dir.join(FRESH);
        disk.remove(&fresh)?;
        let file = disk.create(&fresh)?;
        let bytes = [&header(state), changes].concat();
        file.write_all_at(&bytes, 0)?;
        file.sync_data()?;
        disk.rename(&fresh, &dir.join(FILE))?;
        disk.sync_dir(dir)?;
        Ok(Self { disk, dir: dir.to_owned(), file, len_bytes: bytes.len() as u64 })
    }

    /// Appends records, durably. Blocks. After an error the log's end is unknown: it must not be appended to.
    pub fn append(&mut self, records: &[u8]) -> io::Result<()> {
        self.file.write_all_at(records, self.len_bytes)?;
        self.file.sync_data()?;
        self.len_bytes += records.len() as u64;
        Ok(())
    }

    /// Replaces everything that was said. Blocks.
    pub fn replace(&mut self, state: u32, changes: &[u8]) -> io::Result<()> {
        *self = Self::begin(self.disk.clone(), &self.dir, state, changes)?;
        Ok(())
    }

    /// Its length, bytes.
    pub fn len_bytes(&self) -> u64 {
        self.len_bytes
    }
}

/// Appends the records of changes to a buffer.
pub(crate) fn write(changes: &[Change], out: &mut Vec<u8>) {
    for change in changes {
        let body = record::encode(change);
        let length = (body.len() as u32).to_be_bytes();
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&length), &body);
        out.extend_from_slice(&length);
        out.extend_from_slice(&checksum.to_be_bytes());
        out.extend_from_slice(&body);
    }
}

fn header(state: u32) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&state.to_be_bytes());
    let checksum = crc32c::crc32c(&header[..12]);
    header[12..].copy_from_slice(&checksum.to_be_bytes());
    header
}

fn parse(mut bytes: Bytes) -> Kept {
    let lost = |state| Kept { state, changes: Vec::new(), whole: false };
    // The file got its name when it was whole: a header that does not check was damaged.
    let Some(found) = bytes.first_chunk::<HEADER_BYTES>() else { return lost(None) };
    let state = u32::from_be_bytes([found[8], found[9], found[10], found[11]]);
    if *found != header(state) {
        return lost(None);
    }
    bytes.advance(HEADER_BYTES);
    let mut kept = Kept { state: Some(state), changes: Vec::new(), whole: true };
    while !bytes.is_empty() {
        match next(&mut bytes) {
            Next::Change(change) => kept.changes.push(change),
            Next::Cut => break,
            Next::Damaged => {
                kept.whole = false;
                break;
            }
        }
    }
    kept
}

enum Next {
    Change(Change),
    /// The file ends inside the record.
    Cut,
    Damaged,
}

fn next(bytes: &mut Bytes) -> Next {
    let Some(&[a, b, c, d, e, f, g, h]) = bytes.first_chunk::<RECORD_HEADER_BYTES>() else {
        return Next::Cut;
    };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if length > LOCK_RECORD_MAX_BYTES {
        return Next::Damaged;
    }
    if bytes.len() < RECORD_HEADER_BYTES + length {
        return Next::Cut;
    }
    let body = bytes.slice(RECORD_HEADER_BYTES..RECORD_HEADER_BYTES + length);
    if crc32c::crc32c_append(crc32c::crc32c(&[a, b, c, d]), &body) != u32::from_be_bytes([e, f, g, h]) {
        return Next::Damaged;
    }
    let Ok(change) = record::decode(body) else { return Next::Damaged };
    bytes.advance(RECORD_HEADER_BYTES + length);
    Next::Change(change)
}
