//! The server as a process: what it answers where Google documents an answer, and that it fails on command.

#![allow(clippy::unwrap_used, reason = "a test ends where something fails")]

use std::process::Stdio;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

struct Bench {
    url: String,
    client: Client,
    _child: Child,
}

impl Bench {
    async fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast-gcs-server"))
            .args(["127.0.0.1:0", "bucket"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let line = BufReader::new(child.stdout.take().unwrap()).lines().next_line().await.unwrap().unwrap();
        let url = line.strip_prefix("ready ").unwrap().to_owned();
        Self { url, client: Client::new(), _child: child }
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/{path}", self.url))
    }

    async fn status(&self, request: RequestBuilder) -> StatusCode {
        request.send().await.unwrap().status()
    }

    async fn put(&self, name: &str, content: &'static str) -> String {
        let answer = self.call(Method::PUT, &format!("bucket/{name}")).body(content).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.headers()["x-goog-generation"].to_str().unwrap().to_owned()
    }

    async fn fail(&self, fault: &'static str) {
        let post = self.call(Method::POST, "_control/faults").header("content-type", "application/json");
        assert_eq!(self.status(post.body(fault)).await, StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn generations_are_conditions() {
    let bench = Bench::start().await;
    let first = bench.put("x", "one").await;
    let put = |generation: &str| {
        let put = bench.call(Method::PUT, "bucket/x").header("x-goog-if-generation-match", generation);
        bench.status(put.body("two"))
    };
    assert_eq!(put("0").await, StatusCode::PRECONDITION_FAILED);
    assert_eq!(put(&first).await, StatusCode::OK);
    assert_eq!(put(&first).await, StatusCode::PRECONDITION_FAILED);
    let got = bench.call(Method::GET, "bucket/x").send().await.unwrap();
    assert_ne!(got.headers()["x-goog-generation"], first.as_str());
    assert_eq!(got.headers()["etag"], "\"b8a9f715dbb64fd5c56e7783c6820a61\"", "the MD5 of the content");
    assert_eq!(got.text().await.unwrap(), "two");
    let old = bench.call(Method::GET, &format!("bucket/x?generation={first}"));
    assert_eq!(bench.status(old).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn reads_have_ranges_and_metadata() {
    let bench = Bench::start().await;
    let put = bench.call(Method::PUT, "bucket/a%2Fb").header("x-goog-meta-id", "7").body("0123456789");
    assert_eq!(bench.status(put).await, StatusCode::OK);
    let got = bench.call(Method::GET, "bucket/a%2Fb").header("range", "bytes=2-4").send().await.unwrap();
    assert_eq!(got.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(got.headers()["content-range"], "bytes 2-4/10");
    assert_eq!(got.text().await.unwrap(), "234");
    let head = bench.call(Method::HEAD, "bucket/a%2Fb").send().await.unwrap();
    assert_eq!(
        (&head.headers()["content-length"], &head.headers()["x-goog-meta-id"]),
        (&"10".parse().unwrap(), &"7".parse().unwrap())
    );
    let behind = bench.call(Method::GET, "bucket/a%2Fb").header("range", "bytes=10-");
    assert_eq!(bench.status(behind).await, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(bench.status(bench.call(Method::DELETE, "bucket/a%2Fb")).await, StatusCode::NO_CONTENT);
    assert_eq!(bench.status(bench.call(Method::DELETE, "bucket/a%2Fb")).await, StatusCode::NOT_FOUND);
    assert_eq!(bench.status(bench.call(Method::GET, "elsewhere/x")).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn listings_come_in_pages_and_roll_names_up() {
    let bench = Bench::start().await;
    for name in ["a%2F1", "a%2F2", "b", "c%2Fd%2F1"] {
        bench.put(name, "x").await;
    }
    let list = |query: &str| bench.call(Method::GET, &format!("bucket?list-type=2&{query}")).send();
    let first = list("max-keys=2&delimiter=%2F").await.unwrap().text().await.unwrap();
    assert!(first.contains("<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"), "{first}");
    assert!(first.contains("<Key>b</Key>") && first.contains("<IsTruncated>true</IsTruncated>"), "{first}");
    let token = "continuation-token=b&delimiter=%2F";
    let second = list(token).await.unwrap().text().await.unwrap();
    assert!(second.contains("<Prefix>c/</Prefix>") && !second.contains("<Key>"), "{second}");
    let some = list("prefix=a%2F&start-after=a%2F1").await.unwrap().text().await.unwrap();
    assert!(some.contains("<Key>a/2</Key>") && !some.contains("<Key>a/1</Key>"), "{some}");
}

#[tokio::test]
async fn faults_are_as_told() {
    let bench = Bench::start().await;
    bench.fail(r#"{"kind": "lost_reply", "operations": ["put"], "count": 1}"#).await;
    let put = bench.call(Method::PUT, "bucket/x").body("content");
    assert_eq!(bench.status(put).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(bench.call(Method::GET, "bucket/x").send().await.unwrap().text().await.unwrap(), "content");
    bench.fail(r#"{"kind": "error", "status": 429, "name_holds": "y"}"#).await;
    assert_eq!(bench.status(bench.call(Method::GET, "bucket/y")).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(bench.status(bench.call(Method::GET, "bucket/x")).await, StatusCode::OK);
    bench.fail(r#"{"kind": "truncate", "operations": ["get"]}"#).await;
    assert!(bench.call(Method::GET, "bucket/x").send().await.unwrap().bytes().await.is_err());
    assert_eq!(bench.status(bench.call(Method::DELETE, "_control/faults")).await, StatusCode::NO_CONTENT);
    assert_eq!(bench.call(Method::GET, "bucket/x").send().await.unwrap().text().await.unwrap(), "content");
}
