//! LINK (RFC 1813 section 3.3.15).

use holdfast_engine::{Linked, Promised};
use holdfast_wire::nfs3::{Failure, LinkArgs, LinkFail, LinkOk, LinkRes};

use crate::session::{Session, Target, Why};

pub(super) async fn link(session: &Session, args: LinkArgs) -> LinkRes {
    let file = session.target(&args.file).await?;
    let dir = session.target(&args.link.dir).await?;
    match change(&file, &dir, &args.link.name).await {
        Ok(linked) => {
            Ok(LinkOk { attributes: Some(file.attributes(&linked.attr)), dir_wcc: dir.wcc(&linked.dir) })
        }
        Err(why) => {
            let info = LinkFail { attributes: file.post_op().await, dir_wcc: dir.post_wcc().await };
            Err(Failure::new(why.status(&file), info))
        }
    }
}

async fn change(file: &Target<'_>, dir: &Target<'_>, name: &[u8]) -> Result<Promised<Linked>, Why> {
    file.check_writable()?;
    dir.check_writable()?;
    file.check_same_mount(dir)?;
    let pending = file.volume.link(file.caller(), file.file, dir.file, name).await?;
    Ok(pending.promised().await?)
}
