//! Procedure 5, EXPORT (RFC 1813 section 5.2.5): what can be mounted, and by whom.

use crate::limits::MOUNT_LIST_MAX_ENTRIES;
use crate::mount3::{DirPath, HostName};
use crate::xdr::{Decode, Encode, Reader, Rope, XdrError};

/// `exportnode`, without its link to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportEntry {
    /// The exported path.
    pub path: DirPath,
    /// Hosts and groups that may mount it; none means everybody.
    pub groups: Vec<HostName>,
}

impl Encode for ExportEntry {
    fn encode(&self, out: &mut Rope) {
        self.path.encode(out);
        out.put_list(&self.groups);
    }
}

impl Decode for ExportEntry {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        Ok(Self { path: Decode::decode(input)?, groups: input.list(MOUNT_LIST_MAX_ENTRIES)? })
    }
}

/// `exports`: at most [`MOUNT_LIST_MAX_ENTRIES`] entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exports(pub Vec<ExportEntry>);

impl Encode for Exports {
    fn encode(&self, out: &mut Rope) {
        out.put_list(&self.0);
    }
}

impl Decode for Exports {
    fn decode(input: &mut Reader) -> Result<Self, XdrError> {
        input.list(MOUNT_LIST_MAX_ENTRIES).map(Self)
    }
}

#[cfg(test)]
mod samples {
    use super::*;
    use crate::sample::{Sample, Source};

    impl Sample for ExportEntry {
        fn sample(random: &mut Source) -> Self {
            Self { path: DirPath::sample(random), groups: random.list() }
        }
    }

    impl Sample for Exports {
        fn sample(random: &mut Source) -> Self {
            Self(random.list())
        }
    }
}
