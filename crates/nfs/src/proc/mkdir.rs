//! MKDIR (RFC 1813 section 3.3.9).

use holdfast_engine::{Entry, Pending};
use holdfast_wire::nfs3::{MkdirArgs, MkdirRes};

use super::made;
use crate::attributes::set_attr;
use crate::session::{Session, Target, Why};

pub(super) async fn mkdir(session: &Session, args: MkdirArgs) -> MkdirRes {
    let dir = session.target(&args.target.dir).await?;
    made::answer(&dir, start(&dir, &args).await).await
}

async fn start(dir: &Target<'_>, args: &MkdirArgs) -> Result<Pending<Entry>, Why> {
    dir.check_writable()?;
    let attributes = set_attr(&args.attributes)?;
    Ok(dir.volume.mkdir(dir.caller(), dir.file, &args.target.name, attributes).await?)
}
