//! The replies of CREATE, MKDIR, SYMLINK and MKNOD, which share their shape.

use holdfast_engine::{Durable, Entry, Pending};
use holdfast_wire::nfs3::{CreateOk, CreateRes};

use crate::session::{Target, Why};

/// Waits until the new object is durable and answers with it.
pub(super) async fn answer(dir: &Target<'_>, started: Result<Pending<Entry>, Why>) -> CreateRes {
    let durable = match started {
        Ok(pending) => pending.durable().await.map_err(Why::from),
        Err(why) => Err(why),
    };
    match durable {
        Ok(entry) => Ok(made(dir, &entry)),
        Err(why) => Err(dir.failed_wcc(why).await),
    }
}

fn made(dir: &Target<'_>, entry: &Durable<Entry>) -> CreateOk {
    CreateOk {
        object: Some(dir.handle_of(&entry.attr)),
        attributes: Some(dir.attributes(&entry.attr)),
        dir_wcc: dir.wcc(&entry.dir),
    }
}
