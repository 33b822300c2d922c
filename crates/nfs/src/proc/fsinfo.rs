//! FSINFO (RFC 1813 section 3.3.19): what this server does, from the constants by which it does it.

use holdfast_base::limits::{FILE_SIZE_MAX_BYTES, NFS_IO_MAX_BYTES};
use holdfast_wire::nfs3::{FsInfoArgs, FsInfoOk, FsInfoRes, NfsTime3, properties};

use crate::limits::READDIR_PREFERRED_BYTES;
use crate::session::Session;

/// Suggested multiple of READ and WRITE sizes: a page.
const MULTIPLE_BYTES: u32 = 4096;

pub(super) async fn fsinfo(session: &Session, args: FsInfoArgs) -> FsInfoRes {
    let object = session.target(&args.object).await?;
    match object.attr().await {
        Ok(attr) => Ok(FsInfoOk {
            attributes: Some(object.attributes(&attr)),
            read_max_bytes: NFS_IO_MAX_BYTES,
            read_preferred_bytes: NFS_IO_MAX_BYTES,
            read_multiple_bytes: MULTIPLE_BYTES,
            write_max_bytes: NFS_IO_MAX_BYTES,
            write_preferred_bytes: NFS_IO_MAX_BYTES,
            write_multiple_bytes: MULTIPLE_BYTES,
            readdir_preferred_bytes: READDIR_PREFERRED_BYTES,
            file_size_max_bytes: FILE_SIZE_MAX_BYTES,
            time_delta: NfsTime3 { seconds: 0, nanos: 1 },
            properties: properties::LINK
                | properties::SYMLINK
                | properties::HOMOGENEOUS
                | properties::CAN_SET_TIME,
        }),
        Err(error) => Err(object.failed(error).await),
    }
}
