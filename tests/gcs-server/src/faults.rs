//! What goes wrong, on command: in process by [`Faults`], from outside by JSON below `/_control`.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// PUT of an object, whole or a part.
    Put,
    /// GET of an object.
    Get,
    /// HEAD of an object.
    Head,
    /// DELETE of an object or of an upload.
    Delete,
    /// A listing.
    List,
    /// Begin or end of an upload in parts.
    Multipart,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Nothing is done; the answer is `status`.
    Error,
    /// It is done; the answer is `status` all the same.
    LostReply,
    /// It is done and never answered.
    Silence,
    /// Nothing is done and it is never answered.
    Hang,
    /// It is done after `delay_ms`.
    Slow,
    /// A body has half of the bytes that its headers announce.
    Truncate,
}

/// One fault and whom it meets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// What happens.
    pub kind: Kind,
    /// To which requests; empty is all.
    #[serde(default)]
    pub operations: Vec<Operation>,
    /// Only to objects whose names hold this.
    #[serde(default)]
    pub name_holds: String,
    /// To how many; `None` is all until the faults are cleared.
    #[serde(default)]
    pub count: Option<u64>,
    /// The status of wrong answers.
    #[serde(default = "unavailable")]
    pub status: u16,
    /// How slow.
    #[serde(default)]
    pub delay_ms: u64,
}

fn unavailable() -> u16 {
    503
}

impl Fault {
    /// A fault of every request.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            operations: Vec::new(),
            name_holds: String::new(),
            count: None,
            status: 503,
            delay_ms: 0,
        }
    }

    /// Only of these requests.
    #[must_use]
    pub fn of(mut self, operations: &[Operation]) -> Self {
        self.operations = operations.to_vec();
        self
    }

    /// Only of so many.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    fn meets(&self, operation: Operation, name: &str) -> bool {
        let operations = self.operations.is_empty() || self.operations.contains(&operation);
        operations && self.count != Some(0) && name.contains(&self.name_holds)
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }
}

/// The faults in force, and what was asked for so far.
#[derive(Default)]
pub struct Faults {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    faults: Vec<Fault>,
    requests: BTreeMap<Operation, u64>,
}

impl Faults {
    /// Adds a fault.
    pub fn add(&self, fault: Fault) {
        self.inner.lock().faults.push(fault);
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.inner.lock().faults.clear();
    }

    /// Requests so far, those that met a fault included.
    pub fn requests(&self) -> BTreeMap<Operation, u64> {
        self.inner.lock().requests.clone()
    }

    /// Counts a request, and takes the first fault that meets it.
    pub(crate) fn take(&self, operation: Operation, name: &str) -> Option<Fault> {
        let mut inner = self.inner.lock();
        *inner.requests.entry(operation).or_default() += 1;
        let fault = inner.faults.iter_mut().find(|fault| fault.meets(operation, name))?;
        if let Some(count) = &mut fault.count {
            *count -= 1;
        }
        Some(fault.clone())
    }
}
