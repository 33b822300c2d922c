//! The volume's own row: what it is, how full, and up to which journal record the index goes.

use holdfast_base::{Compression, Durability, VolumeSettings};

use super::codec::{Put, Take};
use crate::error::{Error, Result};
use crate::types::Ino;

const VERSION: u8 = 2;
/// Before there were settings.
const VERSION_WITHOUT_SETTINGS: u8 = 1;

/// Exact use of a volume. Carried by every record that changes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub used_bytes: u64,
    pub used_inodes: u64,
    /// The next inode number. Only ever grows.
    pub next_ino: Ino,
    pub limit_bytes: u64,
    pub limit_inodes: u64,
}

impl Counters {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.used_bytes, self.used_inodes, self.next_ino, self.limit_bytes, self.limit_inodes]
        {
            out.put_varint(number);
        }
    }

    pub(crate) fn decode(take: &mut Take) -> Result<Self> {
        Ok(Self {
            used_bytes: take.varint()?,
            used_inodes: take.varint()?,
            next_ino: take.varint()?,
            limit_bytes: take.varint()?,
            limit_inodes: take.varint()?,
        })
    }
}

/// Writes settings, one byte each.
pub(crate) fn encode_settings(settings: VolumeSettings, out: &mut Vec<u8>) {
    out.put_u8(settings.durability as u8);
    out.put_u8(settings.compression as u8);
}

/// Reads what [`encode_settings`] wrote.
pub(crate) fn decode_settings(take: &mut Take) -> Result<VolumeSettings> {
    let unknown = || Error::corrupt("a setting of an unknown kind");
    Ok(VolumeSettings {
        durability: Durability::from_number(take.u8()?).ok_or_else(unknown)?,
        compression: Compression::from_number(take.u8()?).ok_or_else(unknown)?,
    })
}

/// The row under [`super::keys::META`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    /// The last journal record that the index includes.
    pub applied_lsn: u64,
    pub counters: Counters,
    pub settings: VolumeSettings,
    /// Keys the hashes of names.
    pub hash_key: [u8; 32],
}

impl Meta {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.put_varint(self.applied_lsn);
        self.counters.encode(&mut out);
        encode_settings(self.settings, &mut out);
        out.extend_from_slice(&self.hash_key);
        out
    }

    pub(crate) fn decode(mut take: Take) -> Result<Self> {
        let version = take.u8()?;
        if version != VERSION && version != VERSION_WITHOUT_SETTINGS {
            return Err(Error::corrupt("a volume of an unknown version"));
        }
        let (applied_lsn, counters) = (take.varint()?, Counters::decode(&mut take)?);
        let settings = match version {
            VERSION_WITHOUT_SETTINGS => VolumeSettings::default(),
            _ => decode_settings(&mut take)?,
        };
        let mut hash_key = [0; 32];
        for byte in &mut hash_key {
            *byte = take.u8()?;
        }
        take.finish()?;
        Ok(Self { applied_lsn, counters, settings, hash_key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read() {
        let counters = Counters { used_bytes: 300, used_inodes: 2, next_ino: 9, ..Counters::default() };
        let settings = VolumeSettings { durability: Durability::Object, compression: Compression::Zstd };
        let meta = Meta { applied_lsn: 700, counters, settings, hash_key: [5; 32] };
        assert_eq!(Meta::decode(Take::new(meta.encode().into())).unwrap(), meta);

        let mut old = vec![VERSION_WITHOUT_SETTINGS];
        old.put_varint(meta.applied_lsn);
        counters.encode(&mut old);
        old.extend_from_slice(&meta.hash_key);
        let read = Meta::decode(Take::new(old.into())).unwrap();
        assert_eq!(read, Meta { settings: VolumeSettings::default(), ..meta });
    }

    #[test]
    fn unknown_settings_are_refused() {
        for bytes in [[3, 0], [0, 3]] {
            assert!(decode_settings(&mut Take::new(bytes.to_vec().into())).is_err());
        }
    }
}
