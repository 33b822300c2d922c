//! How a connection is made and how long it waits.

use std::net::SocketAddr;
use std::time::Duration;

use holdfast_base::limits::RPC_RECORD_MAX_BYTES;
use tokio::net::{TcpSocket, TcpStream};

use crate::{ClientError, CloseReason};

/// Settings of one connection.
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Longest wait for the connection.
    pub connect_timeout: Duration,
    /// Longest wait for a reply, counted from when the call is queued; up to a sixteenth more may pass.
    pub call_timeout: Duration,
    /// Largest reply record accepted, bytes.
    pub record_max_bytes: usize,
    /// The local address to connect from, for tests that come back from the same port.
    pub local_address: Option<SocketAddr>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(30),
            // Room for a READDIRPLUS of the largest payload with its headers.
            record_max_bytes: RPC_RECORD_MAX_BYTES,
            local_address: None,
        }
    }
}

impl ConnectOptions {
    /// Connects, with Nagle's algorithm off: batching is done here, and a last small record must not wait.
    pub(crate) async fn open(&self, server: SocketAddr) -> Result<TcpStream, ClientError> {
        let connected = tokio::time::timeout(self.connect_timeout, self.connect(server)).await;
        Ok(connected.map_err(|_| ClientError::Timeout)?.map_err(CloseReason::from)?)
    }

    async fn connect(&self, server: SocketAddr) -> std::io::Result<TcpStream> {
        let socket = if server.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(local) = self.local_address {
            socket.set_reuseaddr(true)?;
            socket.bind(local)?;
        }
        let stream = socket.connect(server).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}
