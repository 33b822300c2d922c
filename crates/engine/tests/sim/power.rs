//! The machine's power: it goes off between two steps, wherever those are.
//!
//! Every call to the disk and to the store is a step. The life ends at the step that its seed names; from there
//! on the disk refuses and the store is silent, so that nothing which the dying engine does can matter.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::dice::mix;

/// The power of one life of the machine. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Power(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    off: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Steps so far.
    steps: u64,
    /// The step at which the power goes.
    off_at: Option<u64>,
    is_off: bool,
    /// A digest of all steps: equal for equal schedules.
    digest: u64,
}

impl Power {
    /// Power that goes at a step, or only when somebody pulls the plug.
    pub fn new(off_at: Option<u64>) -> Self {
        let power = Self::default();
        power.0.state.lock().off_at = off_at;
        power
    }

    /// Counts a step; says whether it still happens. `what` goes into the digest of the schedule.
    pub fn step(&self, what: u64) -> bool {
        let mut state = self.0.state.lock();
        if state.is_off {
            return false;
        }
        state.steps += 1;
        state.digest = mix(state.digest ^ what);
        if state.off_at.is_some_and(|at| state.steps >= at) {
            drop(state);
            self.cut();
            return false;
        }
        true
    }

    /// The same for the disk.
    pub fn disk_step(&self, what: u64) -> io::Result<()> {
        if self.step(what) { Ok(()) } else { Err(io::Error::other("the power is off")) }
    }

    /// Pulls the plug.
    pub fn cut(&self) {
        self.0.state.lock().is_off = true;
        self.0.off.notify_waiters();
    }

    /// Whether the power is off.
    pub fn is_off(&self) -> bool {
        self.0.state.lock().is_off
    }

    /// Resolves when the power goes.
    pub async fn gone(&self) {
        loop {
            let off = self.0.off.notified();
            if self.is_off() {
                return;
            }
            off.await;
        }
    }

    /// Steps so far, and their digest.
    pub fn trace(&self) -> (u64, u64) {
        let state = self.0.state.lock();
        (state.steps, state.digest)
    }
}

/// A number for a step: what is done and to which part of which file or object. Names that are drawn at random
/// are left out by the caller.
pub fn describe(kind: &str, subject: &str, amount: u64) -> u64 {
    let text = kind.bytes().chain(subject.bytes()).fold(0, |sum, byte| mix(sum ^ u64::from(byte)));
    mix(text ^ amount)
}
