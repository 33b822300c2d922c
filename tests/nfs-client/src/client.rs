//! A connection with a credential: what tests and load generators hold.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_wire::record::write_record;
use holdfast_wire::rpc::{
    AcceptStatus, Credential, MESSAGE_CALL, OpaqueAuth, Procedure, RPC_VERSION, ReplyBody, ReplyHeader,
};
use holdfast_wire::{Decode, Encode, Reader, Rope};

use crate::connection::Connection;
use crate::{ClientError, CloseReason, ConnectOptions};

/// Which procedure a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The program's number.
    pub program: u32,
    /// The program's version.
    pub version: u32,
    /// The procedure's number.
    pub procedure: u32,
}

impl Target {
    /// The target of a procedure that is known at compile time.
    pub const fn of<P: Procedure>() -> Self {
        Self { program: P::PROGRAM, version: P::VERSION, procedure: P::NUMBER }
    }
}

/// A client. Clones share the connection, which closes with the last of them.
#[derive(Clone, Debug)]
pub struct Client {
    connection: Arc<Connection>,
    /// Credential and verifier, encoded once.
    auth: Bytes,
}

impl Client {
    /// Connects to `server` with default options.
    pub async fn connect(server: SocketAddr, credential: impl Into<Credential>) -> Result<Self, ClientError> {
        Self::connect_with(server, credential, ConnectOptions::default()).await
    }

    /// Connects to `server`.
    pub async fn connect_with(
        server: SocketAddr,
        credential: impl Into<Credential>,
        options: ConnectOptions,
    ) -> Result<Self, ClientError> {
        let connection = Arc::new(Connection::open(server, options).await?);
        Ok(Self { connection, auth: encoded_auth(&credential.into()) })
    }

    /// The same connection, used by somebody else.
    pub fn with_credential(&self, credential: impl Into<Credential>) -> Self {
        Self { connection: Arc::clone(&self.connection), auth: encoded_auth(&credential.into()) }
    }

    /// Our end of the connection.
    pub fn local_address(&self) -> SocketAddr {
        self.connection.local_address
    }

    /// Why the connection has ended, if it has.
    pub fn closed(&self) -> Option<CloseReason> {
        self.connection.shared.waiters.closed()
    }

    /// Replies that nobody waited for: answers given twice, or after their time.
    pub fn stray_replies(&self) -> u64 {
        self.connection.shared.waiters.stray_replies()
    }

    /// Calls a procedure: `client.call::<nfs3::op::GetAttr>(&args)`.
    pub async fn call<P: Procedure>(&self, args: &P::Args) -> Result<P::Reply, ClientError> {
        self.typed::<P>(None, args).await
    }

    /// Calls a procedure with a transaction id of the caller's choice, as a retransmission would.
    pub async fn call_with_xid<P: Procedure>(
        &self,
        xid: u32,
        args: &P::Args,
    ) -> Result<P::Reply, ClientError> {
        self.typed::<P>(Some(xid), args).await
    }

    /// Sends any arguments to any target and returns the reply as it came: the header, and a reader at the result.
    /// Already encoded arguments can be sent with [`Rope::put_raw`] in an [`Encode`] of one's own.
    pub async fn exchange(
        &self,
        xid: Option<u32>,
        target: Target,
        args: &impl Encode,
    ) -> Result<(ReplyHeader, Reader), ClientError> {
        let record = self.record(xid, target, args).await?;
        let mut input = Reader::new(record);
        let header = ReplyHeader::decode(&mut input)
            .map_err(|source| ClientError::Malformed { procedure: "a raw call", source })?;
        Ok((header, input))
    }

    async fn typed<P: Procedure>(&self, xid: Option<u32>, args: &P::Args) -> Result<P::Reply, ClientError> {
        let malformed = |source| ClientError::Malformed { procedure: P::NAME, source };
        let mut input = Reader::new(self.record(xid, Target::of::<P>(), args).await?);
        match ReplyHeader::decode(&mut input).map_err(malformed)?.body {
            ReplyBody::Accepted { status: AcceptStatus::Success, .. } => {
                let reply = P::Reply::decode(&mut input).map_err(malformed)?;
                input.finish().map_err(malformed)?;
                Ok(reply)
            }
            refusal => Err(ClientError::Refused(refusal)),
        }
    }

    /// Queues a call and waits for the record that answers it.
    async fn record(
        &self,
        xid: Option<u32>,
        target: Target,
        args: &impl Encode,
    ) -> Result<Bytes, ClientError> {
        let shared = &self.connection.shared;
        let pending = shared.waiters.enter(xid)?;
        let xid = pending.xid();
        let write = |out: &mut Rope| {
            write_record(out, |out| {
                let Target { program, version, procedure } = target;
                for word in [xid, MESSAGE_CALL, RPC_VERSION, program, version, procedure] {
                    out.put_u32(word);
                }
                out.put_raw(&self.auth);
                args.encode(out);
            });
        };
        if !shared.outbox.try_push(write) {
            let pushed =
                tokio::time::timeout(self.connection.options.call_timeout, shared.outbox.push(write));
            pushed.await.map_err(|_| ClientError::Timeout)?;
        }
        pending.await
    }
}

fn encoded_auth(credential: &Credential) -> Bytes {
    let mut out = Rope::new();
    credential.encode(&mut out);
    OpaqueAuth::NONE.encode(&mut out);
    out.into_bytes()
}
