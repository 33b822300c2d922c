//! The store layer over a store that fails on command.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod careless;
mod faults;
mod resilience;
