//! READ (RFC 1813 section 3.3.6). The data goes out as the engine holds it, without being joined or copied.

use holdfast_base::limits::NFS_IO_MAX_BYTES;
use holdfast_wire::Payload;
use holdfast_wire::nfs3::{ReadArgs, ReadOk, ReadRes};

use crate::session::Session;

pub(super) async fn read(session: &Session, args: ReadArgs) -> ReadRes {
    let file = session.target(&args.file).await?;
    match file.volume.read(file.caller(), file.file, args.offset, count_of(&args)).await {
        Ok(mut data) => {
            session.shared.metrics.read(data.len);
            let payload = match data.chunks.len() {
                0 => Payload::default(),
                1 => Payload::One(data.chunks.swap_remove(0)),
                _ => Payload::Many(data.chunks),
            };
            Ok(ReadOk::new(Some(file.attributes(&data.attr)), data.eof, payload))
        }
        Err(error) => Err(file.failed(error).await),
    }
}

/// Bytes to read: a larger count than FSINFO allows gets a short read.
pub(super) fn count_of(args: &ReadArgs) -> u32 {
    args.count.min(NFS_IO_MAX_BYTES)
}
