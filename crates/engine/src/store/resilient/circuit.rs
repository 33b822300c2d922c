//! The circuit: after enough failures in a row a store is left alone for a while, and calls fail at once.
//!
//! Closed, calls pass. Open, they fail. When the pause is over the next call passes alone (half-open): its success
//! closes the circuit, its failure opens it again for twice as long. A call that is dropped halfway says nothing.
//! Nothing here sleeps or runs by itself; [`super::super::Store::probe_if_down`] makes sure that there is a next call.

use std::sync::Arc;
use std::time::Duration;

use holdfast_base::Random;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::super::metrics::CIRCUIT;
use super::super::policy::{StorePolicy, jitter};

/// Whether calls reach the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CircuitState {
    /// They do.
    Closed,
    /// One is under way to find out.
    HalfOpen,
    /// They fail at once.
    Open,
}

/// What a circuit is for: a store that takes nothing more may still be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Lane {
    Read,
    Write,
}

impl Lane {
    fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

#[derive(Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant, pause: Duration, why: Arc<str> },
    HalfOpen { pause: Duration, why: Arc<str> },
}

#[derive(Debug)]
pub(super) struct Circuit {
    lane: Lane,
    state: Mutex<State>,
    failures_max: u32,
    pause_min: Duration,
    pause_max: Duration,
}

/// Leave to make one attempt. To be told how it went; dropped untold, it counts for nothing.
pub(super) struct Pass<'a> {
    circuit: &'a Circuit,
    /// The pause to go back to if this is the one call of a half-open circuit.
    probing: Option<Duration>,
    told: bool,
}

impl Circuit {
    pub(super) fn new(lane: Lane, policy: &StorePolicy) -> Self {
        let circuit = Self {
            lane,
            state: Mutex::new(State::Closed { failures: 0 }),
            failures_max: policy.circuit_failures,
            pause_min: policy.circuit_pause_min,
            pause_max: policy.circuit_pause_max,
        };
        circuit.show(CircuitState::Closed);
        circuit
    }

    /// Leave for an attempt, or why the store is left alone.
    pub(super) fn enter(&self) -> Result<Pass<'_>, Arc<str>> {
        let mut state = self.state.lock();
        let probing = match &*state {
            State::Closed { .. } => None,
            State::Open { until, pause, why } if Instant::now() >= *until => {
                let pause = *pause;
                *state = State::HalfOpen { pause, why: why.clone() };
                self.show(CircuitState::HalfOpen);
                Some(pause)
            }
            State::Open { why, .. } | State::HalfOpen { why, .. } => return Err(why.clone()),
        };
        Ok(Pass { circuit: self, probing, told: false })
    }

    /// The state, and why it is not closed.
    pub(super) fn state(&self) -> (CircuitState, Option<Arc<str>>) {
        match &*self.state.lock() {
            State::Closed { .. } => (CircuitState::Closed, None),
            State::HalfOpen { why, .. } => (CircuitState::HalfOpen, Some(why.clone())),
            State::Open { why, .. } => (CircuitState::Open, Some(why.clone())),
        }
    }

    fn open(&self, state: &mut State, pause: Duration, why: Arc<str>, random: &dyn Random) {
        let until = Instant::now() + jitter(pause, random);
        *state = State::Open { until, pause, why };
        self.show(CircuitState::Open);
    }

    fn show(&self, state: CircuitState) {
        let value = match state {
            CircuitState::Closed => 0.0,
            CircuitState::HalfOpen => 1.0,
            CircuitState::Open => 2.0,
        };
        metrics::gauge!(CIRCUIT, "lane" => self.lane.name()).set(value);
    }
}

impl Pass<'_> {
    /// The store answered.
    pub(super) fn succeeded(mut self) {
        self.told = true;
        let mut state = self.circuit.state.lock();
        // A success that began before the circuit opened is as good a sign as any.
        if !matches!(*state, State::Closed { .. }) {
            tracing::info!(lane = self.circuit.lane.name(), "the object store answers again");
            self.circuit.show(CircuitState::Closed);
        }
        *state = State::Closed { failures: 0 };
    }

    /// It did not.
    pub(super) fn failed(mut self, why: &str, random: &dyn Random) {
        self.told = true;
        let circuit = self.circuit;
        let mut state = circuit.state.lock();
        match &mut *state {
            State::HalfOpen { pause, .. } if self.probing.is_some() => {
                let longer = pause.saturating_mul(2).min(circuit.pause_max);
                circuit.open(&mut state, longer, why.into(), random);
            }
            State::Closed { failures } => {
                *failures += 1;
                if *failures >= circuit.failures_max {
                    tracing::warn!(
                        lane = circuit.lane.name(),
                        why,
                        "the object store is left alone for a while"
                    );
                    circuit.open(&mut state, circuit.pause_min, why.into(), random);
                }
            }
            // Calls that began earlier tell nothing new.
            State::HalfOpen { .. } | State::Open { .. } => {}
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if let (false, Some(pause)) = (self.told, self.probing) {
            let mut state = self.circuit.state.lock();
            if let State::HalfOpen { why, .. } = &*state {
                *state = State::Open { until: Instant::now(), pause, why: why.clone() };
                self.circuit.show(CircuitState::Open);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use holdfast_base::SeededRandom;

    use super::*;

    fn circuit() -> (Circuit, StorePolicy, SeededRandom) {
        let policy = StorePolicy::default();
        (Circuit::new(Lane::Read, &policy), policy, SeededRandom::new(1))
    }

    fn break_it(circuit: &Circuit, policy: &StorePolicy, random: &SeededRandom) {
        for _ in 0..policy.circuit_failures {
            circuit.enter().unwrap().failed("down", random);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn opens_after_failures_in_a_row_only() {
        let (circuit, policy, random) = circuit();
        for _ in 0..100 {
            circuit.enter().unwrap().failed("down", &random);
            circuit.enter().unwrap().succeeded();
        }
        assert_eq!(circuit.state().0, CircuitState::Closed);
        break_it(&circuit, &policy, &random);
        assert_eq!(circuit.state().0, CircuitState::Open);
        assert_eq!(&*circuit.enter().err().unwrap(), "down");
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_tries_after_the_pause() {
        let (circuit, policy, random) = circuit();
        break_it(&circuit, &policy, &random);
        tokio::time::advance(policy.circuit_pause_min).await;
        let probe = circuit.enter().unwrap();
        assert_eq!(circuit.state().0, CircuitState::HalfOpen);
        assert!(circuit.enter().is_err(), "a second call while one tries");
        probe.failed("still down", &random);
        assert_eq!(&*circuit.enter().err().unwrap(), "still down");
        tokio::time::advance(2 * policy.circuit_pause_min).await;
        circuit.enter().unwrap().succeeded();
        assert_eq!(circuit.state().0, CircuitState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_try_leaves_the_way_to_the_next() {
        let (circuit, policy, random) = circuit();
        break_it(&circuit, &policy, &random);
        tokio::time::advance(policy.circuit_pause_min).await;
        drop(circuit.enter().unwrap());
        assert_eq!(circuit.state().0, CircuitState::Open);
        circuit.enter().unwrap().succeeded();
        assert_eq!(circuit.state().0, CircuitState::Closed);
    }
}
