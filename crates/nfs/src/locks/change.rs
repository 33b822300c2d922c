//! What happens to the locks that are held, as values: applied to the table, and kept in the log.

use std::sync::Arc;

use holdfast_base::VolumeId;
use holdfast_wire::nlm4::{ShareAccess, ShareMode};

use super::owner::{ClientKey, Contact, FileKey, Owner};
use super::range::ByteRange;

/// One change. Each holds its whole result, so that the same changes in the same order make the same table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// How a client is reached now, and its NSM state.
    Client { client: Arc<ClientKey>, contact: Contact, state: u32 },
    /// An owner has a lock.
    Set { file: FileKey, owner: Arc<Owner>, range: ByteRange, exclusive: bool },
    /// An owner has no lock in a range.
    Clear { file: FileKey, owner: Arc<Owner>, range: ByteRange },
    /// An owner has a share reservation.
    Share { file: FileKey, owner: Arc<Owner>, mode: ShareMode, access: ShareAccess },
    /// An owner has no share reservation.
    Unshare { file: FileKey, owner: Arc<Owner> },
    /// A client has nothing.
    FreeClient { client: Arc<ClientKey> },
    /// A file has no locks.
    FreeFile { file: FileKey },
    /// A volume has no locks.
    FreeVolume { volume: VolumeId },
}
