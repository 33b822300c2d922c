//! What the tests of this module share: owners and files with short names.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use holdfast_base::VolumeId;
use holdfast_engine::FileId;
use holdfast_wire::nfs3::FileHandle;
use uuid::Uuid;

use super::manager::Request;
use super::owner::{ClientKey, Contact, FileKey, Owner, Scope};
use super::range::ByteRange;
use super::waiting::Form;

/// The address of a client.
pub(super) fn address(client: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, client).into()
}

pub(super) fn contact(client: u8) -> Contact {
    Contact { client: address(client), server: address(254) }
}

/// The client with a number, known by its address.
pub(super) fn client(number: u8) -> Arc<ClientKey> {
    let scope = Scope::Address(address(number));
    Arc::new(ClientKey { scope, name: format!("box{number}").into_bytes().into() })
}

/// The one process of a client.
pub(super) fn owner(number: u8) -> Arc<Owner> {
    process(number, 1)
}

/// A process of a client.
pub(super) fn process(number: u8, svid: u32) -> Arc<Owner> {
    let handle = format!("{svid}@box{number}").into_bytes().into();
    Arc::new(Owner { client: client(number), svid, handle })
}

pub(super) fn file(ino: u64) -> FileKey {
    FileKey { volume: VolumeId(Uuid::from_u128(1)), file: FileId { ino, generation: 1 } }
}

pub(super) fn range(start: u64, last: u64) -> ByteRange {
    ByteRange { start, last }
}

/// A request of a client's one process.
pub(super) fn request(number: u8, ino: u64, range: ByteRange, exclusive: bool, block: bool) -> Request {
    Request {
        file: file(ino),
        owner: owner(number),
        range,
        exclusive,
        block,
        reclaim: false,
        state: 0,
        contact: contact(number),
        form: Form::Reply,
        handle: FileHandle::new(b"handle").unwrap(),
    }
}
