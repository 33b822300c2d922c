//! The server: one listener, one task per connection, and an orderly end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use holdfast_base::limits::CONNECTIONS_MAX;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::connection::{self, Peer};
use crate::exports::Exports;
use crate::handle::HandleKey;
use crate::limits::{ACCEPT_RETRY, DRAIN_MAX, LISTEN_BACKLOG, PEER_STALL_MAX};
use crate::metrics::Metrics;
use crate::mount::MountTable;
use crate::replay::Replays;
use crate::volumes::Volumes;

/// What a server has to be told.
#[derive(Clone)]
pub struct NfsConfig {
    /// The secret under which file handles are sealed. Keep it as long as any client may hold a handle: with another
    /// one every handle is NFS3ERR_BADHANDLE.
    pub handle_key: [u8; 32],
}

/// What all connections share.
pub(crate) struct Shared {
    pub volumes: Arc<dyn Volumes>,
    pub exports: Arc<dyn Exports>,
    pub handles: HandleKey,
    pub metrics: Metrics,
    pub replays: Replays,
    pub mounts: MountTable,
    /// The port that PORTMAP names.
    pub port: u16,
}

/// A server for NFS version 3, MOUNT version 3 and PORTMAP version 2 over TCP, all on one port.
pub struct NfsServer {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    peer_patience: Duration,
}

impl NfsServer {
    /// Listens on `address`; a port of 0 takes any that is free. Clients are answered once [`run`](Self::run) runs.
    ///
    /// A metrics recorder must be installed before, or this server's numbers are lost.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(
        address: SocketAddr,
        config: NfsConfig,
        volumes: Arc<dyn Volumes>,
        exports: Arc<dyn Exports>,
    ) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A restarted server takes its port back while old connections still linger.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(LISTEN_BACKLOG)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            volumes,
            exports,
            handles: HandleKey::new(&config.handle_key),
            metrics: Metrics::new(),
            replays: Replays::default(),
            mounts: MountTable::default(),
            port: address.port(),
        });
        Ok(Self { listener, address, shared, peer_patience: PEER_STALL_MAX })
    }

    /// How long a client may take to end a record that it began, or to take replies, before its connection is closed;
    /// at most twice of it passes. Sixty seconds unless set.
    #[must_use]
    pub fn with_peer_patience(self, peer_patience: Duration) -> Self {
        Self { peer_patience, ..self }
    }

    /// Where the server listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` completes, then drains: no more connections, no more calls, running calls finish and
    /// are answered, within ten seconds.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let mut connections = JoinSet::new();
        let draining = CancellationToken::new();
        let mut next_id = 0;
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, address)) => {
                        next_id += 1;
                        let peer = Peer { address, id: next_id };
                        self.welcome(&mut connections, stream, peer, &draining);
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_RETRY).await;
                    }
                },
                Some(ended) = connections.join_next() => report(ended),
                () = &mut shutdown => break,
            }
        }
        drop(self.listener);
        draining.cancel();
        let drained = async {
            while let Some(ended) = connections.join_next().await {
                report(ended);
            }
        };
        if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
            tracing::warn!(left = connections.len(), "connections did not end in time and are cut");
            connections.shutdown().await;
        }
    }

    fn welcome(
        &self,
        connections: &mut JoinSet<()>,
        stream: TcpStream,
        peer: Peer,
        draining: &CancellationToken,
    ) {
        if connections.len() >= CONNECTIONS_MAX {
            // Closed and not left waiting: the client learns that it has to try again later.
            self.shared.metrics.connections_refused.increment(1);
            tracing::debug!(peer = %peer.address, limit = CONNECTIONS_MAX, "a connection over the limit is refused");
            return;
        }
        let (shared, draining) = (Arc::clone(&self.shared), draining.clone());
        connections.spawn(connection::serve(shared, stream, peer, self.peer_patience, draining));
    }
}

/// A panic outside of any call costs its connection and nothing else.
fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a connection ended in a panic");
    }
}
