//! The opened key ring of a volume, and its object in the store.
//!
//! The ring's object is written before anything that its keys seal, and deleted before anything else of the volume.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_base::limits::KEY_RING_MAX_KEYS;
use holdfast_base::{Random, VolumeId};
use object_store::path::Path;

use super::{DataKey, KeyWrapper};
use crate::aead::Aead;
use crate::error::{Error, Result};
use crate::format::keyring::{KeyId, WrappedKey, WrappedRing};
use crate::store::Store;

/// A data key, as the keys that are derived from it.
pub(crate) struct VolumeKey {
    pub id: KeyId,
    owner: VolumeId,
    /// Seals frames of segments.
    pub frames: Aead,
    /// Seals journal records.
    pub records: Aead,
    /// Seals blocks of the index.
    pub blocks: Aead,
}

impl VolumeKey {
    pub(crate) fn new(id: KeyId, owner: VolumeId, key: &DataKey) -> Self {
        let secret = key.bytes();
        Self {
            id,
            owner,
            frames: Aead::derive("holdfast 2026-11 frames of segments", secret),
            records: Aead::derive("holdfast 2026-11 records of the journal", secret),
            blocks: Aead::derive("holdfast 2026-11 blocks of the index", secret),
        }
    }
}

/// The keys of an open volume: its own first, then those it inherited.
pub(crate) struct KeyRing {
    own: VolumeKey,
    inherited: Vec<VolumeKey>,
}

impl KeyRing {
    pub(crate) fn new(own: VolumeKey, inherited: Vec<VolumeKey>) -> Arc<Self> {
        Arc::new(Self { own, inherited })
    }

    /// The key that seals what is new.
    pub(crate) fn own(&self) -> &VolumeKey {
        &self.own
    }

    /// The key with this number.
    pub(crate) fn find(&self, id: KeyId) -> Option<&VolumeKey> {
        std::iter::once(&self.own).chain(&self.inherited).find(|key| key.id == id)
    }

    /// The key that a frame of a segment of `owner` names.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a key that is not the owner's: a frame that is not sealed has no place in an encrypted
    /// volume either, or whoever can write to the bucket could put his own there.
    pub(crate) fn for_frame(&self, owner: VolumeId, id: Option<KeyId>) -> Result<&VolumeKey> {
        let key = id.and_then(|id| self.find(id)).filter(|key| key.owner == owner);
        key.ok_or_else(|| {
            Error::corrupt(format!("a frame of {owner} is sealed with a foreign key or with none"))
        })
    }
}

/// Where a volume's ring lies.
fn path(volume: VolumeId) -> Path {
    Path::from(format!("volumes/{}/keys", volume.0))
}

/// Makes the ring of a new volume, with a new key and copies of the keys that `parent` has, if it has a parent.
///
/// # Errors
/// Those of [`load`] for the parent; [`Error::Invalid`] if it has as many ancestors as a ring has room for; [`Error::Unavailable`] if the store or the wrapper does not answer.
pub(crate) async fn create(
    store: &Store,
    wrapper: &dyn KeyWrapper,
    random: &dyn Random,
    volume: VolumeId,
    parent: Option<VolumeId>,
) -> Result<()> {
    let inherited = match parent {
        Some(parent) => unwrap(store, Some(wrapper), parent).await?.unwrap_or_default(),
        None => Vec::new(),
    };
    if inherited.len() >= KEY_RING_MAX_KEYS {
        return Err(Error::Invalid("too many forks of forks; copy the files to a new filesystem"));
    }
    let id = std::iter::repeat_with(|| random.next_u64() as KeyId)
        .find(|id| *id != 0 && inherited.iter().all(|(other, ..)| other != id))
        .unwrap_or_default();
    let own = (id, volume, DataKey::generate(random));
    let mut keys = Vec::with_capacity(inherited.len() + 1);
    for (id, owner, key) in std::iter::once(own).chain(inherited) {
        let wrapped = wrapper.wrap(&key, &WrappedRing::context(volume, owner, id)).await?;
        keys.push(WrappedKey { id, owner, wrapped });
    }
    let ring = WrappedRing { volume, master: wrapper.check_value(), keys };
    store.put(&path(volume), vec![Bytes::from(ring.encode())]).await
}

