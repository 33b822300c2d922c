//! One record to one answer: RPC's own refusals (RFC 5531 section 9), then the program's procedure.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use holdfast_wire::mount3::{self, MountCall, MountProcedure, MountReply};
use holdfast_wire::nfs3::{self, Call3, NfsStat3, Procedure3, Reply3};
use holdfast_wire::portmap2::{self, PortmapCall, PortmapProcedure, PortmapReply};
use holdfast_wire::rpc::{self, AcceptStatus, CallHeader, ReplyHeader};
use holdfast_wire::{Reader, Rope};
use tokio::time::Instant;

use crate::auth::{self, Needs};
use crate::connection::Peer;
use crate::replay::{Seen, Ticket};
use crate::server::Shared;
use crate::session::Session;
use crate::{mount, portmap, proc, status};

/// A call that runs.
pub(crate) type Running = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What becomes of a record.
pub(crate) enum Start {
    /// The answer is known.
    Answer(Answer),
    /// The call has to run; its reply takes at most so many bytes.
    Run(Running, usize),
    /// The sender is no RPC client: the connection is to be closed.
    Close,
}

/// What is sent back.
// One at a time, on one stack: boxing the large arm would allocate for every call.
#[allow(clippy::large_enum_variant)]
pub(crate) enum Answer {
    /// A reply without a result.
    Refusal(ReplyHeader),
    /// An NFS result.
    Nfs(u32, Reply3),
    /// A MOUNT result.
    Mount(u32, MountReply),
    /// A PORTMAP result.
    Portmap(u32, PortmapReply),
    /// A whole record.
    Record(Bytes),
    /// Nothing.
    Nothing,
}

impl Answer {
    /// Appends the answer as a record.
    pub fn write(self, out: &mut Rope) {
        match self {
            Self::Refusal(header) => rpc::write_reply(out, &header),
            Self::Nfs(xid, reply) => rpc::write_success(out, xid, &reply),
            Self::Mount(xid, reply) => rpc::write_success(out, xid, &reply),
            Self::Portmap(xid, reply) => rpc::write_success(out, xid, &reply),
            Self::Record(bytes) => out.put_raw(&bytes),
            Self::Nothing => {}
        }
    }

    fn into_record(self) -> Bytes {
        let mut out = Rope::new();
        self.write(&mut out);
        out.into_bytes()
    }
}

fn refuse(xid: u32, status: AcceptStatus) -> Start {
    Start::Answer(Answer::Refusal(ReplyHeader::accepted(xid, status)))
}

/// Begins the call in `record`.
pub(crate) fn start(shared: &Arc<Shared>, peer: &Peer, record: Bytes) -> Start {
    let mut input = Reader::new(record.clone());
    let header = match CallHeader::decode(&mut input) {
        Ok(header) => header,
        Err(error) => {
            tracing::debug!(peer = %peer.address, %error, "a malformed call");
            return error.reply().map_or(Start::Close, |reply| Start::Answer(Answer::Refusal(reply)));
        }
    };
    let version = match header.program {
        nfs3::PROGRAM => nfs3::VERSION,
        mount3::PROGRAM => mount3::VERSION,
        portmap2::PROGRAM => portmap2::VERSION,
        _ => return refuse(header.xid, AcceptStatus::ProgramUnavailable),
    };
    if header.version != version {
        return refuse(header.xid, AcceptStatus::ProgramMismatch { low: version, high: version });
    }
    match header.program {
        nfs3::PROGRAM => nfs(shared, peer, &header, record, &input),
        mount3::PROGRAM => mount(shared, peer, &header, &input),
        _ => portmap(shared, &header, &input),
    }
}

fn nfs(shared: &Arc<Shared>, peer: &Peer, header: &CallHeader, record: Bytes, input: &Reader) -> Start {
    let xid = header.xid;
    let Some(procedure) = Procedure3::from_u32(header.procedure) else {
        return refuse(xid, AcceptStatus::ProcedureUnavailable);
    };
    let needs = if procedure == Procedure3::Null { Needs::Nobody } else { Needs::User };
    let caller = match auth::caller(header, needs) {
        Ok(caller) => caller,
        Err(stat) => return Start::Answer(Answer::Refusal(ReplyHeader::auth_error(xid, stat))),
    };
    let call = match Call3::decode_args(procedure, input.rest()) {
        Ok(Call3::Write(args)) if args.count as usize > args.data.len() => {
            return refuse(xid, AcceptStatus::GarbageArguments);
        }
        Ok(call) => call,
        Err(error) => {
            tracing::debug!(peer = %peer.address, procedure = procedure.name(), %error, "malformed arguments");
            return refuse(xid, AcceptStatus::GarbageArguments);
        }
    };
    let ticket = if proc::must_not_run_twice(procedure) {
        match shared.replays.begin(peer, xid, &record) {
            Seen::Never(ticket) => Some(ticket),
            Seen::Answered(reply) => return Start::Answer(Answer::Record(reply)),
            Seen::Running => return Start::Answer(Answer::Nothing),
            Seen::RunningElsewhere(reply) => {
                let wait = async move { reply.await.map_or(Answer::Nothing, Answer::Record) };
                return Start::Run(Box::pin(wait), 0);
            }
        }
    } else {
        None
    };
    let reply_bytes = proc::reply_max_bytes(&call);
    let session = Session { shared: Arc::clone(shared), caller };
    match ticket {
        None => Start::Run(Box::pin(run(session, xid, call)), reply_bytes),
        Some(ticket) => Start::Run(Box::pin(run_once(session, xid, call, ticket)), reply_bytes),
    }
}

