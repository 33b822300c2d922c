//! The operating system's file system.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use rustix::io::{Errno, ReadWriteFlags};

use super::{Disk, DiskFile};

/// Most pieces in one vectored write (Linux's UIO_MAXIOV).
const IOV_MAX: usize = 1024;

/// The disk of this machine.
#[derive(Debug, Default, Clone, Copy)]
pub struct RealDisk;

impl DiskFile for File {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, buffer, offset)
    }

    fn read_vec_at(&self, len: usize, offset: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(len);
        while bytes.len() < len {
            let at = offset + bytes.len() as u64;
            match rustix::io::pread(self, rustix::buffer::spare_capacity(&mut bytes), at) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // The allocator may have given more room than was asked for.
        bytes.truncate(len);
        Ok(bytes)
    }

    fn read_cached_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<bool> {
        let wanted = buffer.len();
        let mut into = [IoSliceMut::new(buffer)];
        match rustix::io::preadv2(self, &mut into, offset, ReadWriteFlags::NOWAIT) {
            Ok(count) => Ok(count == wanted),
            Err(Errno::AGAIN | Errno::OPNOTSUPP | Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn write_all_vectored_at(&self, pieces: &[IoSlice<'_>], offset: u64) -> io::Result<()> {
        let (mut at, mut next) = (offset, 0);
        // The kernel may take less than it is given; what is left of a piece goes the plain way.
        while next < pieces.len() {
            let batch = &pieces[next..pieces.len().min(next + IOV_MAX)];
            let mut taken = rustix::io::pwritev(self, batch, at)?;
            at += taken as u64;
            while next < pieces.len() && taken >= pieces[next].len() {
                taken -= pieces[next].len();
                next += 1;
            }
            if taken > 0 {
                let rest = &pieces[next][taken..];
                FileExt::write_all_at(self, rest, at)?;
                at += rest.len() as u64;
                next += 1;
            }
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn size_bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

impl Disk for RealDisk {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        // Files below are durable only if the names on the way to them are.
        let missing: Vec<_> = path.ancestors().take_while(|dir| !dir.exists()).collect();
        fs::create_dir_all(path)?;
        for parent in missing.iter().filter_map(|dir| dir.parent()) {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            self.sync_dir(parent)?;
        }
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(OpenOptions::new().read(true).write(true).create_new(true).open(path)?))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(OpenOptions::new().read(true).write(true).open(path)?))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is not UTF-8 is none of ours.
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_directories_and_vectored_files_read_back() {
        let top = std::env::temp_dir().join(format!("holdfast-disk-{}", std::process::id()));
        let deep = top.join("a/b");
        RealDisk.create_dir_all(&deep).unwrap();
        RealDisk.create_dir_all(&deep).unwrap();
        let file = RealDisk.create(&deep.join("f")).unwrap();
        let pieces = vec![[7u8; 3]; IOV_MAX + 5];
        let slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        file.write_all_vectored_at(&slices, 2).unwrap();
        let len = 3 * pieces.len();
        assert_eq!(file.size_bytes().unwrap(), 2 + len as u64);
        assert_eq!(file.read_vec_at(len, 2).unwrap(), vec![7; len]);
        let mut cached = vec![0; len];
        assert!(file.read_cached_at(&mut cached, 2).unwrap(), "just written");
        assert_eq!(cached, vec![7; len]);
        assert!(!file.read_cached_at(&mut cached, 3).unwrap(), "one byte is past the end");
        let past = file.read_vec_at(len + 1, 2).unwrap_err();
        assert_eq!(past.kind(), ErrorKind::UnexpectedEof);
        assert_eq!(RealDisk.list(&deep).unwrap(), ["f"]);
        fs::remove_dir_all(&top).unwrap();
    }
}
