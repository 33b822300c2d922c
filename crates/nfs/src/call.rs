//! One NFS call from its begin to its reply: metrics, log, replay cache, panic.

use std::any::Any;
use std::time::Instant;

use holdfast_wire::nfs3::{Failure, NfsStat3, Procedure3};
use holdfast_wire::rpc::{self, AcceptStatus, ReplyHeader};
use holdfast_wire::{Encode, Rope};

use crate::connection::Replies;
use crate::replay::Ticket;
use crate::session::Session;
use crate::status;

/// A result that has a status.
pub(crate) trait Outcome {
    fn status(&self) -> NfsStat3;
}

impl<T, F> Outcome for Result<T, Failure<F>> {
    fn status(&self) -> NfsStat3 {
        self.as_ref().err().map_or(NfsStat3::Ok, |failure| failure.status)
    }
}

/// The result of NULL.
impl Outcome for () {
    fn status(&self) -> NfsStat3 {
        NfsStat3::Ok
    }
}

/// A call that runs, and where its reply goes.
pub(crate) struct Call {
    pub session: Session,
    pub procedure: Procedure3,
    pub started: Instant,
    pub replies: Replies,
    /// For a call that must not run twice. Dropped without an answer, the call may run again.
    pub ticket: Option<Ticket>,
}

impl Call {
    /// Ends the call with its result.
    pub fn answer(self, result: &(impl Outcome + Encode)) {
        let status = result.status();
        let took = self.replies.took(self.started);
        self.session.shared.metrics.answered(self.procedure, status, took);
        tracing::debug!(
            xid = self.session.xid,
            uid = self.session.caller.uid,
            procedure = self.procedure.name(),
            status = status::name(status),
            micros = took.as_micros() as u64,
            "answered"
        );
        match self.ticket {
            // A client that is told to ask again must find the call not run.
            Some(ticket) if status != NfsStat3::Jukebox => {
                let mut record = Rope::new();
                rpc::write_success(&mut record, self.session.xid, result);
                let record = record.into_bytes();
                self.replies.write(|out| out.put_raw(&record));
                ticket.answered(record);
            }
            _ => self.replies.write(|out| rpc::write_success(out, self.session.xid, result)),
        }
    }

    /// Ends the call that panicked.
    pub fn panicked(self, panic: &(dyn Any + Send)) {
        panicked(&self.replies, self.session.xid, self.procedure.name(), panic);
    }
}

/// Reports a panic and answers the call with SYSTEM_ERR.
pub(crate) fn panicked(replies: &Replies, xid: u32, procedure: &'static str, panic: &(dyn Any + Send)) {
    tracing::error!(xid, procedure, panic = text(panic), "a call panicked");
    replies.write(|out| rpc::write_reply(out, &ReplyHeader::accepted(xid, AcceptStatus::SystemError)));
}

fn text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
