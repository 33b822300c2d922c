//! The client against a server that misbehaves on request.

mod server;

use std::time::{Duration, Instant};

use futures::future::join_all;
use holdfast_nfs_client::{Client, ClientError, CloseReason, ConnectOptions, RawConnection, Target};
use holdfast_wire::nfs3::{GetAttrArgs, GetAttrRes, NfsStat3, op};
use holdfast_wire::rpc::{AuthStat, AuthSys, Credential, Rejection, ReplyBody};
use holdfast_wire::{Decode, Encode, Rope};

fn args(bytes: &[u8]) -> GetAttrArgs {
    GetAttrArgs { object: server::handle(bytes) }
}

fn user(uid: u32) -> AuthSys {
    AuthSys::new(uid, uid, &[])
}

fn short_timeout() -> ConnectOptions {
    ConnectOptions { call_timeout: Duration::from_millis(160), ..ConnectOptions::default() }
}

async fn fileid(client: &Client, id: u64) -> u64 {
    let reply = client.getattr(&GetAttrArgs { object: server::file(id) }).await.expect("an answer");
    reply.expect("attributes").attributes.fileid
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipelined_replies_find_their_callers() {
    let client = Client::connect(server::start().await, user(0)).await.expect("a connection");
    let answers = join_all((0..2000).map(|id| fileid(&client, id))).await;
    assert!(answers.into_iter().eq(0..2000));
    assert_eq!(client.stray_replies(), 0);
}

#[tokio::test]
async fn credentials_share_a_connection() {
    let root = Client::connect(server::start().await, user(0)).await.expect("a connection");
    let other = root.with_credential(user(1000));
    assert_eq!(root.local_address(), other.local_address());
    for (client, uid) in [(&root, 0), (&other, 1000), (&root.with_credential(Credential::None), u32::MAX)] {
        let reply = client.getattr(&args(&[0; 8])).await.expect("an answer");
        assert_eq!(reply.expect("attributes").attributes.uid, uid);
    }
}

#[tokio::test]
async fn failures_are_answers_and_refusals_are_errors() {
    let client = Client::connect(server::start().await, user(0)).await.expect("a connection");
    let failure = client.getattr(&args(b"odd")).await.expect("an answer").expect_err("a failure");
    assert_eq!(failure.status, NfsStat3::BadHandle);
    let error = client.getattr(&args(server::DENY)).await.expect_err("a refusal");
    let too_weak = ReplyBody::Denied(Rejection::Auth(AuthStat::TooWeak));
    assert!(matches!(error, ClientError::Refused(body) if body == too_weak));
}

#[tokio::test]
async fn silence_times_out_and_disturbs_nobody() {
    let address = server::start().await;
    let client = Client::connect_with(address, user(0), short_timeout()).await.expect("a connection");
    let started = Instant::now();
    let silent_args = args(server::SILENT);
    let (silent, answered) = tokio::join!(client.getattr(&silent_args), fileid(&client, 5));
    assert!(matches!(silent, Err(ClientError::Timeout)), "{silent:?}");
    assert_eq!(answered, 5);
    assert!((Duration::from_millis(150)..Duration::from_secs(2)).contains(&started.elapsed()));
    assert_eq!(fileid(&client, 6).await, 6);
}

#[tokio::test]
async fn a_closed_connection_fails_every_call() {
    let client = Client::connect(server::start().await, user(0)).await.expect("a connection");
    let (silent, close) = (args(server::SILENT), args(server::CLOSE));
    let (first, second) = tokio::join!(client.getattr(&silent), client.getattr(&close));
    for reply in [first, second, client.getattr(&args(b"later")).await] {
        assert!(matches!(reply, Err(ClientError::Closed(_))), "{reply:?}");
    }
    assert!(client.closed().is_some());
}

#[tokio::test]
async fn a_second_answer_is_counted() {
    let client = Client::connect(server::start().await, user(0)).await.expect("a connection");
    assert!(client.getattr(&args(server::TWICE)).await.expect("an answer").is_ok());
    assert_eq!(fileid(&client, 1).await, 1);
    assert_eq!(client.stray_replies(), 1);
}

#[tokio::test]
async fn transaction_ids_can_be_chosen_once_at_a_time() {
    let client =
        Client::connect_with(server::start().await, user(0), short_timeout()).await.expect("a connection");
    let (silent, other) = (args(server::SILENT), args(&[0; 8]));
    let outstanding = client.call_with_xid::<op::GetAttr>(7, &silent);
    let (first, second) = tokio::join!(outstanding, client.call_with_xid::<op::GetAttr>(7, &other));
    assert!(matches!(first, Err(ClientError::Timeout)));
    assert!(matches!(second, Err(ClientError::XidInUse(7))));
    // Free again once its call has ended.
    assert!(client.call_with_xid::<op::GetAttr>(7, &other).await.is_ok());
}

#[tokio::test]
async fn a_cancelled_call_leaves_nothing_behind() {
    let client = Client::connect(server::start().await, user(0)).await.expect("a connection");
    let silent = args(server::SILENT);
    let call = client.call_with_xid::<op::GetAttr>(9, &silent);
    assert!(tokio::time::timeout(Duration::from_millis(20), call).await.is_err());
    assert!(client.call_with_xid::<op::GetAttr>(9, &args(&[0; 8])).await.is_ok());
}

/// Arguments of the caller's own making.
struct Raw(&'static [u8]);

impl Encode for Raw {
    fn encode(&self, out: &mut Rope) {
        out.put_raw(self.0);
    }
}

#[tokio::test]
async fn any_bytes_can_be_exchanged() {
    let client = Client::connect(server::start().await, user(0)).await.expect("a connection");
    let target = Target::of::<op::GetAttr>();
    let raw = Raw(&[0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 3]);
    let (header, mut input) = client.exchange(Some(11), target, &raw).await.expect("an answer");
    assert_eq!(header.xid, 11);
    let reply = GetAttrRes::decode(&mut input).expect("a result").expect("attributes");
    assert_eq!(reply.attributes.fileid, 3);
}

#[tokio::test]
async fn raw_connections_send_anything_and_see_everything() {
    let address = server::start().await;
    let mut raw = RawConnection::connect(address, short_timeout()).await.expect("a connection");
    let root = Credential::from(user(0));
    // Two answers to one call are two records here.
    raw.send_call::<op::GetAttr>(3, &root, &args(server::TWICE)).await.expect("sent");
    for _ in 0..2 {
        let (header, mut input) = raw.read_reply().await.expect("a reply");
        assert_eq!(header.xid, 3);
        assert!(GetAttrRes::decode(&mut input).expect("a result").is_ok());
    }
    // A call of RPC version 3, in two fragments.
    raw.send(&[0, 0, 0, 4, 0, 0, 0, 5, 0x80, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 3]).await.expect("sent");
    let (header, _) = raw.read_reply().await.expect("a reply");
    assert_eq!(header.xid, 5);
    assert_eq!(header.body, ReplyBody::Denied(Rejection::RpcMismatch { low: 2, high: 2 }));
    // Silence is a timeout, a record that is no call is the end.
    assert!(matches!(raw.read_record().await, Err(ClientError::Timeout)));
    raw.send_record(b"what").await.expect("sent");
    assert!(raw.is_closed_by_server().await.expect("an end"));
}

#[tokio::test]
async fn a_connection_can_come_back_from_the_same_port() {
    let address = server::start().await;
    let first = RawConnection::connect(address, ConnectOptions::default()).await.expect("a connection");
    let local = first.local_address().expect("an address");
    let mut first = first;
    // The server closes first, so that the port is not kept waiting on our side.
    first.send_record(b"not a call").await.expect("sent");
    assert!(first.is_closed_by_server().await.expect("an end"));
    drop(first);
    let options = ConnectOptions { local_address: Some(local), ..ConnectOptions::default() };
    let second = RawConnection::connect(address, options).await.expect("a connection");
    assert_eq!(second.local_address().expect("an address"), local);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error() {
    let address = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        listener.local_addr().expect("an address")
    };
    let error = Client::connect(address, user(0)).await.expect_err("nobody listens");
    assert!(matches!(error, ClientError::Closed(CloseReason::Io(_))), "{error:?}");
}
