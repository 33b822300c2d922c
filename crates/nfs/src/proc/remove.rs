//! REMOVE (RFC 1813 section 3.3.12).

use holdfast_engine::{Promised, Wcc};
use holdfast_wire::nfs3::{RemoveArgs, RemoveOk, RemoveRes};

use crate::session::{Session, Target, Why};

pub(super) async fn remove(session: &Session, args: RemoveArgs) -> RemoveRes {
    let dir = session.target(&args.object.dir).await?;
    match change(&dir, &args.object.name).await {
        Ok(wcc) => Ok(RemoveOk { dir_wcc: dir.wcc(&wcc) }),
        Err(why) => Err(dir.failed_wcc(why).await),
    }
}

async fn change(dir: &Target<'_>, name: &[u8]) -> Result<Promised<Wcc>, Why> {
    dir.check_writable()?;
    let pending = dir.volume.remove(dir.caller(), dir.file, name).await?;
    Ok(pending.promised().await?)
}
