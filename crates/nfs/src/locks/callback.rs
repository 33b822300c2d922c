//! Calls to clients: their lock manager and status monitor, found through their portmapper. One connection for each
//! call, from the address that the client knows us by. Everything is bounded in time and size; a client can cost no
//! more than that.

use std::io;
use std::net::SocketAddr;

use bytes::BytesMut;
use holdfast_wire::portmap2::{self, IPPROTO_TCP, Mapping};
use holdfast_wire::record::RecordDecoder;
use holdfast_wire::rpc::{
    self, AcceptStatus, AuthSys, CallHeader, OpaqueAuth, Procedure, ReplyBody, ReplyHeader,
};
use holdfast_wire::{Bytes, Decode, Reader, Rope};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::owner::Contact;
use crate::limits::{CALLBACK_CALL_MAX, CALLBACK_CONNECT_MAX, CALLBACK_REPLY_MAX_BYTES};

/// The transaction id of every call: each has a connection of its own.
const XID: u32 = 1;

/// Why a client did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The client has not seen the call.
    #[error("the client cannot be reached: {0}")]
    Unreachable(io::Error),
    /// The client may have seen the call.
    #[error("the client does not answer: {0}")]
    Unanswered(io::Error),
}

/// How clients are called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback {
    /// Where clients answer PORTMAP.
    pub portmap_port: u16,
}

impl Callback {
    /// Calls a procedure of a client.
    pub async fn call<P: Procedure>(&self, contact: Contact, args: &P::Args) -> Result<P::Reply, CallError> {
        let wanted = Mapping { program: P::PROGRAM, version: P::VERSION, protocol: IPPROTO_TCP, port: 0 };
        let portmapper = SocketAddr::new(contact.client, self.portmap_port);
        let port = exchange::<portmap2::op::GetPort>(contact, portmapper, &wanted).await;
        let port = port.map_err(|error| match error {
            CallError::Unreachable(error) | CallError::Unanswered(error) => CallError::Unreachable(error),
        })?;
        match u16::try_from(port) {
            Ok(0) | Err(_) => Err(CallError::Unreachable(io::ErrorKind::AddrNotAvailable.into())),
            Ok(port) => exchange::<P>(contact, SocketAddr::new(contact.client, port), args).await,
        }
    }
}

async fn exchange<P: Procedure>(
    contact: Contact,
    to: SocketAddr,
    args: &P::Args,
) -> Result<P::Reply, CallError> {
    let late = || io::Error::from(io::ErrorKind::TimedOut);
    let connected = timeout(CALLBACK_CONNECT_MAX, connect(contact, to)).await;
    let stream = connected.map_err(|_| late()).and_then(|connected| connected);
    let stream = stream.map_err(CallError::Unreachable)?;
    let answered = timeout(CALLBACK_CALL_MAX, converse::<P>(stream, args)).await;
    answered.map_err(|_| late()).and_then(|answer| answer).map_err(CallError::Unanswered)
}

async fn connect(contact: Contact, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A client takes a grant only from the address that it asked.
    socket.bind(SocketAddr::new(contact.server, 0))?;
    socket.connect(to).await
}

async fn converse<P: Procedure>(mut stream: TcpStream, args: &P::Args) -> io::Result<P::Reply> {
    let header = CallHeader {
        xid: XID,
        program: P::PROGRAM,
        version: P::VERSION,
        procedure: P::NUMBER,
        credential: AuthSys::new(0, 0, &[]).into(),
        verifier: OpaqueAuth::NONE,
    };
    let mut out = Rope::new();
    rpc::write_call(&mut out, &header, args);
    stream.write_all_buf(&mut out).await?;
    let mut input = Reader::new(receive(&mut stream).await?);
    let malformed = |error: holdfast_wire::XdrError| io::Error::new(io::ErrorKind::InvalidData, error);
    let reply = ReplyHeader::decode(&mut input).map_err(malformed)?;
    match reply.body {
        ReplyBody::Accepted { status: AcceptStatus::Success, .. } if reply.xid == XID => {
            P::Reply::decode(&mut input).map_err(malformed)
        }
        refusal => Err(io::Error::other(format!("refused: {refusal:?}"))),
    }
}

async fn receive(stream: &mut TcpStream) -> io::Result<Bytes> {
    let mut decoder = RecordDecoder::new(CALLBACK_REPLY_MAX_BYTES);
    let mut buffer = BytesMut::new();
    loop {
        let record = decoder.next_record(&mut buffer);
        if let Some(record) = record.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))? {
            return Ok(record);
        }
        buffer.reserve(decoder.room_bytes(&buffer, CALLBACK_REPLY_MAX_BYTES));
        if stream.read_buf(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
