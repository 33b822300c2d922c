//! Procedure 2, DUMP (RFC 1813 section 5.2.2): who has mounted what, as far as the server was told.

use crate::limits::MOUNT_LIST_MAX_ENTRIES;
use crate::mount3::{DirPath, HostName};
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

xdr_struct! {
    /// `mountbody`, without its link to the next.
    pub struct MountEntry {
        /// The client's host name.
        pub host: HostName,
        /// The mounted path.
        pub path: DirPath,
    }
}

/// `mountlist`: at most [`MOUNT_LIST_MAX_ENTRIES`] entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mounts(pub Vec<MountEntry>);

impl Encode for Mounts {
    fn encode(&self, out: &mut Rope) {
        out.put_list(&self.0);
    }
}

impl Decode for Mounts {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        input.list(MOUNT_LIST_MAX_ENTRIES).map(Self)
    }
}

#[cfg(test)]
impl crate::sample::Sample for Mounts {
    fn sample(random: &mut crate::sample::Source) -> Self {
        Self(random.list())
    }
}
