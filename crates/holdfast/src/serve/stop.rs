//! The signals that end the server.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::{Exit, Failure};

/// Signals that come this soon after one another are one: a terminal and a supervisor may both pass Ctrl-C on.
const ONE_WISH: Duration = Duration::from_secs(1);

/// SIGTERM and SIGINT, from the moment of [`Stop::listen`] on.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Takes the two signals from their defaults.
    pub fn listen() -> Result<Self, Failure> {
        let take = |kind| {
            signal(kind).map_err(|error| {
                Failure::because(Exit::CannotStart, "signals cannot be listened for", &error)
            })
        };
        Ok(Self { terminate: take(SignalKind::terminate())?, interrupt: take(SignalKind::interrupt())? })
    }

    /// Resolves with the next of the two.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Resolves when somebody has lost patience after the first.
    pub async fn asked_again(&mut self) {
        // Dropped signals are those that came meanwhile.
        let _ = tokio::time::timeout(ONE_WISH, async {
            loop {
                self.asked().await;
            }
        })
        .await;
        self.asked().await;
    }
}
