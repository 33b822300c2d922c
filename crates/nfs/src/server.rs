//! The server: one listener, one task per connection, and an orderly end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use holdfast_base::limits::CONNECTIONS_MAX;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::attachments::Attachments;
use crate::connection::{self, Door, Peer};
use crate::datagrams;
use crate::exports::Exports;
use crate::handle::HandleKey;
use crate::limits::{ACCEPT_RETRY, DRAIN_MAX, LISTEN_BACKLOG, PEER_STALL_MAX};
use crate::locks::{Locks, Service};
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
    /// The locks. They end with the server.
    pub locks: Locks,
    /// The attachments; made with the same locks.
    pub attachments: Attachments,
}

/// What all connections share.
pub(crate) struct Shared {
    pub volumes: Arc<dyn Volumes>,
    pub exports: Arc<dyn Exports>,
    pub handles: HandleKey,
    pub metrics: Metrics,
    pub replays: Replays,
    pub mounts: MountTable,
    pub attachments: Attachments,
    pub locks: Arc<Service>,
    /// The port that PORTMAP names.
    pub port: u16,
    /// The portmapper's own port, if it has one.
    pub portmap_port: OnceLock<u16>,
}

/// A server for NFS version 3, MOUNT version 3, NLM version 4, NSM version 1 and PORTMAP version 2 over TCP, all on one
/// port.
pub struct NfsServer {
    listener: TcpListener,
    address: SocketAddr,
    portmapper: Option<Portmapper>,
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
        let (listener, address) = listen(address)?;
        let shared = Arc::new(Shared {
            volumes,
            exports,
            handles: HandleKey::new(&config.handle_key),
            metrics: Metrics::new(),
            replays: Replays::default(),
            mounts: MountTable::default(),
            attachments: config.attachments,
            locks: config.locks.0,
            port: address.port(),
            portmap_port: OnceLock::new(),
        });
        Ok(Self { listener, address, portmapper: None, shared, peer_patience: PEER_STALL_MAX })
    }

    /// Answers PORTMAP and NSM on a port of their own as well, over TCP and UDP; a port of 0 takes any that is free.
    /// Clients find the lock manager only through port 111 of the server's address.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn with_portmapper(self, address: SocketAddr) -> io::Result<Self> {
        let (tcp, address) = listen(address)?;
        let udp = UdpSocket::bind(address).await?;
        self.shared.portmap_port.get_or_init(|| address.port());
        Ok(Self { portmapper: Some(Portmapper { tcp, udp, address }), ..self })
    }

    /// Where the portmapper listens, if it does.
    pub fn portmap_addr(&self) -> Option<SocketAddr> {
        self.portmapper.as_ref().map(|portmapper| portmapper.address)
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
        self.shared.locks.notify_clients();
        let Self { listener, address, portmapper, shared, peer_patience } = self;
        let mut hall = Hall {
            shared,
            peer_patience,
            connections: JoinSet::new(),
            draining: CancellationToken::new(),
            last_id: 0,
        };
        let portmap_listener = portmapper.map(|Portmapper { tcp, udp, address }| {
            let (shared, draining) = (hall.shared.clone(), hall.draining.clone());
            hall.connections.spawn(datagrams::serve(shared, udp, address, draining));
            tcp
        });
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                accepted = listener.accept() => hall.welcome(accepted, Door::Nfs, address).await,
                accepted = accept(portmap_listener.as_ref()) => {
                    hall.welcome(accepted, Door::Portmapper, address).await;
                }
                Some(ended) = hall.connections.join_next() => report(ended),
                () = &mut shutdown => break,
            }
        }
        drop((listener, portmap_listener));
        hall.drain().await;
    }
}

/// The portmapper's own port.
struct Portmapper {
    tcp: TcpListener,
    udp: UdpSocket,
    address: SocketAddr,
}

/// All connections.
struct Hall {
    shared: Arc<Shared>,
    peer_patience: Duration,
    connections: JoinSet<()>,
    draining: CancellationToken,
    last_id: u64,
}

impl Hall {
    async fn welcome(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>, door: Door, own: SocketAddr) {
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                return tokio::time::sleep(ACCEPT_RETRY).await;
            }
        };
        if self.connections.len() >= CONNECTIONS_MAX {
            // Closed and not left waiting: the client learns that it has to try again later.
            self.shared.metrics.connections_refused.increment(1);
            tracing::debug!(peer = %address, limit = CONNECTIONS_MAX, "a connection over the limit is refused");
            return;
        }
        self.last_id += 1;
        // Without an address of ours the connection is broken already; its first use will tell.
        let local = stream.local_addr().map_or(own.ip(), |local| local.ip());
        let peer = Peer { address, local, id: self.last_id, door };
        let (shared, draining) = (Arc::clone(&self.shared), self.draining.clone());
        self.connections.spawn(connection::serve(shared, stream, peer, self.peer_patience, draining));
    }

    /// Ends all connections, and the locks' log behind them.
    async fn drain(mut self) {
        self.draining.cancel();
        let drained = async {
            while let Some(ended) = self.connections.join_next().await {
                report(ended);
            }
        };
        if tokio::time::timeout(DRAIN_MAX, drained).await.is_err() {
            tracing::warn!(left = self.connections.len(), "connections did not end in time and are cut");
            self.connections.shutdown().await;
        }
        self.shared.locks.end().await;
    }
}

/// Listens on an address, and says on which port.
fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A restarted server takes its port back while old connections still linger.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(LISTEN_BACKLOG)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// The next connection of a listener; never, where there is none.
async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
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
