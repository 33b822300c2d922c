//! Encryption at rest: one data key for each volume, wrapped by a master key that the node is given.
//!
//! A volume made while the node has a master key gets a random data key of its own. Its segments, its journal records
//! and the blocks of its index are sealed with keys derived from it; the data key itself lies in the volume's key
//! ring in the store, wrapped. Deleting the ring makes everything else unreadable, wherever copies of it are.
//!
//! Keys of a ring are opened when the volume opens and wiped when it closes. With a wrong master key the volume
//! answers [`crate::Error::Locked`]; nothing else is touched. A volume without a ring is not encrypted.
//!
//! Knows nothing of where master keys come from: [`KeyWrapper`] is the door for a key-management service.

mod blocks;
mod master;
mod ring;

pub(crate) use blocks::SealedBlocks;
pub use master::{DataKey, KeyWrapper, MasterKey, MasterKeyError};
pub(crate) use ring::{KeyRing, VolumeKey, create, destroy, load};
