//! ACCESS (RFC 1813 section 3.3.4).

use holdfast_engine::access as engine;
use holdfast_wire::nfs3::{AccessArgs, AccessOk, AccessRes, access as wire};

use crate::session::Session;

/// The rights that a read-only mount never gives.
const CHANGES: u32 = wire::MODIFY | wire::EXTEND | wire::DELETE;

// The engine's bits are the wire's.
const _: () = assert!(
    engine::READ == wire::READ
        && engine::LOOKUP == wire::LOOKUP
        && engine::MODIFY == wire::MODIFY
        && engine::EXTEND == wire::EXTEND
        && engine::DELETE == wire::DELETE
        && engine::EXECUTE == wire::EXECUTE
);

pub(super) async fn access(session: &Session, args: AccessArgs) -> AccessRes {
    let object = session.target(&args.object).await?;
    let wanted = if object.is_read_only() { args.access & !CHANGES } else { args.access };
    if object.is_directory_of_snapshots() {
        return match object.attr().await {
            Ok(attr) => {
                let access = wanted & (wire::READ | wire::LOOKUP);
                Ok(AccessOk { attributes: Some(object.attributes(&attr)), access })
            }
            Err(error) => Err(object.failed(error).await),
        };
    }
    match object.volume.access(object.caller(), object.file, wanted).await {
        Ok((access, attr)) => Ok(AccessOk { attributes: Some(object.attributes(&attr)), access }),
        Err(error) => Err(object.failed(error).await),
    }
}
