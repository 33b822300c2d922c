//! The front end over real TCP, with a real engine on a disk and a store in memory.

#![allow(clippy::unwrap_used)] // What the tests share is test code too.

mod suite;
