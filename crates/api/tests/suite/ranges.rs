//! Range requests and conditional reads.

use crate::support::Bench;

const FILE: &str = "/filesystems/data/files/f";

async fn bench() -> Bench {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    bench.put(FILE, "0123456789").await.ok(201);
    bench
}

#[tokio::test]
async fn a_range_gives_its_bytes() {
    let bench = bench().await;
    for (range, status, body, content_range) in [
        ("bytes=0-3", 206, "0123", Some("bytes 0-3/10")),
        ("bytes=4-", 206, "456789", Some("bytes 4-9/10")),
        ("bytes=-2", 206, "89", Some("bytes 8-9/10")),
        ("bytes=9-99", 206, "9", Some("bytes 9-9/10")),
        ("bytes=0-9", 206, "0123456789", Some("bytes 0-9/10")),
        ("bytes=0-1,3-4", 200, "0123456789", None),
        ("bytes=5-1", 200, "0123456789", None),
        ("pages=0-1", 200, "0123456789", None),
    ] {
        let reply = bench.call("GET", FILE).header("range", range).send().await.ok(status);
        assert_eq!(reply.body, body.as_bytes(), "{range}");
        assert_eq!(reply.header("content-range"), content_range, "{range}");
        assert_eq!(reply.header("content-length"), Some(body.len().to_string().as_str()), "{range}");
        assert_eq!(reply.header("accept-ranges"), Some("bytes"));
    }
}

#[tokio::test]
async fn a_range_past_the_end_says_where_the_end_is() {
    let bench = bench().await;
    bench.put("/filesystems/data/files/empty", "").await.ok(201);
    for (path, range, size) in [
        (FILE, "bytes=10-", "bytes */10"),
        (FILE, "bytes=-0", "bytes */10"),
        ("/filesystems/data/files/empty", "bytes=0-0", "bytes */0"),
    ] {
        let reply = bench.call("GET", path).header("range", range).send().await;
        reply.refused(416, "range_not_satisfiable");
        assert_eq!(reply.header("content-range"), Some(size));
    }
    let empty = bench.get("/filesystems/data/files/empty").await.ok(200);
    assert_eq!((empty.body.len(), empty.header("content-length")), (0, Some("0")));
}

#[tokio::test]
async fn head_answers_as_get_without_the_body() {
    let bench = bench().await;
    let get = bench.get(FILE).await.ok(200);
    let head = bench.call("HEAD", FILE).send().await.ok(200);
    assert!(head.body.is_empty());
    for name in
        ["content-length", "etag", "last-modified", "accept-ranges", "content-type", "x-content-type-options"]
    {
        assert!(get.header(name).is_some() && get.header(name) == head.header(name), "{name}");
    }
    let part = bench.call("HEAD", FILE).header("range", "bytes=2-4").send().await.ok(206);
    assert_eq!(
        (part.header("content-length"), part.header("content-range")),
        (Some("3"), Some("bytes 2-4/10"))
    );
    bench.call("HEAD", "/filesystems/data/files/none").send().await.ok(404);
}
