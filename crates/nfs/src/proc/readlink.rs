//! READLINK (RFC 1813 section 3.3.5).

use holdfast_wire::nfs3::{ReadLinkArgs, ReadLinkOk, ReadLinkRes};

use crate::session::Session;

pub(super) async fn readlink(session: &Session, args: ReadLinkArgs) -> ReadLinkRes {
    let link = session.target(&args.symlink).await?;
    match link.volume.readlink(link.file).await {
        Ok((target, attr)) => {
            Ok(ReadLinkOk { attributes: Some(link.attributes(&attr)), target: target.into() })
        }
        Err(error) => Err(link.failed(error).await),
    }
}
