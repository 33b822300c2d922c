//! FSSTAT (RFC 1813 section 3.3.18): the volume's limit and what of it is in use, for `df`.

use holdfast_wire::nfs3::{FsStatArgs, FsStatOk, FsStatRes};

use crate::session::Session;

pub(super) async fn fsstat(session: &Session, args: FsStatArgs) -> FsStatRes {
    let object = session.target(&args.object).await?;
    let attr = match object.attr().await {
        Ok(attr) => attr,
        Err(error) => return Err(object.failed(error).await),
    };
    let usage = object.volume.usage();
    let free_bytes = usage.limit_bytes.saturating_sub(usage.used_bytes);
    let free_files = usage.limit_inodes.saturating_sub(usage.used_inodes);
    Ok(FsStatOk {
        attributes: Some(object.attributes(&attr)),
        total_bytes: usage.limit_bytes,
        free_bytes,
        available_bytes: free_bytes,
        total_files: usage.limit_inodes,
        free_files,
        available_files: free_files,
        invariant_seconds: 0,
    })
}
