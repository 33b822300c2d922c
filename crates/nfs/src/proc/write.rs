//! WRITE (RFC 1813 section 3.3.7). Says what is true: UNSTABLE waits for nothing, the others for stable storage.

use holdfast_base::limits::NFS_IO_MAX_BYTES;
use holdfast_engine::{Durable, Pending, Written};
use holdfast_wire::nfs3::{NfsStat3, StableHow, WriteArgs, WriteOk, WriteRes, WriteVerifier3};

use crate::session::{Session, Target, Why};

pub(super) async fn write(session: &Session, args: WriteArgs) -> WriteRes {
    // From before the write: should its data be lost, this is the verifier that COMMIT will no longer give.
    let verifier = session.verifier();
    let file = session.target(&args.file).await?;
    let stable = args.stable;
    let written = match start(&file, args).await {
        Ok(pending) => match stable {
            StableHow::Unstable => Ok(unstable(&file, pending, verifier)),
            StableHow::DataSync | StableHow::FileSync => match pending.durable().await {
                Ok(durable) => Ok(synced(&file, &durable, verifier)),
                Err(error) => Err(Why::from(error)),
            },
        },
        Err(why) => Err(why),
    };
    match written {
        Ok(written) => {
            session.shared.metrics.written(written.count);
            Ok(written)
        }
        Err(why) => Err(file.failed_wcc(why).await),
    }
}

async fn start(file: &Target<'_>, args: WriteArgs) -> Result<Pending<Written>, Why> {
    file.check_writable()?;
    // The other way round there is no argument to speak of: that call was refused before.
    if args.data.len() != args.count as usize {
        return Err(NfsStat3::Inval.into());
    }
    // A larger write than FSINFO allows is cut short.
    let data = args.data.slice(..args.data.len().min(NFS_IO_MAX_BYTES as usize));
    Ok(file.volume.write(file.caller(), file.file, args.offset, data).await?)
}

fn unstable(file: &Target<'_>, pending: Pending<Written>, verifier: WriteVerifier3) -> WriteOk {
    let Written { count, wcc } = pending.unsynced();
    WriteOk { wcc: file.wcc(&wcc), count, committed: StableHow::Unstable, verifier }
}

fn synced(file: &Target<'_>, written: &Durable<Written>, verifier: WriteVerifier3) -> WriteOk {
    WriteOk { wcc: file.wcc(&written.wcc), count: written.count, committed: StableHow::FileSync, verifier }
}
