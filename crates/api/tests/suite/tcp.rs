//! A real listener and real connections.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use holdfast_api::{ApiLimits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::Bench;

struct Server {
    bench: Bench,
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    async fn start(limits: ApiLimits) -> Self {
        let bench = Bench::with(limits.clone()).await;
        bench.filesystem("data").await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let router = bench.router.clone();
        let task = tokio::spawn(async move {
            serve(listener, router, &limits, async move { drop(stopped.await) }).await;
        });
        Self { bench, addr, stop, task }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/filesystems/data/files/{path}", self.addr)
    }

    /// The head of an upload of `length` bytes.
    fn head(&self, path: &str, length: usize) -> String {
        let key = &self.bench.key;
        format!(
            "PUT /filesystems/data/files/{path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Length: {length}\r\n\r\n"
        )
    }
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes));
    // A reset after the answer is as good as an end.
    let _ = read.await.expect("the server closes the connection");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn large_bodies_stream_both_ways() {
    let server = Server::start(ApiLimits::default()).await;
    let client = reqwest::Client::new();
    let piece = Bytes::from_iter((0..100_000_u32).map(|n| (n % 251) as u8));
    let pieces: Vec<_> = (0..80).map(|_| Ok::<_, std::io::Error>(piece.clone())).collect();
    let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    let put =
        client.put(server.url("big")).header("x-api-key", &server.bench.key).body(body).send().await.unwrap();
    assert_eq!(put.status(), 201);
    let tag = put.headers()["etag"].clone();
    let get = client.get(server.url("big")).header("x-api-key", &server.bench.key).send().await.unwrap();
    assert_eq!((get.status().as_u16(), get.content_length()), (200, Some(8_000_000)));
    assert_eq!(get.headers()["etag"], tag);
    let mut stream = get.bytes_stream();
    let mut received = Vec::new();
    while let Some(chunk) = stream.next().await {
        received.extend_from_slice(&chunk.unwrap());
    }
    assert!(received.len() == 8_000_000 && received.chunks(piece.len()).all(|chunk| chunk == piece));
    let head = client.head(server.url("big")).header("x-api-key", &server.bench.key).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], "8000000");
    let range =
        client.get(server.url("big")).header("x-api-key", &server.bench.key).header("range", "bytes=-4");
    assert_eq!(range.send().await.unwrap().bytes().await.unwrap(), piece[piece.len() - 4..]);
}

#[tokio::test]
async fn an_upload_whose_client_goes_away_changes_nothing() {
    let server = Server::start(ApiLimits::default()).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(server.head("half", 1000).as_bytes()).await.unwrap();
    stream.write_all(&[7; 500]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(stream);
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.bench.get("/filesystems/data/files/half").await.refused(404, "path_not_found");
}

#[tokio::test]
async fn raw_bytes_and_traversal_on_the_wire_are_held_to_the_rules() {
    let server = Server::start(ApiLimits::default()).await;
    for (path, status) in
        [("/../../etc/passwd", "400"), ("/%2e%2e/x", "400"), ("/none", "404"), ("/a/./b", "404")]
    {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        let key = &server.bench.key;
        let request = format!(
            "GET /filesystems/data/files{path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
}

#[tokio::test]
async fn heads_that_are_too_large_or_too_slow_end_the_connection() {
    let limits = ApiLimits { head_timeout: Duration::from_millis(200), ..ApiLimits::default() };
    let server = Server::start(limits).await;
    let many = "A: b\r\n".repeat(100);
    let long = format!("A: {}\r\n", "b".repeat(40_000));
    for head in [many, long] {
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{head}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHo").await.unwrap();
    answer(&mut stream).await;
}

#[tokio::test]
async fn stopping_lets_running_requests_finish_and_takes_no_new_ones() {
    let server = Server::start(ApiLimits::default()).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(server.head("late", 10).as_bytes()).await.unwrap();
    stream.write_all(b"01234").await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(TcpStream::connect(server.addr).await.is_err());
    stream.write_all(b"56789").await.unwrap();
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    tokio::time::timeout(Duration::from_secs(5), server.task).await.unwrap().unwrap();
    let stored = server.bench.get("/filesystems/data/files/late").await.ok(200);
    assert_eq!(stored.body, b"0123456789");
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_keep_the_server_up() {
    let limits = ApiLimits { drain_timeout: Duration::from_millis(200), ..ApiLimits::default() };
    let server = Server::start(limits).await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(server.head("never", 10).as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), server.task).await.unwrap().unwrap();
}
