//! Changes as bytes, for the log (docs/FORMAT.md, "Lock log"). Bounded, and total: what does not decode is refused.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use holdfast_base::VolumeId;
use holdfast_base::limits::{LOCK_CLIENT_NAME_MAX_BYTES, LOCK_OWNER_MAX_BYTES};
use holdfast_engine::FileId;
use holdfast_wire::nlm4::{ShareAccess, ShareMode};
use holdfast_wire::{Bytes, Decode, Encode, Reader, Rope, XdrError};
use uuid::Uuid;

use super::change::Change;
use super::owner::{ClientKey, Contact, FileKey, Owner, Scope};
use super::range::ByteRange;

const CLIENT: u32 = 1;
const SET: u32 = 2;
const CLEAR: u32 = 3;
const SHARE: u32 = 4;
const UNSHARE: u32 = 5;
const FREE_CLIENT: u32 = 6;
const FREE_FILE: u32 = 7;
const FREE_VOLUME: u32 = 8;

const ATTACHMENT: u32 = 1;
const ADDRESS_V4: u32 = 4;
const ADDRESS_V6: u32 = 6;

/// The body of a change's record.
pub(crate) fn encode(change: &Change) -> Bytes {
    let out = &mut Rope::new();
    match change {
        Change::Client { client, contact, state } => {
            out.put_u32(CLIENT);
            put_client(out, client);
            put_address(out, contact.client);
            put_address(out, contact.server);
            out.put_u32(*state);
        }
        Change::Set { file, owner, range, exclusive } => {
            put_subject(out, SET, file, owner);
            put_range(out, *range);
            out.put_bool(*exclusive);
        }
        Change::Clear { file, owner, range } => {
            put_subject(out, CLEAR, file, owner);
            put_range(out, *range);
        }
        Change::Share { file, owner, mode, access } => {
            put_subject(out, SHARE, file, owner);
            mode.encode(out);
            access.encode(out);
        }
        Change::Unshare { file, owner } => put_subject(out, UNSHARE, file, owner),
        Change::FreeClient { client } => {
            out.put_u32(FREE_CLIENT);
            put_client(out, client);
        }
        Change::FreeFile { file } => {
            out.put_u32(FREE_FILE);
            put_file(out, file);
        }
        Change::FreeVolume { volume } => {
            out.put_u32(FREE_VOLUME);
            out.put_raw(volume.0.as_bytes());
        }
    }
    std::mem::take(out).into_bytes()
}

/// The change of a record's body.
pub(crate) fn decode(body: Bytes) -> Result<Change, XdrError> {
    let input = &mut Reader::new(body);
    let change = match input.u32()? {
        CLIENT => Change::Client {
            client: client(input)?,
            contact: Contact { client: address(input)?, server: address(input)? },
            state: input.u32()?,
        },
        SET => Change::Set {
            file: file(input)?,
            owner: owner(input)?,
            range: range(input)?,
            exclusive: input.bool()?,
        },
        CLEAR => Change::Clear { file: file(input)?, owner: owner(input)?, range: range(input)? },
        SHARE => Change::Share {
            file: file(input)?,
            owner: owner(input)?,
            mode: ShareMode::decode(input)?,
            access: ShareAccess::decode(input)?,
        },
        UNSHARE => Change::Unshare { file: file(input)?, owner: owner(input)? },
        FREE_CLIENT => Change::FreeClient { client: client(input)? },
        FREE_FILE => Change::FreeFile { file: file(input)? },
        FREE_VOLUME => Change::FreeVolume { volume: volume(input)? },
        value => return Err(XdrError::Discriminant { name: "a change of locks", value }),
    };
    input.finish()?;
    Ok(change)
}

fn put_subject(out: &mut Rope, tag: u32, file: &FileKey, owner: &Owner) {
    out.put_u32(tag);
    put_file(out, file);
    put_client(out, &owner.client);
    out.put_u32(owner.svid);
    out.put_opaque(&owner.handle);
}

fn owner(input: &mut Reader) -> Result<Arc<Owner>, XdrError> {
    let (client, svid) = (client(input)?, input.u32()?);
    let handle = input.opaque(LOCK_OWNER_MAX_BYTES)?[..].into();
    Ok(Arc::new(Owner { client, svid, handle }))
}

fn put_file(out: &mut Rope, file: &FileKey) {
    out.put_raw(file.volume.0.as_bytes());
    out.put_u64(file.file.ino);
    out.put_u32(file.file.generation);
}

fn file(input: &mut Reader) -> Result<FileKey, XdrError> {
    let volume = volume(input)?;
    Ok(FileKey { volume, file: FileId { ino: input.u64()?, generation: input.u32()? } })
}

fn volume(input: &mut Reader) -> Result<VolumeId, XdrError> {
    input.word().map(Uuid::from_bytes).map(VolumeId)
}

fn put_range(out: &mut Rope, range: ByteRange) {
    out.put_u64(range.start);
    out.put_u64(range.last);
}

fn range(input: &mut Reader) -> Result<ByteRange, XdrError> {
    let (start, last) = (input.u64()?, input.u64()?);
    if start > last {
        return Err(XdrError::Discriminant { name: "a range", value: 0 });
    }
    Ok(ByteRange { start, last })
}

fn put_client(out: &mut Rope, client: &ClientKey) {
    match client.scope {
        Scope::Attachment(attachment) => {
            out.put_u32(ATTACHMENT);
            out.put_raw(attachment.as_bytes());
        }
        Scope::Address(address) => put_address(out, address),
    }
    out.put_opaque(&client.name);
}

fn client(input: &mut Reader) -> Result<Arc<ClientKey>, XdrError> {
    let scope = match input.u32()? {
        ATTACHMENT => Scope::Attachment(Uuid::from_bytes(input.word()?)),
        family => Scope::Address(address_of(family, input)?),
    };
    Ok(Arc::new(ClientKey { scope, name: input.opaque(LOCK_CLIENT_NAME_MAX_BYTES)?[..].into() }))
}

fn put_address(out: &mut Rope, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            out.put_u32(ADDRESS_V4);
            out.put_raw(&address.octets());
        }
        IpAddr::V6(address) => {
            out.put_u32(ADDRESS_V6);
            out.put_raw(&address.octets());
        }
    }
}

fn address(input: &mut Reader) -> Result<IpAddr, XdrError> {
    let family = input.u32()?;
    address_of(family, input)
}

fn address_of(family: u32, input: &mut Reader) -> Result<IpAddr, XdrError> {
    match family {
        ADDRESS_V4 => input.word::<4>().map(|octets| Ipv4Addr::from(octets).into()),
        ADDRESS_V6 => input.word::<16>().map(|octets| Ipv6Addr::from(octets).into()),
        value => Err(XdrError::Discriminant { name: "an address family", value }),
    }
}
