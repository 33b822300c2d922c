//! Bytes out, records in: for malformed, cut, repeated and mistimed messages.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use holdfast_wire::record::{RecordDecoder, record_header};
use holdfast_wire::rpc::{CallHeader, Credential, OpaqueAuth, Procedure, ReplyHeader, write_call};
use holdfast_wire::{Decode, Encode, Reader, Rope};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{ClientError, CloseReason, ConnectOptions, Target};

/// Room for one read.
const READ_BYTES: usize = 64 << 10;

/// A connection that does only what it is told. Each send and each read is bounded by the call timeout.
#[derive(Debug)]
pub struct RawConnection {
    stream: TcpStream,
    buffer: BytesMut,
    decoder: RecordDecoder,
    options: ConnectOptions,
}

impl RawConnection {
    /// Connects to `server`.
    pub async fn connect(server: SocketAddr, options: ConnectOptions) -> Result<Self, ClientError> {
        let stream = options.open(server).await?;
        let decoder = RecordDecoder::new(options.record_max_bytes);
        Ok(Self { stream, buffer: BytesMut::new(), decoder, options })
    }

    /// Our end of the connection.
    pub fn local_address(&self) -> Result<SocketAddr, ClientError> {
        Ok(self.stream.local_addr().map_err(CloseReason::from)?)
    }

    /// Sends bytes as they are: record headers are the caller's business.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        let sent = tokio::time::timeout(self.options.call_timeout, self.stream.write_all(bytes)).await;
        Ok(sent.map_err(|_| ClientError::Timeout)?.map_err(CloseReason::from)?)
    }

    /// Sends one record of one fragment.
    pub async fn send_record(&mut self, record: &[u8]) -> Result<(), ClientError> {
        self.send(&[&record_header(record.len()), record].concat()).await
    }

    /// Sends a well-formed call of a procedure, without waiting for its reply.
    pub async fn send_call<P: Procedure>(
        &mut self,
        xid: u32,
        credential: &Credential,
        args: &P::Args,
    ) -> Result<(), ClientError> {
        self.send(&encode_call(xid, Target::of::<P>(), credential, args)).await
    }

    /// The next record, or `None` when the server has closed the connection between two records.
    pub async fn read_record(&mut self) -> Result<Option<Bytes>, ClientError> {
        let read = tokio::time::timeout(self.options.call_timeout, self.next_record());
        Ok(read.await.map_err(|_| ClientError::Timeout)??)
    }

    /// The next record as a reply: its header, and a reader at the result.
    pub async fn read_reply(&mut self) -> Result<(ReplyHeader, Reader), ClientError> {
        let record = self.read_record().await?.ok_or(CloseReason::ByServer)?;
        let mut input = Reader::new(record);
        let header = ReplyHeader::decode(&mut input)
            .map_err(|source| ClientError::Malformed { procedure: "a raw call", source })?;
        Ok((header, input))
    }

    /// Waits until the server closes or resets the connection; a record instead is `false`.
    pub async fn is_closed_by_server(&mut self) -> Result<bool, ClientError> {
        match self.read_record().await {
            Ok(None) | Err(ClientError::Closed(_)) => Ok(true),
            Ok(Some(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends our direction of the stream; the server's may go on.
    pub async fn finish_sending(&mut self) -> Result<(), ClientError> {
        Ok(self.stream.shutdown().await.map_err(CloseReason::from)?)
    }

    async fn next_record(&mut self) -> Result<Option<Bytes>, CloseReason> {
        loop {
            if let Some(record) = self.decoder.next_record(&mut self.buffer)? {
                return Ok(Some(record));
            }
            self.buffer.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                let clean = self.decoder.is_between_records(&self.buffer);
                return if clean { Ok(None) } else { Err(CloseReason::ByServer) };
            }
        }
    }
}

/// A whole record with one call in it.
fn encode_call(xid: u32, target: Target, credential: &Credential, args: &impl Encode) -> Bytes {
    let Target { program, version, procedure } = target;
    let verifier = OpaqueAuth::NONE;
    let header = CallHeader { xid, program, version, procedure, credential: credential.clone(), verifier };
    let mut out = Rope::new();
    write_call(&mut out, &header, args);
    out.into_bytes()
}
