//! What a node remembers from one run to the next: its write verifier, and whether it ended in order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdfast_base::Random;

use crate::disk::Disk;
use crate::error::Result;
use crate::planted::{Bug, is_planted};

const FILE: &str = "node-state";
const MAGIC: [u8; 8] = *b"HFnode\0\x01";
const RUNNING: u8 = 0;
const ENDED: u8 = 1;

/// The node's own file: magic, verifier, how the last run ended, checksum.
pub(crate) struct NodeState {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    verifier: [u8; 8],
}

impl NodeState {
    /// Begins a run: keeps the verifier if the last one ended in order, else draws a new one. The mark that a run
    /// is under way is durable before anything is served.
    pub(crate) fn begin(disk: Arc<dyn Disk>, dir: &Path, random: &dyn Random) -> Result<Self> {
        let kept = read(disk.as_ref(), &dir.join(FILE))?;
        let verifier = match kept {
            Some((verifier, ENDED)) => verifier,
            Some((verifier, _)) if is_planted(Bug::VerifierKept) => verifier,
            _ => random.next_u64().to_be_bytes(),
        };
        let state = Self { disk, dir: dir.to_owned(), verifier };
        state.write(RUNNING)?;
        Ok(state)
    }

    pub(crate) fn verifier(&self) -> [u8; 8] {
        self.verifier
    }

    /// Notes that nothing unsynced was lost.
    pub(crate) fn end(&self) -> Result<()> {
        self.write(ENDED)
    }

    fn write(&self, ended: u8) -> Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.verifier);
        bytes.push(ended);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
        let fresh = self.dir.join("node-state.new");
        self.disk.remove(&fresh)?;
        let file = self.disk.create(&fresh)?;
        file.write_all_at(&bytes, 0)?;
        file.sync_data()?;
        self.disk.rename(&fresh, &self.dir.join(FILE))?;
        Ok(self.disk.sync_dir(&self.dir)?)
    }
}

/// Verifier and end of the last run; `None` if there was none. A damaged file counts as a crash.
fn read(disk: &dyn Disk, path: &Path) -> Result<Option<([u8; 8], u8)>> {
    const LEN: usize = 21;
    let file = match disk.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut bytes = [0; LEN];
    if file.size_bytes()? != LEN as u64 {
        return Ok(None);
    }
    file.read_exact_at(&mut bytes, 0)?;
    let good = bytes[..8] == MAGIC && bytes[17..] == crc32c::crc32c(&bytes[..17]).to_be_bytes();
    let mut verifier = [0; 8];
    verifier.copy_from_slice(&bytes[8..16]);
    Ok(good.then_some((verifier, bytes[16])))
}
