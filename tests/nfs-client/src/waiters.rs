//! Outstanding calls by transaction id: who waits, since when, and the reply once it is there.
//!
//! One lock guards the table; it is held for a lookup, never across an await, an encoding or a wake-up. Time is
//! counted in ticks of the connection's sweeper, so that a call reads no clock.

use std::collections::HashMap;
use std::future::Future;
use std::hash::{BuildHasherDefault, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::{ClientError, CloseReason};

/// A call is overdue when it has seen this many ticks; the sweeper ticks that often per timeout.
pub(crate) const TICKS_PER_TIMEOUT: u64 = 16;

#[derive(Debug)]
pub(crate) struct Waiters {
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    calls: HashMap<u32, Call, BuildHasherDefault<XidHasher>>,
    next_xid: u32,
    now_ticks: u64,
    closed: Option<CloseReason>,
    stray_replies: u64,
}

#[derive(Debug)]
struct Call {
    queued_ticks: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Waiting(Option<Waker>),
    Done(Result<Bytes, ClientError>),
}

impl Waiters {
    /// An empty table whose transaction ids count from `first_xid`.
    pub(crate) fn new(first_xid: u32) -> Self {
        let table = Table {
            calls: HashMap::default(),
            next_xid: first_xid,
            now_ticks: 0,
            closed: None,
            stray_replies: 0,
        };
        Self { table: Mutex::new(table) }
    }

    /// Enters a call with the given transaction id, or a fresh one.
    pub(crate) fn enter(&self, xid: Option<u32>) -> Result<Pending<'_>, ClientError> {
        let mut table = self.table.lock();
        if let Some(reason) = &table.closed {
            return Err(reason.clone().into());
        }
        let xid = match xid {
            Some(xid) if table.calls.contains_key(&xid) => return Err(ClientError::XidInUse(xid)),
            Some(xid) => xid,
            None => table.fresh_xid(),
        };
        let call = Call { queued_ticks: table.now_ticks, state: State::Waiting(None) };
        table.calls.insert(xid, call);
        Ok(Pending { waiters: self, xid, entered: true })
    }

    /// Hands out replies, leaving `replies` empty.
    pub(crate) fn complete(&self, replies: &mut Vec<(u32, Bytes)>, wake: &mut Vec<Waker>) {
        let mut table = self.table.lock();
        for (xid, record) in replies.drain(..) {
            match table.calls.get_mut(&xid) {
                Some(call) if matches!(call.state, State::Waiting(_)) => wake.extend(call.finish(Ok(record))),
                _ => table.stray_replies += 1,
            }
        }
        drop(table);
        wake.drain(..).for_each(Waker::wake);
    }

    /// Lets time pass by one tick and fails what is overdue.
    pub(crate) fn tick(&self) {
        let mut table = self.table.lock();
        table.now_ticks += 1;
        let now_ticks = table.now_ticks;
        let overdue =
            table.calls.values_mut().filter(|call| now_ticks - call.queued_ticks > TICKS_PER_TIMEOUT);
        let wake: Vec<_> = overdue.filter_map(|call| call.finish(Err(ClientError::Timeout))).collect();
        drop(table);
        wake.into_iter().for_each(Waker::wake);
    }

    /// Fails every call, now and later. The first reason stays.
    pub(crate) fn close(&self, reason: CloseReason) {
        let mut table = self.table.lock();
        let reason = table.closed.get_or_insert(reason).clone();
        let wake: Vec<_> =
            table.calls.values_mut().filter_map(|call| call.finish(Err(reason.clone().into()))).collect();
        drop(table);
        wake.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn closed(&self) -> Option<CloseReason> {
        self.table.lock().closed.clone()
    }

    pub(crate) fn stray_replies(&self) -> u64 {
        self.table.lock().stray_replies
    }
}

impl Table {
    fn fresh_xid(&mut self) -> u32 {
        loop {
            let xid = self.next_xid;
            self.next_xid = self.next_xid.wrapping_add(1);
            if !self.calls.contains_key(&xid) {
                return xid;
            }
        }
    }
}

impl Call {
    /// Keeps the first outcome.
    fn finish(&mut self, outcome: Result<Bytes, ClientError>) -> Option<Waker> {
        match &mut self.state {
            State::Done(_) => None,
            State::Waiting(waker) => {
                let waker = waker.take();
                self.state = State::Done(outcome);
                waker
            }
        }
    }
}

/// The reply to one call; dropping it gives the transaction id back.
#[derive(Debug)]
pub(crate) struct Pending<'a> {
    waiters: &'a Waiters,
    xid: u32,
    entered: bool,
}

impl Pending<'_> {
    pub(crate) fn xid(&self) -> u32 {
        self.xid
    }
}

impl Future for Pending<'_> {
    type Output = Result<Bytes, ClientError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut table = self.waiters.table.lock();
        let call = table.calls.get_mut(&self.xid).expect("a pending call is in the table until it is taken");
        match &mut call.state {
            State::Waiting(Some(waker)) => waker.clone_from(context.waker()),
            State::Waiting(none) => *none = Some(context.waker().clone()),
            State::Done(_) => {
                let done = table.calls.remove(&self.xid);
                drop(table);
                self.entered = false;
                let Some(Call { state: State::Done(outcome), .. }) = done else {
                    unreachable!("just matched")
                };
                return Poll::Ready(outcome);
            }
        }
        Poll::Pending
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if self.entered {
            self.waiters.table.lock().calls.remove(&self.xid);
        }
    }
}

/// Transaction ids are our own counters: one multiplication spreads them.
#[derive(Debug, Default)]
struct XidHasher(u64);

impl Hasher for XidHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, value: u32) {
        self.0 = (self.0 ^ u64::from(value)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
