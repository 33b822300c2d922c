//! Locks of files that are gone. Nobody tells the lock manager of a removal; a lock without a file does no harm but for
//! the room that it takes, so it is looked for when there is no room.

use holdfast_engine::Error;

use super::Session;
use crate::limits::LOCK_SWEEP_FILES_MAX;
use crate::locks::{FileKey, Owner};

/// Looks at some of the files that are locked in this volume or by this client, and frees those that are gone; whether
/// there were any. Goes on where the last look ended.
pub(super) async fn make_room(session: &Session, wanted: FileKey, owner: &Owner) -> bool {
    let mut freed = false;
    for file in session.shared.locks.locked_files(wanted, owner, LOCK_SWEEP_FILES_MAX) {
        let looked = async { session.shared.volumes.volume(file.volume).await?.getattr(file.file).await };
        if matches!(looked.await, Err(Error::Stale | Error::NoSuchVolume)) {
            freed |= session.shared.locks.step(move |manager, _| manager.free_file(file)).await.is_ok();
        }
    }
    freed
}
