//! One record to one call: RPC's own refusals (RFC 5531 section 9), then the program's procedure.

use std::future::Future;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use holdfast_wire::Reader;
use holdfast_wire::mount3::{self, MountCall, MountProcedure};
use holdfast_wire::nfs3::{self, Procedure3};
use holdfast_wire::nlm4::{self, LockCall, LockProcedure};
use holdfast_wire::nsm1::{self, StatusCall, StatusProcedure};
use holdfast_wire::portmap2::{self, PortmapCall, PortmapProcedure};
use holdfast_wire::rpc::{self, AcceptStatus, AuthStat, CallHeader, ReplyHeader};

use crate::auth::{self, Needs};
use crate::call::{self, Call};
use crate::connection::{Door, Peer, Replies};
use crate::locks::Contact;
use crate::proc::{self, Begun};
use crate::replay::Seen;
use crate::server::Shared;
use crate::session::Session;
use crate::{mount, nlm, nsm, portmap};

/// A call that runs. It writes its reply itself.
pub(crate) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What becomes of a record.
pub(crate) enum Start {
    /// It needs nothing more.
    Done,
    /// The call has to run; its reply takes at most so many bytes.
    Run(Running, usize),
    /// The sender is no RPC client: the connection is to be closed.
    Close,
}

/// Where the calls of one connection come from and their replies go.
pub(crate) struct Desk {
    pub shared: Arc<Shared>,
    pub peer: Peer,
    pub replies: Replies,
}

impl Desk {
    /// Begins the call in `record`.
    pub fn start(&self, record: Bytes) -> Start {
        let mut input = Reader::new(record);
        let header = match CallHeader::decode(&mut input) {
            Ok(header) => header,
            Err(error) => {
                tracing::debug!(peer = %self.peer.address, %error, "a malformed call");
                return match error.reply() {
                    Some(reply) => self.reply(&reply),
                    None => Start::Close,
                };
            }
        };
        let version = match header.program {
            nfs3::PROGRAM | mount3::PROGRAM | nlm4::PROGRAM if self.peer.door == Door::Portmapper => {
                return self.refuse(header.xid, AcceptStatus::ProgramUnavailable);
            }
            nfs3::PROGRAM => nfs3::VERSION,
            mount3::PROGRAM => mount3::VERSION,
            portmap2::PROGRAM => portmap2::VERSION,
            nlm4::PROGRAM => nlm4::VERSION,
            nsm1::PROGRAM => nsm1::VERSION,
            _ => return self.refuse(header.xid, AcceptStatus::ProgramUnavailable),
        };
        if header.version != version {
            return self.refuse(header.xid, AcceptStatus::ProgramMismatch { low: version, high: version });
        }
        match header.program {
            nfs3::PROGRAM => self.nfs(&header, input),
            mount3::PROGRAM => self.mount(&header, &input),
            nlm4::PROGRAM => self.nlm(&header, &input),
            nsm1::PROGRAM => self.nsm(&header, &input),
            _ => self.portmap(&header, &input),
        }
    }

    fn nfs(&self, header: &CallHeader, mut input: Reader) -> Start {
        let xid = header.xid;
        let Some(procedure) = Procedure3::from_u32(header.procedure) else {
            return self.refuse(xid, AcceptStatus::ProcedureUnavailable);
        };
        let needs = if procedure == Procedure3::Null { Needs::Nobody } else { Needs::User };
        let caller = match auth::caller(header, needs) {
            Ok(caller) => caller,
            Err(stat) => return self.deny(xid, stat),
        };
        let ticket = if proc::must_not_run_twice(procedure) {
            let seen = self.shared.replays.begin(&self.peer, xid, header.procedure, &caller, &input.rest());
            match seen {
                Seen::Never(ticket) => Some(ticket),
                Seen::Answered(reply) => {
                    self.replies.write(|out| out.put_raw(&reply));
                    return Start::Done;
                }
                Seen::Running => return Start::Done,
                Seen::RunningElsewhere(reply) => {
                    let replies = self.replies.clone();
                    let wait = async move {
                        if let Ok(reply) = reply.await {
                            replies.write(|out| out.put_raw(&reply));
                        }
                    };
                    return Start::Run(Box::pin(wait), 0);
                }
            }
        } else {
            None
        };
        let session = Session { shared: Arc::clone(&self.shared), caller, client: self.client_ip(), xid };
        let (started, replies) = (self.replies.now(), self.replies.clone());
        let call = Call { session, procedure, started, replies, ticket };
        match proc::begin(call, &mut input) {
            Ok(Begun { running, reply_bytes }) => Start::Run(running, reply_bytes),
            Err(error) => {
                let procedure = procedure.name();
                tracing::debug!(peer = %self.peer.address, procedure, %error, "malformed arguments");
                self.refuse(xid, AcceptStatus::GarbageArguments)
            }
        }
    }

