//! RENAME (RFC 1813 section 3.3.14).

use holdfast_engine::{Promised, Renamed};
use holdfast_wire::nfs3::{Failure, RenameArgs, RenameRes, RenameWcc};

use crate::session::{Session, Target, Why};

pub(super) async fn rename(session: &Session, args: RenameArgs) -> RenameRes {
    let from = session.target(&args.from.dir).await?;
    let to = session.target(&args.to.dir).await?;
    match change(&from, &to, &args).await {
        Ok(renamed) => {
            Ok(RenameWcc { from_dir: from.wcc(&renamed.from_dir), to_dir: to.wcc(&renamed.to_dir) })
        }
        Err(why) => {
            let wcc = RenameWcc { from_dir: from.post_wcc().await, to_dir: to.post_wcc().await };
            Err(Failure::new(why.status(&from), wcc))
        }
    }
}

async fn change(from: &Target<'_>, to: &Target<'_>, args: &RenameArgs) -> Result<Promised<Renamed>, Why> {
    from.check_writable()?;
    to.check_writable()?;
    from.check_same_mount(to)?;
    let (old, new) = (&args.from.name, &args.to.name);
    let pending = from.volume.rename(from.caller(), from.file, old, to.file, new).await?;
    Ok(pending.promised().await?)
}
