//! PATHCONF (RFC 1813 section 3.3.20): the POSIX limits that the engine enforces.

use holdfast_base::limits::{LINK_MAX, NAME_MAX_BYTES};
use holdfast_wire::nfs3::{PathConfArgs, PathConfOk, PathConfRes};

use crate::session::Session;

pub(super) async fn pathconf(session: &Session, args: PathConfArgs) -> PathConfRes {
    let object = session.target(&args.object).await?;
    match object.attr().await {
        Ok(attr) => Ok(PathConfOk {
            attributes: Some(object.attributes(&attr)),
            link_max: LINK_MAX,
            name_max: NAME_MAX_BYTES as u32,
            no_trunc: true,
            chown_restricted: true,
            case_insensitive: false,
            case_preserving: true,
        }),
        Err(error) => Err(object.failed(error).await),
    }
}
