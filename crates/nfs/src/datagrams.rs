//! The portmapper's port for datagrams: PORTMAP and NSM, one call at a time.
//!
//! A datagram's sender may be forged: nothing that is answered here is much larger than its question, and a NOTIFY
//! frees no more than the machine it names could free itself.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use crate::connection::{Door, Peer, Replies};
use crate::dispatch::{Desk, Start};
use crate::limits::{ACCEPT_RETRY, DATAGRAM_MAX_BYTES};
use crate::server::Shared;

/// Answers until the server drains.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    socket: UdpSocket,
    own: SocketAddr,
    draining: CancellationToken,
) {
    let mut buffer = vec![0; DATAGRAM_MAX_BYTES];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            () = draining.cancelled() => return,
        };
        let (length, from) = match received {
            Ok(received) => received,
            Err(error) => {
                // The answer to an earlier datagram that came back, or a lack of memory.
                tracing::debug!(%error, "a datagram could not be received");
                tokio::time::sleep(ACCEPT_RETRY).await;
                continue;
            }
        };
        let peer = Peer { address: from, local: own.ip(), id: 0, door: Door::Portmapper };
        let desk = Desk { shared: shared.clone(), peer, replies: Replies::new() };
        match desk.start(Bytes::copy_from_slice(&buffer[..length])) {
            Start::Done => {}
            Start::Run(running, _) => running.await,
            Start::Close => continue,
        }
        if let Some(reply) = desk.replies.take_datagram()
            && let Err(error) = socket.send_to(&reply, from).await
        {
            tracing::debug!(client = %from, %error, "a datagram could not be sent");
        }
    }
}
