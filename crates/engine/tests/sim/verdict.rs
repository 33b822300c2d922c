//! What a run came to: the first violation ends it, and a log of the operations explains it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::power::Power;

/// Lines that are kept for the explanation of a failure.
const LOG_MAX_LINES: usize = 120;

/// The findings of one run. Clones share them.
#[derive(Clone, Default)]
pub struct Verdict(Rc<Inner>);

#[derive(Default)]
struct Inner {
    violation: RefCell<Option<String>>,
    log: RefCell<VecDeque<String>>,
    logs: bool,
}

impl Verdict {
    /// No findings yet; a log is kept only if somebody will read it.
    pub fn new(logs: bool) -> Self {
        Self(Rc::new(Inner { logs, ..Inner::default() }))
    }

    /// Notes something for the explanation.
    pub fn log(&self, line: impl FnOnce() -> String) {
        if !self.0.logs {
            return;
        }
        let mut log = self.0.log.borrow_mut();
        log.push_back(line());
        if log.len() > LOG_MAX_LINES {
            log.pop_front();
        }
    }

    /// A promise was broken: notes the first one and ends the life.
    pub fn violated(&self, power: &Power, what: String) {
        if power.is_off() {
            return;
        }
        self.log(|| format!("VIOLATION: {what}"));
        self.0.violation.borrow_mut().get_or_insert(what);
        power.cut();
    }

    /// The first violation.
    pub fn violation(&self) -> Option<String> {
        self.0.violation.borrow().clone()
    }

    /// The last lines of the log.
    pub fn explanation(&self) -> String {
        self.0.log.borrow().iter().fold(String::new(), |text, line| text + line + "\n")
    }
}
