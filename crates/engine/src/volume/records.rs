//! Record bodies of one volume: as they are, or sealed if the volume has keys.

use bytes::Bytes;
use holdfast_base::VolumeId;

use crate::error::{Error, Result};
use crate::format::record::Record;
use crate::format::sealed;
use crate::journal::Lsn;
use crate::keys::KeyRing;

/// Appends a record's body to `out`, which is empty. `previous` is the volume's last record.
pub(super) fn encode(
    record: &Record,
    keys: Option<&KeyRing>,
    volume: VolumeId,
    previous: Lsn,
    out: &mut Vec<u8>,
) -> Result<()> {
    let Some(key) = keys.map(KeyRing::own) else {
        record.encode(out);
        return Ok(());
    };
    sealed::begin(out, key.id);
    record.encode(out);
    sealed::seal(out, &key.records, volume, previous)
}

/// Reads the body of the record that follows `previous`.
///
/// # Errors
/// [`Error::Corrupt`] for anything that [`encode`] did not make at this place.
pub(super) fn decode(body: Bytes, keys: Option<&KeyRing>, volume: VolumeId, previous: Lsn) -> Result<Record> {
    let Some(keys) = keys else { return Record::decode(body) };
    let key = keys.own();
    if sealed::key_of(&body)? != key.id {
        return Err(Error::corrupt("a journal record is sealed with another key than its volume's"));
    }
    Record::decode(sealed::open(&body, &key.records, volume, previous)?)
}
