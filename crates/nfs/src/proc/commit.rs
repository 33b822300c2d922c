//! COMMIT (RFC 1813 section 3.3.21). The range does not matter: group commit syncs everything before it anyway.

use holdfast_engine::{Durable, Wcc};
use holdfast_wire::nfs3::{CommitArgs, CommitOk, CommitRes};

use crate::session::{Session, Target};

pub(super) async fn commit(session: &Session, args: CommitArgs) -> CommitRes {
    let file = session.target(&args.file).await?;
    match file.volume.commit(file.file).await {
        Ok(wcc) => Ok(committed(session, &file, &wcc)),
        Err(error) => Err(file.failed_wcc(error).await),
    }
}

fn committed(session: &Session, file: &Target<'_>, wcc: &Durable<Wcc>) -> CommitOk {
    // From after the sync: a loss up to here shows.
    CommitOk { wcc: file.wcc(wcc), verifier: session.verifier() }
}