/// Opens the ring of a volume; `None` if it has none and is not encrypted.
///
/// # Errors
/// [`Error::Locked`] without a master key or with another one than the ring was wrapped with; [`Error::Corrupt`] if
/// the ring is damaged; [`Error::Unavailable`] if the store or the wrapper does not answer.
pub(crate) async fn load(
    store: &Store,
    wrapper: Option<&dyn KeyWrapper>,
    volume: VolumeId,
) -> Result<Option<Arc<KeyRing>>> {
    let Some(keys) = unwrap(store, wrapper, volume).await? else { return Ok(None) };
    let mut keys = keys.iter().map(|(id, owner, key)| VolumeKey::new(*id, *owner, key));
    let own = keys.next().filter(|key| key.owner == volume);
    let own = own
        .ok_or_else(|| Error::corrupt(format!("the key ring of {volume} does not begin with its own key")))?;
    Ok(Some(KeyRing::new(own, keys.collect())))
}

/// Deletes the ring: nothing that it sealed can be read any more.
pub(crate) async fn destroy(store: &Store, volume: VolumeId) -> Result<()> {
    store.delete(&path(volume)).await
}

async fn unwrap(
    store: &Store,
    wrapper: Option<&dyn KeyWrapper>,
    volume: VolumeId,
) -> Result<Option<Vec<(KeyId, VolumeId, DataKey)>>> {
    let Some(bytes) = store.read_whole(&path(volume)).await? else { return Ok(None) };
    let ring = WrappedRing::decode(volume, &bytes)?;
    let locked = |what: &str| Error::Locked(format!("{volume} is encrypted, and {what}").into());
    let wrapper = wrapper.ok_or_else(|| locked("this server has no master key"))?;
    if wrapper.check_value() != ring.master {
        return Err(locked("this server's master key is not the one that wrapped its data key"));
    }
    let mut keys = Vec::with_capacity(ring.keys.len());
    for WrappedKey { id, owner, wrapped } in ring.keys {
        let key = wrapper.unwrap(&wrapped, &WrappedRing::context(volume, owner, id)).await?;
        keys.push((id, owner, key));
    }
    Ok(Some(keys))
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;

    use super::*;
    use crate::keys::MasterKey;

    #[tokio::test]
    async fn a_child_reads_what_its_parent_wrote_though_the_parent_is_gone() {
        let (store, random, master) = (Store::memory(), SeededRandom::new(6), MasterKey::new(&[7; 32]));
        let [old, middle, young] = std::array::from_fn(|_| VolumeId::generate(&random));
        for (volume, parent) in [(old, None), (middle, Some(old)), (young, Some(middle))] {
            create(&store, &master, &random, volume, parent).await.unwrap();
        }
        let keys_of = async |volume| load(&store, Some(&master), volume).await.unwrap().unwrap();
        let (first, last) = (keys_of(old).await, keys_of(young).await);
        destroy(&store, old).await.unwrap();
        destroy(&store, middle).await.unwrap();
        assert!(load(&store, Some(&master), old).await.unwrap().is_none());
        let mut sealed = b"inherited".to_vec();
        first.own().frames.seal([0; 12], b"", &mut sealed, 0).unwrap();
        let key = last.for_frame(old, Some(first.own().id)).unwrap();
        assert_eq!(key.frames.open([0; 12], b"", &sealed).unwrap(), b"inherited");
        assert!(last.for_frame(young, Some(first.own().id)).is_err());
        assert!(last.for_frame(old, None).is_err());
        assert_eq!(keys_of(young).await.own().id, last.own().id);
    }

    #[tokio::test]
    async fn a_wrong_master_key_is_told_from_damage() {
        let (store, random, master) = (Store::memory(), SeededRandom::new(7), MasterKey::new(&[7; 32]));
        let volume = VolumeId::generate(&random);
        assert!(load(&store, None, volume).await.unwrap().is_none());
        create(&store, &master, &random, volume, None).await.unwrap();
        assert!(matches!(load(&store, None, volume).await, Err(Error::Locked(_))));
        let other = MasterKey::new(&[8; 32]);
        assert!(matches!(load(&store, Some(&other), volume).await, Err(Error::Locked(_))));
        let bytes = store.read_whole(&path(volume)).await.unwrap().unwrap();
        let mut ring = WrappedRing::decode(volume, &bytes).unwrap();
        ring.keys[0].wrapped[3] ^= 1;
        store.put(&path(volume), vec![ring.encode().into()]).await.unwrap();
        assert!(matches!(load(&store, Some(&master), volume).await, Err(Error::Corrupt(_))));
        // A ring that was copied from another volume is not taken for its own.
        let second = VolumeId::generate(&random);
        store.put(&path(second), vec![bytes]).await.unwrap();
        assert!(matches!(load(&store, Some(&master), second).await, Err(Error::Corrupt(_))));
    }
}
