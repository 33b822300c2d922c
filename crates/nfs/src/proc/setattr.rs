//! SETATTR (RFC 1813 section 3.3.2).

use holdfast_base::Timestamp;
use holdfast_engine::{Promised, Wcc};
use holdfast_wire::nfs3::{SetAttrArgs, SetAttrOk, SetAttrRes};

use crate::attributes::set_attr;
use crate::session::{Session, Target, Why};

pub(super) async fn setattr(session: &Session, args: SetAttrArgs) -> SetAttrRes {
    let object = session.target(&args.object).await?;
    match change(&object, args).await {
        Ok(wcc) => Ok(SetAttrOk { wcc: object.wcc(&wcc) }),
        Err(why) => Err(object.failed_wcc(why).await),
    }
}

async fn change(object: &Target<'_>, args: SetAttrArgs) -> Result<Promised<Wcc>, Why> {
    object.check_writable()?;
    let attributes = set_attr(&args.attributes)?;
    let guard = args.guard.map(Timestamp::from);
    let pending = object.volume.setattr(object.caller(), object.file, attributes, guard).await?;
    Ok(pending.promised().await?)
}
