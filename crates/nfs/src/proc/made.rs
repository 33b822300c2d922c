//! The replies of CREATE, MKDIR, SYMLINK and MKNOD, which share their shape.

use holdfast_engine::{Entry, Pending, Promised};
use holdfast_wire::nfs3::{CreateOk, CreateRes};

use crate::session::{Target, Why};

/// Waits until the new object survives what its volume promises and answers with it.
pub(super) async fn answer(dir: &Target<'_>, started: Result<Pending<Entry>, Why>) -> CreateRes {
    let made = match started {
        Ok(pending) => pending.promised().await.map_err(Why::from),
        Err(why) => Err(why),
    };
    match made {
        Ok(entry) => Ok(reply(dir, &entry)),
        Err(why) => Err(dir.failed_wcc(why).await),
    }
}

fn reply(dir: &Target<'_>, entry: &Promised<Entry>) -> CreateOk {
    CreateOk {
        object: Some(dir.handle_of(&entry.attr)),
        attributes: Some(dir.attributes(&entry.attr)),
        dir_wcc: dir.wcc(&entry.dir),
    }
}
