//! The secret of file handles, and which store a data directory belongs to.
//!
//! A volume without a marker in the store counts as deleted, and the journal forgets it. So a node that is started on
//! the wrong bucket must not get that far: the directory remembers the store by a digest of its handle key, which every
//! store has one of.
//!
//! In a crash: the key is in the store before the directory remembers it. A directory without memory takes the store
//! that it is started with.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::Random;
use object_store::path::Path as ObjectPath;

use crate::disk::{Disk, blocking};
use crate::error::{Error, Result};
use crate::store::Store;

const FILE: &str = "store-id";
const MAGIC: [u8; 8] = *b"HFstid\0\x01";
const ID_BYTES: usize = 16;
const LEN: usize = MAGIC.len() + ID_BYTES;
/// Keeps the digest apart from every other use of the key.
const CONTEXT: &str = "holdfast store id 1";

/// The secret of file handles: read from the store, or drawn and put there once. It lies in the store, so that
/// handles outlive nodes.
///
/// # Errors
/// [`Error::Invalid`] if `dir` was used with another store; [`Error::Unavailable`], [`Error::Io`].
pub(crate) async fn handle_key(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    store: &Store,
    random: &dyn Random,
) -> Result<[u8; 32]> {
    let remembered = {
        let (owned, path) = (disk.clone(), dir.join(FILE));
        blocking(disk.as_ref(), move || read(owned.as_ref(), &path)).await?
    };
    let path = ObjectPath::from("node/handle-key");
    let found = store.read_whole(&path).await?.map(|bytes| key_of(&bytes)).transpose()?;
    match (remembered, found) {
        (Some(id), Some(key)) if id == id_of(&key) => return Ok(key),
        (Some(_), _) => {
            return Err(Error::Invalid(
                "the data directory was used with another object store; start it with that one, or with a new directory",
            ));
        }
        (None, _) => {}
    }
    let key = match found {
        Some(key) => key,
        None => draw(store, &path, random).await?,
    };
    let (owned, dir) = (disk.clone(), dir.to_owned());
    blocking(disk.as_ref(), move || write(owned.as_ref(), &dir, id_of(&key))).await?;
    Ok(key)
}

fn id_of(key: &[u8; 32]) -> [u8; ID_BYTES] {
    let mut id = [0; ID_BYTES];
    id.copy_from_slice(&blake3::derive_key(CONTEXT, key)[..ID_BYTES]);
    id
}

/// The store that the directory remembers. A damaged file remembers none.
fn read(disk: &dyn Disk, path: &Path) -> Result<Option<[u8; ID_BYTES]>> {
    let file = match disk.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if file.size_bytes()? != LEN as u64 {
        return Ok(None);
    }
    let mut bytes = [0; LEN];
    file.read_exact_at(&mut bytes, 0)?;
    let (magic, id) = bytes.split_at(MAGIC.len());
    let id = id.try_into().ok();
    Ok(id.filter(|_| magic == MAGIC))
}

fn write(disk: &dyn Disk, dir: &Path, id: [u8; ID_BYTES]) -> Result<()> {
    let fresh = dir.join("store-id.new");
    disk.create_dir_all(dir)?;
    disk.remove(&fresh)?;
    let file = disk.create(&fresh)?;
    file.write_all_at(&[&MAGIC[..], &id[..]].concat(), 0)?;
    file.sync_data()?;
    disk.rename(&fresh, &dir.join(FILE))?;
    Ok(disk.sync_dir(dir)?)
}

/// Draws the secret and puts it into the store, once.
async fn draw(store: &Store, path: &ObjectPath, random: &dyn Random) -> Result<[u8; 32]> {
    let mut key = [0; 32];
    random.fill(&mut key);
    if store.create(path, Bytes::copy_from_slice(&key)).await? {
        return Ok(key);
    }
    // Another node was first: what is there counts.
    let found = store.read_whole(path).await?;
    key_of(&found.ok_or_else(|| Error::corrupt("the handle key vanished from the store"))?)
}

fn key_of(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| Error::corrupt("the handle key in the store has a wrong length"))
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;

    use super::*;
    use crate::disk::MemoryDisk;

    #[test]
    fn the_file_is_as_it_always_was() {
        let disk = MemoryDisk::new();
        write(&disk, Path::new("/node"), id_of(&[7; 32])).unwrap();
        let bytes = disk.open(Path::new("/node/store-id")).unwrap().read_vec_at(LEN, 0).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "4846737469640001e0d040b9bc8d2ce2a28079789662f4b2");
        assert_eq!(read(&disk, Path::new("/node/store-id")).unwrap(), Some(id_of(&[7; 32])));
    }

    #[tokio::test]
    async fn a_directory_stays_with_its_store() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
        let (store, other, random) = (Store::memory(), Store::memory(), SeededRandom::new(1));
        let dir = Path::new("/node");
        let key = handle_key(&disk, dir, &store, &random).await.unwrap();
        assert_eq!(handle_key(&disk, dir, &store, &random).await.unwrap(), key);
        let refused = handle_key(&disk, dir, &other, &random).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid(_)), "{refused}");
        assert!(other.read_whole(&ObjectPath::from("node/handle-key")).await.unwrap().is_none());
        let fresh: Arc<dyn Disk> = Arc::new(MemoryDisk::new());
        assert_eq!(handle_key(&fresh, dir, &store, &random).await.unwrap(), key, "a node that is rebuilt");
    }
}
