//! A disk in memory that can lose power.
//!
//! Each file keeps what was written and what was synced. A crash keeps the synced content and, page by page as
//! the given randomness decides, some of what was written since: that is what a page cache does. Names are
//! durable once made; losing them is left to the engine's own order of syncs, which `sync_dir` only counts.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast_base::Random;
use parking_lot::Mutex;

use super::{Disk, DiskFile};

const PAGE: usize = 4096;

#[derive(Debug, Default)]
struct Content {
    live: Vec<u8>,
    synced: Vec<u8>,
}

#[derive(Debug, Default)]
struct MemoryFile(Mutex<Content>);

/// A disk in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryDisk {
    files: Arc<Mutex<BTreeMap<PathBuf, Arc<MemoryFile>>>>,
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// The end of a process: a new disk with everything that was written. The old process goes on with the old one.
    pub fn kill(&self) -> Self {
        let copy = |file: &Arc<MemoryFile>| {
            let Content { live, synced } = &*file.0.lock();
            Arc::new(MemoryFile(Mutex::new(Content { live: live.clone(), synced: synced.clone() })))
        };
        let files = self.files.lock();
        let files = files.iter().map(|(path, file)| (path.clone(), copy(file))).collect();
        Self { files: Arc::new(Mutex::new(files)) }
    }

    /// Power loss: a new disk with what was synced, and a random part of the pages that were not. Files opened
    /// from the old disk go on writing to the old one, like a process that does not know it is dead.
    pub fn crash(&self, random: &dyn Random) -> Self {
        let files = self.files.lock();
        let survivors = files.iter().map(|(path, file)| {
            let content = file.0.lock();
            let mut kept = content.synced.clone();
            for (index, page) in content.live.chunks(PAGE).enumerate() {
                let start = index * PAGE;
                let same = content.synced.get(start..start + page.len()) == Some(page);
                if !same && random.next_u64().is_multiple_of(2) {
                    if kept.len() < start + page.len() {
                        kept.resize(start + page.len(), 0);
                    }
                    // A torn page: only its beginning made it.
                    let torn =
                        random.next_u64().is_multiple_of(8).then(|| random.next_u64() as usize % page.len());
                    let end = torn.unwrap_or(page.len());
                    kept[start..start + end].copy_from_slice(&page[..end]);
                }
            }
            (path.clone(), Arc::new(MemoryFile(Mutex::new(Content { live: kept.clone(), synced: kept }))))
        });
        Self { files: Arc::new(Mutex::new(survivors.collect())) }
    }
}

impl DiskFile for MemoryFile {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let content = self.0.lock();
        let start = offset as usize;
        let from = content.live.get(start..start + buffer.len()).ok_or(ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(from);
        Ok(())
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut content = self.0.lock();
        let end = offset as usize + bytes.len();
        if content.live.len() < end {
            content.live.resize(end, 0);
        }
        content.live[offset as usize..end].copy_from_slice(bytes);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut content = self.0.lock();
        content.synced = content.live.clone();
        Ok(())
    }

    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.0.lock().live.len() as u64)
    }
}

impl Disk for MemoryDisk {
    fn never_blocks(&self) -> bool {
        true
    }

    fn create_dir_all(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut files = self.files.lock();
        if files.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let file = Arc::new(MemoryFile::default());
        files.insert(path.to_owned(), file.clone());
        Ok(file)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.files.lock().get(path).cloned().ok_or(ErrorKind::NotFound)?)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let files = self.files.lock();
        let inside = files.keys().filter_map(|path| path.strip_prefix(dir).ok());
        let mut names: Vec<String> = inside
            .filter_map(|rest| rest.components().next())
            .filter_map(|name| name.as_os_str().to_str().map(str::to_owned))
            .collect();
        names.dedup();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.files.lock();
        let file = files.remove(from).ok_or(ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.files.lock();
        if files.contains_key(to) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let file = files.get(from).cloned().ok_or(ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.files.lock().remove(path);
        Ok(())
    }

    fn sync_dir(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}
