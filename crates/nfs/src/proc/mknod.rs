//! MKNOD (RFC 1813 section 3.3.11).

use holdfast_engine::{Entry, Pending, Special};
use holdfast_wire::nfs3::{MknodArgs, MknodData3, MknodRes, NfsStat3};

use super::made;
use crate::attributes::set_attr;
use crate::session::{Session, Target, Why};

pub(super) async fn mknod(session: &Session, args: MknodArgs) -> MknodRes {
    let dir = session.target(&args.target.dir).await?;
    made::answer(&dir, start(&dir, &args).await).await
}

async fn start(dir: &Target<'_>, args: &MknodArgs) -> Result<Pending<Entry>, Why> {
    dir.check_writable()?;
    let (special, attributes) = match &args.what {
        MknodData3::Character(data) => {
            (Special::CharDevice(data.device.major, data.device.minor), &data.attributes)
        }
        MknodData3::Block(data) => {
            (Special::BlockDevice(data.device.major, data.device.minor), &data.attributes)
        }
        MknodData3::Socket(attributes) => (Special::Socket, attributes),
        MknodData3::Fifo(attributes) => (Special::Fifo, attributes),
        MknodData3::Regular | MknodData3::Directory | MknodData3::Symlink => {
            return Err(NfsStat3::BadType.into());
        }
    };
    let attributes = set_attr(attributes)?;
    Ok(dir.volume.mknod(dir.caller(), dir.file, &args.target.name, special, attributes).await?)
}
