//! The catalogue on PostgreSQL: the common suite, and what only a database server can do or lose.
//!
//! The server is the suite's own (`tests/postgres/start`). Where PostgreSQL is not installed every test here fails
//! and says so.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "suite/mod.rs"]
mod suite;

#[path = "suite/connection.rs"]
mod connection;
#[path = "suite/tenants.rs"]
mod tenants;

use suite::support::Engine;

const ENGINE: Engine = Engine::Postgres;
