//! The store layer over a store that fails on command, and a whole engine over both.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod careless;
#[path = "../common/mod.rs"]
mod common;
mod faults;
mod outage;
mod resilience;
