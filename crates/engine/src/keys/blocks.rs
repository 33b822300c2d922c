//! Seals the blocks of an index: rows, block index, filter and statistics of every table.
//!
//! A block does not know where it will lie, so each carries a random nonce, and what binds it is the volume's key.
//! The tables' own headers, and the manifest, name the first and last key of a table as they are: kind of row, inode
//! number, keyed hash of a name; never a name or data.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use holdfast_base::Random;
use slatedb::BlockTransformer;

use super::KeyRing;
use crate::aead::{NONCE_BYTES, TAG_BYTES};

/// The form of a sealed block: version, number of the key, nonce, then the sealed bytes.
const VERSION: u8 = 1;
const HEAD_BYTES: usize = 5 + NONCE_BYTES;

/// See the module.
pub(crate) struct SealedBlocks {
    keys: Arc<KeyRing>,
    random: Arc<dyn Random>,
}

impl SealedBlocks {
    pub(crate) fn new(keys: Arc<KeyRing>, random: Arc<dyn Random>) -> Self {
        Self { keys, random }
    }
}

#[async_trait]
impl BlockTransformer for SealedBlocks {
    async fn encode(&self, data: Bytes) -> Result<Bytes, slatedb::Error> {
        let key = self.keys.own();
        let mut block = Vec::with_capacity(HEAD_BYTES + data.len() + TAG_BYTES);
        block.push(VERSION);
        block.extend_from_slice(&key.id.to_be_bytes());
        let mut nonce = [0; NONCE_BYTES];
        self.random.fill(&mut nonce);
        let context: [u8; 5] = [block[0], block[1], block[2], block[3], block[4]];
        block.extend_from_slice(&nonce);
        block.extend_from_slice(&data);
        key.blocks
            .seal(nonce, &context, &mut block, HEAD_BYTES)
            .map_err(|error| slatedb::Error::internal(error.to_string()))?;
        Ok(block.into())
    }

    async fn decode(&self, block: Bytes) -> Result<Bytes, slatedb::Error> {
        let damaged = || slatedb::Error::data("a block of the index cannot be decrypted".to_owned());
        let (head, sealed) = block.split_at_checked(HEAD_BYTES).ok_or_else(damaged)?;
        let id = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&head[5..]);
        let key = self.keys.find(id).filter(|_| head[0] == VERSION).ok_or_else(damaged)?;
        let plain = key.blocks.open(nonce, &head[..5], sealed).ok_or_else(damaged)?;
        Ok(plain.into())
    }

    fn encoded_overhead(&self) -> usize {
        HEAD_BYTES + TAG_BYTES
    }
}

#[cfg(test)]
mod tests {
    use holdfast_base::{SeededRandom, VolumeId};

    use super::*;
    use crate::keys::{DataKey, VolumeKey};

    fn blocks(seed: u64) -> Arc<dyn BlockTransformer> {
        let random = Arc::new(SeededRandom::new(seed));
        let key = VolumeKey::new(9, VolumeId::generate(&*random), &DataKey::generate(&*random));
        Arc::new(SealedBlocks::new(KeyRing::new(key, Vec::new()), random))
    }

    #[tokio::test]
    async fn a_block_opens_with_its_own_key_and_undamaged_only() {
        let (own, other) = (blocks(1), blocks(2));
        let plain = Bytes::from_static(b"rows of an index");
        let block = own.encode(plain.clone()).await.unwrap();
        assert_eq!(block.len(), plain.len() + own.encoded_overhead());
        assert_ne!(own.encode(plain.clone()).await.unwrap(), block, "equal blocks look different");
        assert_eq!(own.decode(block.clone()).await.unwrap(), plain);
        assert!(other.decode(block.clone()).await.is_err());
        for index in 0..block.len() {
            let mut damaged = block.to_vec();
            damaged[index] ^= 1;
            assert!(own.decode(damaged.into()).await.is_err());
            assert!(own.decode(block.slice(..index)).await.is_err());
        }
    }
}
