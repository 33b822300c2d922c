//! GETATTR (RFC 1813 section 3.3.1).

use holdfast_wire::nfs3::{GetAttrArgs, GetAttrOk, GetAttrRes};

use crate::session::Session;

pub(super) async fn getattr(session: &Session, args: GetAttrArgs) -> GetAttrRes {
    let object = session.target(&args.object).await?;
    match object.attr().await {
        Ok(attr) => Ok(GetAttrOk { attributes: object.attributes(&attr) }),
        Err(error) => Err(object.status(&error).into()),
    }
}