    fn mount(&self, header: &CallHeader, input: &Reader) -> Start {
        let xid = header.xid;
        let Some(procedure) = MountProcedure::from_u32(header.procedure) else {
            return self.refuse(xid, AcceptStatus::ProcedureUnavailable);
        };
        if let Err(stat) = auth::caller(header, Needs::Nobody) {
            return self.deny(xid, stat);
        }
        let Ok(call) = MountCall::decode_args(procedure, input.rest()) else {
            return self.refuse(xid, AcceptStatus::GarbageArguments);
        };
        let (shared, client, replies) = (Arc::clone(&self.shared), self.peer.address, self.replies.clone());
        let run = async move {
            match AssertUnwindSafe(mount::run(&shared, client, call)).catch_unwind().await {
                Ok(reply) => replies.write(|out| rpc::write_success(out, xid, &reply)),
                Err(panic) => call::panicked(&replies, xid, procedure.name(), &*panic),
            }
        };
        Start::Run(Box::pin(run), 0)
    }

    fn nlm(&self, header: &CallHeader, input: &Reader) -> Start {
        let xid = header.xid;
        let Some(procedure) = LockProcedure::from_u32(header.procedure) else {
            return self.refuse(xid, AcceptStatus::ProcedureUnavailable);
        };
        let needs = if nlm::needs_user(procedure) { Needs::User } else { Needs::Nobody };
        let caller = match auth::caller(header, needs) {
            Ok(caller) => caller,
            Err(stat) => return self.deny(xid, stat),
        };
        let Ok(call) = LockCall::decode_args(procedure, input.rest()) else {
            return self.refuse(xid, AcceptStatus::GarbageArguments);
        };
        let contact = Contact { client: self.client_ip(), server: self.peer.local.to_canonical() };
        let session = nlm::Session { shared: Arc::clone(&self.shared), caller, contact };
        let replies = self.replies.clone();
        let run = async move {
            match AssertUnwindSafe(nlm::run(session, call)).catch_unwind().await {
                Ok(reply) => replies.write(|out| rpc::write_success(out, xid, &reply)),
                Err(panic) => call::panicked(&replies, xid, procedure.name(), &*panic),
            }
        };
        Start::Run(Box::pin(run), 0)
    }

    fn nsm(&self, header: &CallHeader, input: &Reader) -> Start {
        let xid = header.xid;
        let Some(procedure) = StatusProcedure::from_u32(header.procedure) else {
            return self.refuse(xid, AcceptStatus::ProcedureUnavailable);
        };
        if let Err(stat) = auth::caller(header, Needs::Nobody) {
            return self.deny(xid, stat);
        }
        let Ok(call) = StatusCall::decode_args(procedure, input.rest()) else {
            return self.refuse(xid, AcceptStatus::GarbageArguments);
        };
        let (shared, client, replies) = (Arc::clone(&self.shared), self.client_ip(), self.replies.clone());
        let run = async move {
            match AssertUnwindSafe(nsm::run(&shared, client, call)).catch_unwind().await {
                Ok(Some(reply)) => replies.write(|out| rpc::write_success(out, xid, &reply)),
                Ok(None) => {
                    let refusal = ReplyHeader::accepted(xid, AcceptStatus::ProcedureUnavailable);
                    replies.write(|out| rpc::write_reply(out, &refusal));
                }
                Err(panic) => call::panicked(&replies, xid, procedure.name(), &*panic),
            }
        };
        Start::Run(Box::pin(run), 0)
    }

    fn portmap(&self, header: &CallHeader, input: &Reader) -> Start {
        let xid = header.xid;
        let Some(procedure) = PortmapProcedure::from_u32(header.procedure) else {
            return self.refuse(xid, AcceptStatus::ProcedureUnavailable);
        };
        if let Err(stat) = auth::caller(header, Needs::Nobody) {
            return self.deny(xid, stat);
        }
        let Ok(call) = PortmapCall::decode_args(procedure, input.rest()) else {
            return self.refuse(xid, AcceptStatus::GarbageArguments);
        };
        match portmap::answer(&call, &self.shared) {
            Some(reply) => self.replies.write(|out| rpc::write_success(out, xid, &reply)),
            None => return self.refuse(xid, AcceptStatus::ProcedureUnavailable),
        }
        Start::Done
    }

    /// The peer's address; one machine has one, by whichever family it comes in.
    fn client_ip(&self) -> IpAddr {
        self.peer.address.ip().to_canonical()
    }

    fn refuse(&self, xid: u32, status: AcceptStatus) -> Start {
        self.reply(&ReplyHeader::accepted(xid, status))
    }

    fn deny(&self, xid: u32, stat: AuthStat) -> Start {
        self.reply(&ReplyHeader::auth_error(xid, stat))
    }

    fn reply(&self, reply: &ReplyHeader) -> Start {
        self.replies.write(|out| rpc::write_reply(out, reply));
        Start::Done
    }
}
