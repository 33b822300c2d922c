//! LOOKUP (RFC 1813 section 3.3.3).

use holdfast_engine::Error;
use holdfast_wire::nfs3::{LookupArgs, LookupOk, LookupRes};

use crate::session::{Session, Target};

pub(super) async fn lookup(session: &Session, args: LookupArgs) -> LookupRes {
    let dir = session.target(&args.what.dir).await?;
    match find(&dir, &args.what.name).await {
        Ok(found) => Ok(found),
        Err(error) => Err(dir.failed(error).await),
    }
}

async fn find(dir: &Target<'_>, name: &[u8]) -> Result<LookupOk, Error> {
    if dir.is_directory_of_snapshots() {
        return Ok(answer(dir.lookup_snapshot(name).await?));
    }
    match dir.lookup(dir.caller(), name).await {
        // The root of a snapshot is its own parent for the engine; here it lies in a directory.
        Ok((_, parent)) if name == b".." && dir.leads_to_directory(name) => {
            Ok(answer(dir.lookup_directory(&parent).await?))
        }
        Ok((child, parent)) => Ok(LookupOk {
            object: dir.handle_of(&child),
            attributes: Some(dir.attributes(&child)),
            dir_attributes: Some(dir.attributes(&parent)),
        }),
        Err(Error::NotFound) if dir.leads_to_directory(name) => {
            let root = dir.attr().await?;
            Ok(answer(dir.lookup_directory(&root).await?))
        }
        Err(error) => Err(error),
    }
}

fn answer(
    found: (holdfast_wire::nfs3::FileHandle, holdfast_wire::nfs3::Fattr3, holdfast_wire::nfs3::Fattr3),
) -> LookupOk {
    let (object, attributes, dir_attributes) = found;
    LookupOk { object, attributes: Some(attributes), dir_attributes: Some(dir_attributes) }
}
