//! What the tests share: owners and files with short names.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use holdfast_base::VolumeId;
use holdfast_engine::FileId;
use holdfast_wire::nfs3::FileHandle;
use uuid::Uuid;

use crate::locks::manager::Request;
use crate::locks::owner::{ClientKey, Contact, FileKey, Owner, Scope};
use crate::locks::range::ByteRange;
use crate::locks::waiting::Form;

/// The address of a client.
pub(in crate::locks) fn address(client: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, 0, client).into()
}

pub(in crate::locks) fn contact(client: u8) -> Contact {
    Contact { client: address(client), server: address(254) }
}

/// The client with a number, known by its address.
pub(in crate::locks) fn client(number: u8) -> Arc<ClientKey> {
    let scope = Scope::Address(address(number));
    Arc::new(ClientKey { scope, name: format!("box{number}").into_bytes().into() })
}

/// The one process of a client.
pub(in crate::locks) fn owner(number: u8) -> Arc<Owner> {
    process(number, 1)
}

/// A process of a client.
pub(in crate::locks) fn process(number: u8, svid: u32) -> Arc<Owner> {
    let handle = format!("{svid}@box{number}").into_bytes().into();
    Arc::new(Owner { client: client(number), svid, handle })
}

pub(in crate::locks) fn file(ino: u64) -> FileKey {
    FileKey { volume: VolumeId(Uuid::from_u128(1)), file: FileId { ino, generation: 1 } }
}

pub(in crate::locks) fn range(start: u64, last: u64) -> ByteRange {
    ByteRange { start, last }
}

/// A request of a client's one process.
pub(in crate::locks) fn request(
    number: u8,
    ino: u64,
    range: ByteRange,
    exclusive: bool,
    block: bool,
) -> Request {
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