/// Runs one NFS call.
async fn run(session: Session, xid: u32, call: Call3) -> Answer {
    answer(&session, xid, call).await.1
}

/// Runs one NFS call that must not run twice, and keeps its reply.
async fn run_once(session: Session, xid: u32, call: Call3, ticket: Ticket) -> Answer {
    let shared = Arc::clone(&session.shared);
    let entry = Entry { shared: &shared, ticket };
    match answer(&session, xid, call).await {
        // The client is told to ask again, and then the call has to run.
        (None | Some(NfsStat3::Jukebox), reply) => reply,
        (Some(_), reply) => {
            let record = reply.into_record();
            shared.replays.answered(&entry.ticket, &record);
            Answer::Record(record)
        }
    }
}

/// Forgets the call unless it has been answered by then.
struct Entry<'a> {
    shared: &'a Shared,
    ticket: Ticket,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.shared.replays.forget(&self.ticket);
    }
}

/// The answer to a call, with its status if it had one: a panic has none.
async fn answer(session: &Session, xid: u32, call: Call3) -> (Option<NfsStat3>, Answer) {
    let started = Instant::now();
    let procedure = call.procedure();
    match AssertUnwindSafe(proc::run(session, call)).catch_unwind().await {
        Ok((status, reply)) => {
            let took = started.elapsed();
            session.shared.metrics.answered(procedure, status, took);
            tracing::debug!(
                xid,
                uid = session.caller.uid,
                procedure = procedure.name(),
                status = status::name(status),
                micros = took.as_micros() as u64,
                "answered"
            );
            (Some(status), Answer::Nfs(xid, reply))
        }
        Err(panic) => {
            tracing::error!(xid, procedure = procedure.name(), panic = text(&*panic), "a call panicked");
            (None, Answer::Refusal(ReplyHeader::accepted(xid, AcceptStatus::SystemError)))
        }
    }
}

fn text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

fn mount(shared: &Arc<Shared>, peer: &Peer, header: &CallHeader, input: &Reader) -> Start {
    let xid = header.xid;
    let Some(procedure) = MountProcedure::from_u32(header.procedure) else {
        return refuse(xid, AcceptStatus::ProcedureUnavailable);
    };
    if let Err(stat) = auth::caller(header, Needs::Nobody) {
        return Start::Answer(Answer::Refusal(ReplyHeader::auth_error(xid, stat)));
    }
    let Ok(call) = MountCall::decode_args(procedure, input.rest()) else {
        return refuse(xid, AcceptStatus::GarbageArguments);
    };
    let (shared, client) = (Arc::clone(shared), peer.address);
    let run = async move {
        match AssertUnwindSafe(mount::run(&shared, client, call)).catch_unwind().await {
            Ok(reply) => Answer::Mount(xid, reply),
            Err(panic) => {
                tracing::error!(xid, procedure = procedure.name(), panic = text(&*panic), "a call panicked");
                Answer::Refusal(ReplyHeader::accepted(xid, AcceptStatus::SystemError))
            }
        }
    };
    Start::Run(Box::pin(run), 0)
}

fn portmap(shared: &Shared, header: &CallHeader, input: &Reader) -> Start {
    let xid = header.xid;
    let Some(procedure) = PortmapProcedure::from_u32(header.procedure) else {
        return refuse(xid, AcceptStatus::ProcedureUnavailable);
    };
    if let Err(stat) = auth::caller(header, Needs::Nobody) {
        return Start::Answer(Answer::Refusal(ReplyHeader::auth_error(xid, stat)));
    }
    let Ok(call) = PortmapCall::decode_args(procedure, input.rest()) else {
        return refuse(xid, AcceptStatus::GarbageArguments);
    };
    match portmap::answer(&call, shared.port) {
        Some(reply) => Start::Answer(Answer::Portmap(xid, reply)),
        None => refuse(xid, AcceptStatus::ProcedureUnavailable),
    }
}
