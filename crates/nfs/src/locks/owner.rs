//! Who holds locks.
//!
//! A client's name is what it says of itself, and sandboxes made from one image say the same. It counts only within
//! a scope that the client cannot choose: the attachment that its file handle was sealed for, which moves with a
//! sandbox, or, for direct exports, its address.

use std::net::IpAddr;
use std::sync::Arc;

use holdfast_base::VolumeId;
use holdfast_engine::FileId;
use uuid::Uuid;

/// A file that has locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileKey {
    pub volume: VolumeId,
    pub file: FileId,
}

/// Within what a client's name is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// The mounts of one attachment.
    Attachment(Uuid),
    /// The machine with this address.
    Address(IpAddr),
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientKey {
    pub scope: Scope,
    /// `caller_name`, at most `LOCK_CLIENT_NAME_MAX_BYTES`.
    pub name: Box<[u8]>,
}

/// The owner of a lock: a process of a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Owner {
    pub client: Arc<ClientKey>,
    /// The process; 0 for share reservations, which have none.
    pub svid: u32,
    /// The owner in the client's terms, at most `LOCK_OWNER_MAX_BYTES`.
    pub handle: Box<[u8]>,
}

/// How a client is reached, and from where: it takes calls only from the address that it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contact {
    /// The client's address.
    pub client: IpAddr,
    /// Our address as the client sees it.
    pub server: IpAddr,
}
