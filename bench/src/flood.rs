//! Another tenant who writes as fast as he is let: what a row's own figures are to be undisturbed by.
//!
//! The flood has a thread, a runtime and a connection of its own, so that the worker who is measured never waits for the
//! flood's work in this program. On two cores they still share the processors with the server; that is part of what is
//! measured, and the figures without a flood are taken by turns with those under it.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::args::TargetSpec;
use crate::content::{Content, FileKey, UNIT_BYTES};
use crate::drive::{Share, Step, drive};
use crate::error::{BenchError, Result};
use crate::ops;
use crate::session::Session;
use crate::verifier::VerifierWatch;

/// Calls of 1 MiB outstanding.
const DEPTH: usize = 8;
/// MiB of the file that is written over and over.
const UNITS: u64 = 64;
const NAME: &str = "flood";

/// A flood that runs until it is ended.
pub struct Flood {
    stop: Arc<AtomicBool>,
    written_bytes: Arc<AtomicU64>,
    thread: JoinHandle<Result<()>>,
}

impl Flood {
    /// Begins to write to `target`.
    pub fn start(target: TargetSpec) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let written_bytes = Arc::new(AtomicU64::new(0));
        let (stopped, written) = (stop.clone(), written_bytes.clone());
        let thread = std::thread::Builder::new().name("flood".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(write_until(&target, &stopped, &written))
        })?;
        Ok(Self { stop, written_bytes, thread })
    }

    /// Bytes written so far.
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes.load(Ordering::Relaxed)
    }

    /// Whether it has ended by itself, which only a failure does.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Ends it, and removes what it wrote; its failure is ours.
    pub async fn end(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        while !self.is_over() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.thread.join().map_err(|_| BenchError::Wrong("the flood panicked".into()))?
    }
}

async fn write_until(target: &TargetSpec, stop: &AtomicBool, written_bytes: &AtomicU64) -> Result<()> {
    let mut session = Session::open(target, &[], Rc::new(Content::new(1))).await?;
    session.begin_row().await?;
    let mut lanes = session.pipeline(1, DEPTH).await?;
    let file = ops::create(&mut lanes[0], &session.scratch(), NAME).await?;
    // One piece of memory for all: the flood is to cost the server, not this machine's other core.
    let data = session.content.at(FileKey::new(NAME, 0), 0, UNIT_BYTES as usize);
    let watch = VerifierWatch::default();
    while !stop.load(Ordering::Relaxed) {
        let write = async |client: &mut holdfast_nfs_client::Client, step: Step| {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            ops::write(client, &file, step.index * UNIT_BYTES, data.clone(), &watch).await?;
            written_bytes.fetch_add(UNIT_BYTES, Ordering::Relaxed);
            Ok(())
        };
        drive(&mut lanes, Share::Together(UNITS), write).await?;
        ops::commit(&mut lanes[0], &file, &watch).await?;
    }
    ops::remove(&mut lanes[0], &session.scratch(), NAME).await?;
    session.end_row().await?;
    session.close().await
}
