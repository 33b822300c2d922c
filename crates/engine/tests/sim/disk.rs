//! A disk that can lose power at any step, fill up, and fail.
//!
//! File content is kept twice: as programs see it, and as the platter has it. A sync copies the dirty pages; after
//! one that failed, those pages count as clean, as in a kernel, though the platter never got them. Names are a log
//! for each directory, of which a crash keeps a beginning. What a crash leaves of a dirty page is decided sector
//! by sector.

mod file;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast_engine::{Disk, DiskFile};
use parking_lot::Mutex;

use crate::dice::Dice;
use crate::power::{Power, describe};
use crate::weather::{Weather, disk_error};
pub use file::SimFile;

type Names = BTreeMap<PathBuf, Arc<Mutex<SimFile>>>;

/// A change of names that is not durable yet.
#[derive(Clone)]
enum Renaming {
    Made(PathBuf, Arc<Mutex<SimFile>>),
    Moved(PathBuf, PathBuf),
    Gone(PathBuf),
}

impl Renaming {
    fn dir(&self) -> Option<&Path> {
        match self {
            Self::Made(path, _) | Self::Moved(_, path) | Self::Gone(path) => path.parent(),
        }
    }

    fn apply(self, names: &mut Names) {
        match self {
            Self::Made(path, file) => drop(names.insert(path, file)),
            Self::Moved(from, to) => {
                if let Some(file) = names.remove(&from) {
                    names.insert(to, file);
                }
            }
            Self::Gone(path) => drop(names.remove(&path)),
        }
    }
}

#[derive(Default)]
struct Platter {
    live: Names,
    durable: Names,
    log: Vec<Renaming>,
}

/// The disk in one life of the machine. Clones share it.
#[derive(Clone)]
pub struct SimDisk {
    platter: Arc<Mutex<Platter>>,
    power: Power,
    weather: Weather,
}

impl SimDisk {
    /// An empty disk.
    pub fn new(power: Power, weather: Weather) -> Self {
        Self { platter: Arc::default(), power, weather }
    }

    /// The same disk in the next life.
    pub fn moved_to(self, power: Power, weather: Weather) -> Self {
        Self { power, weather, ..self }
    }

    /// Leaves what is on the platter after a loss of power.
    pub fn after_crash(self, dice: &Dice) -> Self {
        let mut platter = self.platter.lock();
        let log = std::mem::take(&mut platter.log);
        let mut names = platter.durable.clone();
        let mut ended: BTreeMap<PathBuf, bool> = BTreeMap::new();
        for change in log {
            let dir = change.dir().map(Path::to_owned).unwrap_or_default();
            let ended = ended.entry(dir).or_insert(false);
            *ended = *ended || dice.chance(1, 2);
            if !*ended {
                change.apply(&mut names);
            }
        }
        for file in names.values() {
            file.lock().lose_power(dice);
        }
        let after = Platter { live: names.clone(), durable: names, log: Vec::new() };
        Self {
            platter: Arc::new(Mutex::new(after)),
            power: self.power.clone(),
            weather: self.weather.clone(),
        }
    }

    fn step(&self, kind: &str, path: &Path) -> io::Result<()> {
        self.power.disk_step(describe(kind, &path.to_string_lossy(), 0))
    }

    fn handle(&self, path: &Path, file: Arc<Mutex<SimFile>>) -> Arc<dyn DiskFile> {
        Arc::new(Handle { name: path.to_string_lossy().into_owned(), file, disk: self.clone() })
    }

    fn change(&self, renaming: Renaming) {
        let mut platter = self.platter.lock();
        renaming.clone().apply(&mut platter.live);
        platter.log.push(renaming);
    }

    fn used_bytes(&self) -> u64 {
        self.platter.lock().live.values().map(|file| file.lock().len()).sum()
    }
}

impl Disk for SimDisk {
    fn never_blocks(&self) -> bool {
        true
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.step("mkdir", path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.step("create", path)?;
        if self.platter.lock().live.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let file = Arc::new(Mutex::new(SimFile::default()));
        self.change(Renaming::Made(path.to_owned(), file.clone()));
        Ok(self.handle(path, file))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.step("open", path)?;
        let file = self.platter.lock().live.get(path).cloned();
        Ok(self.handle(path, file.ok_or(ErrorKind::NotFound)?))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.step("list", dir)?;
        let platter = self.platter.lock();
        let mut names: Vec<String> = platter
            .live
            .keys()
            .filter_map(|path| path.strip_prefix(dir).ok()?.components().next())
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect();
        names.dedup();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename", to)?;
        if !self.platter.lock().live.contains_key(from) {
            return Err(ErrorKind::NotFound.into());
        }
        self.change(Renaming::Moved(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("link", to)?;
        let (file, taken) = {
            let platter = self.platter.lock();
            (platter.live.get(from).cloned(), platter.live.contains_key(to))
        };
        let file = file.ok_or(ErrorKind::NotFound)?;
        if taken {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.change(Renaming::Made(to.to_owned(), file));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step("remove", path)?;
        if self.platter.lock().live.contains_key(path) {
            self.change(Renaming::Gone(path.to_owned()));
        }
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step("sync-dir", path)?;
        if self.weather.sync_fails() {
            return Err(disk_error());
        }
        let mut platter = self.platter.lock();
        let (synced, rest): (Vec<_>, Vec<_>) =
            platter.log.drain(..).partition(|change| change.dir() == Some(path));
        platter.log = rest;
        for change in synced {
            change.apply(&mut platter.durable);
        }
        Ok(())
    }
}

/// An open file.
struct Handle {
    name: String,
    file: Arc<Mutex<SimFile>>,
    disk: SimDisk,
}

impl Handle {
    fn step(&self, kind: &str, amount: u64) -> io::Result<()> {
        self.disk.power.disk_step(describe(kind, &self.name, amount))
    }
}

impl DiskFile for Handle {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.step("read", buffer.len() as u64)?;
        self.file.lock().read(buffer, offset as usize)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.step("write", bytes.len() as u64)?;
        let grows = (offset + bytes.len() as u64).saturating_sub(self.file.lock().len());
        if grows > 0 && self.disk.weather.is_full(self.disk.used_bytes(), grows) {
            return Err(ErrorKind::StorageFull.into());
        }
        if self.disk.weather.write_fails() {
            // A part of it may have come through.
            self.file.lock().write(&bytes[..bytes.len() / 2], offset as usize);
            return Err(disk_error());
        }
        self.file.lock().write(bytes, offset as usize);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.step("sync", 0)?;
        if self.disk.weather.sync_fails() {
            self.file.lock().fail_sync();
            return Err(disk_error());
        }
        self.file.lock().sync();
        Ok(())
    }

    fn size_bytes(&self) -> io::Result<u64> {
        self.step("size", 0)?;
        Ok(self.file.lock().len())
    }
}
