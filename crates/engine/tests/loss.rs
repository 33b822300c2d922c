//! What is lost and what is not: durability classes, damage, and the loss of a disk.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

mod common;

#[path = "loss/classes.rs"]
mod classes;
#[path = "loss/damage.rs"]
mod damage;
#[path = "loss/settings.rs"]
mod settings;
