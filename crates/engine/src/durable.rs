//! Proof of durability, as types.
//!
//! An operation gives [`Pending`]: its change is visible, but may not survive a crash. Waiting turns it into
//! [`Promised`], what the volume's durability class says of any change, or into [`Durable`], what a COMMIT or a
//! synchronous write says. Nothing outside this crate can build either, so that a front end cannot promise what the
//! engine did not.
//!
//! | class | [`Pending::promised`] waits for | [`Pending::durable`] waits for |
//! | --- | --- | --- |
//! | `local` | the node's disk | the node's disk |
//! | `object` | disk and object store | disk and object store |
//! | `relaxed` | the kernel | the node's disk |

use std::ops::Deref;
use std::sync::Arc;

use holdfast_base::Durability;

use crate::error::Result;
use crate::journal::{Journal, Lsn};
use crate::ship::Shipping;

/// Who can wait for what.
#[derive(Clone)]
pub(crate) struct Waits {
    pub journal: Arc<Journal>,
    pub shipping: Arc<Shipping>,
}

/// The result of an operation that may not be durable yet.
#[must_use = "a change that nobody waits for may be lost in a crash"]
pub struct Pending<T> {
    value: T,
    /// The record to wait for; 0 if there is none.
    lsn: Lsn,
    class: Durability,
    waits: Waits,
}

impl<T> Pending<T> {
    pub(crate) fn new(value: T, lsn: Lsn, class: Durability, waits: Waits) -> Self {
        Self { value, lsn, class, waits }
    }

    /// Waits until the operation, and everything before it, is where its volume's class promises synchronous changes
    /// to be: on stable storage, in class `object` in the object store as well.
    ///
    /// # Errors
    /// [`crate::Error::Io`] if the journal's disk failed, [`crate::Error::Unavailable`] if the object store did not
    /// take it in time: the operation took effect, and may or may not survive.
    pub async fn durable(self) -> Result<Durable<T>> {
        let Waits { journal, shipping } = &self.waits;
        journal.durable(self.lsn).await?;
        if self.class == Durability::Object {
            shipping.in_store(self.lsn).await?;
        }
        Ok(Durable { value: self.value })
    }

    /// The result, while nothing is claimed of it.
    pub fn peek(&self) -> &T {
        &self.value
    }

    /// Waits for what the volume's class promises of any change: in class `relaxed` that the kernel has it, so that it
    /// survives the end of this process; in the others the same as [`Pending::durable`].
    ///
    /// # Errors
    /// As [`Pending::durable`].
    pub async fn promised(self) -> Result<Promised<T>> {
        if self.class == Durability::Relaxed {
            self.waits.journal.written(self.lsn).await?;
            return Ok(Promised { value: self.value });
        }
        Ok(self.durable().await?.into())
    }

    /// The result, for replies that claim nothing (an UNSTABLE WRITE).
    pub fn unsynced(self) -> T {
        self.value
    }
}

/// A result that survives whatever synchronous changes of its volume survive: power loss at least.
#[derive(Debug, Clone, Copy)]
pub struct Durable<T> {
    value: T,
}

/// A result that survives what its volume's class promises: the end of this process at least.
#[derive(Debug, Clone, Copy)]
pub struct Promised<T> {
    value: T,
}

impl<T> From<Durable<T>> for Promised<T> {
    fn from(durable: Durable<T>) -> Self {
        Self { value: durable.value }
    }
}

/// What both proofs can do.
macro_rules! proof {
    ($proof:ident) => {
        impl<T> $proof<T> {
            /// Another value with the same proof.
            pub fn map<U>(self, f: impl FnOnce(T) -> U) -> $proof<U> {
                $proof { value: f(self.value) }
            }

            /// The value, without the proof.
            pub fn into_inner(self) -> T {
                self.value
            }
        }

        impl<T> Deref for $proof<T> {
            type Target = T;

            fn deref(&self) -> &T {
                &self.value
            }
        }
    };
}

proof!(Durable);
proof!(Promised);
