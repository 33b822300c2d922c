//! The front end over real TCP, with a real engine on a disk and a store in memory.

mod suite;
