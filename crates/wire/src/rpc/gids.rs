//! The supplementary groups of AUTH_SYS: at most 16, held inline so that a credential needs no heap.

use crate::limits::AUTH_SYS_GIDS_MAX;
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

/// Up to [`AUTH_SYS_GIDS_MAX`] group ids, in wire order.
#[derive(Clone, Copy, Default)]
pub struct Gids {
    count: u8,
    ids: [u32; AUTH_SYS_GIDS_MAX],
}

impl Gids {
    /// The first [`AUTH_SYS_GIDS_MAX`] of `ids`; clients do the same with longer lists.
    pub fn new(ids: &[u32]) -> Self {
        let count = ids.len().min(AUTH_SYS_GIDS_MAX);
        let mut gids = Self { count: count as u8, ids: [0; AUTH_SYS_GIDS_MAX] };
        gids.ids[..count].copy_from_slice(&ids[..count]);
        gids
    }

    /// The ids.
    pub fn as_slice(&self) -> &[u32] {
        &self.ids[..usize::from(self.count)]
    }
}

impl std::ops::Deref for Gids {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        self.as_slice()
    }
}

impl PartialEq for Gids {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Gids {}

impl std::fmt::Debug for Gids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl Encode for Gids {
    fn encode(&self, out: &mut Rope) {
        out.put_count(self.len());
        self.iter().for_each(|gid| out.put_u32(*gid));
    }
}

impl Decode for Gids {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        let count = input.count(AUTH_SYS_GIDS_MAX)?;
        let mut gids = Self { count: count as u8, ids: [0; AUTH_SYS_GIDS_MAX] };
        for gid in &mut gids.ids[..count] {
            *gid = input.u32()?;
        }
        Ok(gids)
    }
}

#[cfg(test)]
impl crate::sample::Sample for Gids {
    fn sample(random: &mut crate::sample::Source) -> Self {
        let ids: Vec<u32> = (0..random.below(AUTH_SYS_GIDS_MAX + 1)).map(|_| random.u64() as u32).collect();
        Self::new(&ids)
    }
}
