//! LOOKUP (RFC 1813 section 3.3.3).

use holdfast_wire::nfs3::{LookupArgs, LookupOk, LookupRes};

use crate::session::Session;

pub(super) async fn lookup(session: &Session, args: LookupArgs) -> LookupRes {
    let dir = session.target(&args.what.dir).await?;
    match dir.volume.lookup(&session.caller, dir.file, &args.what.name).await {
        Ok((child, parent)) => Ok(LookupOk {
            object: dir.handle_of(&child),
            attributes: Some(dir.attributes(&child)),
            dir_attributes: Some(dir.attributes(&parent)),
        }),
        Err(error) => Err(dir.failed(error).await),
    }
}
