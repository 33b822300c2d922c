//! CREATE (RFC 1813 section 3.3.8).

use holdfast_engine::{CreateMode, Entry, Pending};
use holdfast_wire::nfs3::{CreateArgs, CreateHow3, CreateRes};

use super::made;
use crate::attributes::set_attr;
use crate::session::{Session, Target, Why};

pub(super) async fn create(session: &Session, args: CreateArgs) -> CreateRes {
    let dir = session.target(&args.target.dir).await?;
    made::answer(&dir, start(&dir, &args).await).await
}

async fn start(dir: &Target<'_>, args: &CreateArgs) -> Result<Pending<Entry>, Why> {
    dir.check_writable()?;
    let how = match &args.how {
        CreateHow3::Unchecked(attributes) => CreateMode::Unchecked(set_attr(attributes)?),
        CreateHow3::Guarded(attributes) => CreateMode::Guarded(set_attr(attributes)?),
        CreateHow3::Exclusive(verifier) => CreateMode::Exclusive(verifier.0),
    };
    Ok(dir.volume.create(dir.caller(), dir.file, &args.target.name, how).await?)
}
