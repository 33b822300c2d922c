//! SYMLINK (RFC 1813 section 3.3.10).

use holdfast_engine::{Entry, Pending};
use holdfast_wire::nfs3::{SymlinkArgs, SymlinkRes};

use super::made;
use crate::attributes::set_attr;
use crate::session::{Session, Target, Why};

pub(super) async fn symlink(session: &Session, args: SymlinkArgs) -> SymlinkRes {
    let dir = session.target(&args.link.dir).await?;
    made::answer(&dir, start(&dir, &args).await).await
}

async fn start(dir: &Target<'_>, args: &SymlinkArgs) -> Result<Pending<Entry>, Why> {
    dir.check_writable()?;
    let attributes = set_attr(&args.attributes)?;
    let name = &args.link.name;
    Ok(dir.volume.symlink(dir.caller(), dir.file, name, &args.target, attributes).await?)
}
