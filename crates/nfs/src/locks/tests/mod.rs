//! One file per subject.

mod bounds;
mod ends;
mod log;
mod model;
mod order;
pub(super) mod support;
