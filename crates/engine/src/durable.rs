//! Proof of durability, as types.
//!
//! An operation gives [`Pending`]: its change is visible, but may not survive a crash. Waiting turns it into
//! [`Durable`], which nothing outside this crate can build. A reply that claims durability takes a `Durable`, so
//! that a front end cannot promise what the engine did not.

use std::ops::Deref;
use std::sync::Arc;

use crate::error::Result;
use crate::journal::{Journal, Lsn};

/// The result of an operation that may not be durable yet.
#[must_use = "a change that nobody waits for may be lost in a crash"]
pub struct Pending<T> {
    value: T,
    lsn: Lsn,
    journal: Arc<Journal>,
}

impl<T> Pending<T> {
    pub(crate) fn new(value: T, lsn: Lsn, journal: Arc<Journal>) -> Self {
        Self { value, lsn, journal }
    }

    /// Waits until the operation, and everything before it, is on stable storage.
    ///
    /// # Errors
    /// [`crate::Error::Io`] if the journal's disk failed: the operation may or may not have survived.
    pub async fn durable(self) -> Result<Durable<T>> {
        self.journal.durable(self.lsn).await?;
        Ok(Durable { value: self.value })
    }

    /// The result, while nothing is claimed of it.
    pub fn peek(&self) -> &T {
        &self.value
    }

    /// The result, for replies that claim nothing (an UNSTABLE WRITE).
    pub fn unsynced(self) -> T {
        self.value
    }
}

/// A result that survives crashes from now on.
#[derive(Debug, Clone, Copy)]
pub struct Durable<T> {
    value: T,
}

impl<T> Durable<T> {
    /// Another value with the same proof.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Durable<U> {
        Durable { value: f(self.value) }
    }

    /// The value, without the proof.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Durable<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
