//! Writing files: atomic replacement, preconditions, limits, broken uploads.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use holdfast_api::ApiLimits;
use serde_json::json;

use crate::support::{Bench, volume};

const F: &str = "/filesystems/data/files";

#[tokio::test]
async fn a_file_is_made_with_its_parents_and_replaced_in_place() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let file = format!("{F}/a/b/file.txt");
    let made = bench.put(&file, "hello").await.ok(201).json();
    assert_eq!(
        (
            &made["name"],
            &made["path"],
            &made["type"],
            &made["size"],
            &made["mode"],
            &made["uid"],
            &made["gid"]
        ),
        (
            &json!("file.txt"),
            &json!("/a/b/file.txt"),
            &json!("file"),
            &json!(5),
            &json!("0644"),
            &json!(0),
            &json!(0)
        )
    );
    let inode =
        |entry: &serde_json::Value| entry["etag"].as_str().unwrap().split('.').next().unwrap().to_owned();
    let replaced = bench.put(&file, "bye").await.ok(200).json();
    assert_eq!(inode(&replaced), inode(&made), "the inode stays");
    let read = bench.get(&file).await.ok(200);
    assert_eq!(read.body, b"bye");
    assert_eq!(read.header("content-type"), Some("application/octet-stream"));
    assert_eq!(read.header("last-modified"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
}

#[tokio::test]
async fn the_owner_comes_from_the_user_or_the_parameters() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let owner = |entry: &serde_json::Value| {
        (
            entry["uid"].as_u64().unwrap(),
            entry["gid"].as_u64().unwrap(),
            entry["mode"].as_str().unwrap().to_owned(),
        )
    };
    let put = |query: &str, user: Option<&'static str>| {
        let call = bench.call("PUT", &format!("{F}/dir/f{query}")).body("x");
        user.map_or(bench.call("PUT", &format!("{F}/dir/f{query}")).body("x"), |user| {
            call.header("x-e2b-user", user)
        })
        .send()
    };
    assert_eq!(owner(&put("", Some("user")).await.ok(201).json()), (1000, 1000, "0644".into()));
    let parent = bench.get(&format!("{F}/dir?stat=true")).await.ok(200).json();
    assert_eq!(owner(&parent), (1000, 1000, "0755".into()));
    assert_eq!(owner(&put("", None).await.ok(200).json()), (1000, 1000, "0644".into()), "kept");
    assert_eq!(owner(&put("?uid=7&gid=8&mode=4750", None).await.ok(200).json()), (7, 8, "4750".into()));
    assert_eq!(owner(&put("?mode=600", Some("root")).await.ok(200).json()), (0, 0, "0600".into()));

    put("", Some("nobody")).await.refused(400, "invalid_header");
    put("", Some("")).await.refused(400, "invalid_header");
    put("?uid=1", Some("user")).await.refused(400, "invalid_header");
    for wrong in
        ["?uid=-1", "?uid=4294967296", "?gid=x", "?mode=999", "?mode=10000", "?list=true", "?uid=1&uid=2"]
    {
        put(wrong, None).await.refused(400, "invalid_parameter");
    }
}

#[tokio::test]
async fn a_body_may_come_in_pieces_and_has_a_limit() {
    let limits = ApiLimits { upload_max_bytes: 100_000, ..ApiLimits::default() };
    let bench = Bench::with(limits).await;
    bench.filesystem("data").await;
    let file = format!("{F}/f");
    let pieces = |count: usize| {
        let piece = || Ok::<_, std::io::Error>(Bytes::from(vec![7; 1000]));
        Body::from_stream(futures::stream::iter((0..count).map(move |_| piece())))
    };
    assert_eq!(bench.put(&file, pieces(100)).await.ok(201).json()["size"], 100_000);
    let message = bench.put(&file, pieces(101)).await.refused(413, "body_too_large");
    assert!(message.contains("100000 bytes"), "{message}");
    let announced = bench.call("PUT", &file).header("content-length", "100001").body("x").send().await;
    announced.refused(413, "body_too_large");
    assert_eq!(bench.get(&file).await.ok(200).body.len(), 100_000, "the old content is untouched");
}

#[tokio::test]
async fn a_body_that_breaks_off_changes_nothing() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let file = format!("{F}/f");
    bench.put(&file, "old").await.ok(201);
    let broken = || {
        let pieces = [Ok(Bytes::from("new")), Err(std::io::Error::other("gone"))];
        Body::from_stream(futures::stream::iter(pieces))
    };
    bench.put(&file, broken()).await.refused(400, "invalid_body");
    bench.put(&format!("{F}/other"), broken()).await.refused(400, "invalid_body");
    assert_eq!(bench.get(&file).await.ok(200).body, b"old");
    bench.get(&format!("{F}/other")).await.refused(404, "path_not_found");
}

#[tokio::test]
async fn a_silent_body_times_out() {
    let limits = ApiLimits { upload_idle_timeout: Duration::from_millis(50), ..ApiLimits::default() };
    let bench = Bench::with(limits).await;
    bench.filesystem("data").await;
    let silent = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
    let message = bench.put(&format!("{F}/f"), silent).await.refused(408, "upload_timed_out");
    assert!(message.contains("50ms"), "{message}");
}

#[tokio::test]
async fn headers_that_change_a_bodys_meaning_are_refused() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let put =
        |name: &str, value: &str| bench.call("PUT", &format!("{F}/f")).header(name, value).body("x").send();
    put("content-range", "bytes 0-0/1").await.refused(400, "invalid_header");
    put("content-encoding", "gzip").await.refused(415, "unsupported_encoding");
    put("content-encoding", "identity").await.ok(201);
}

#[tokio::test]
async fn writing_where_no_file_can_be_is_refused() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    bench.put(&format!("{F}/file"), "x").await.ok(201);
    bench.put(&format!("{F}/dir/x"), "x").await.ok(201);
    bench.files.fifo(volume(&id), "/pipe");
    bench.put(&format!("{F}/dir"), "x").await.refused(400, "is_a_directory");
    bench.put(&format!("{F}/file/below"), "x").await.refused(400, "not_a_directory");
    bench.put(&format!("{F}/pipe"), "x").await.refused(400, "not_a_regular_file");
    bench.get(&format!("{F}/file/below")).await.refused(400, "not_a_directory");
}

#[tokio::test]
async fn directories_are_made_once_and_left_as_they_are() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let mkdir = |path: &str, query: &str| bench.call("POST", &format!("{F}{path}?{query}")).send();
    let made = mkdir("/a/b", "op=mkdir&mode=700&uid=5&gid=6").await.ok(201).json();
    assert_eq!(
        (&made["type"], &made["mode"], &made["uid"], &made["gid"]),
        (&json!("directory"), &json!("0700"), &json!(5), &json!(6))
    );
    let again = mkdir("/a/b", "op=mkdir&mode=777").await.ok(200).json();
    assert_eq!(again["mode"], "0700");
    bench.put(&format!("{F}/file"), "x").await.ok(201);
    mkdir("/file", "op=mkdir").await.refused(409, "path_exists");
    mkdir("/file/below", "op=mkdir").await.refused(400, "not_a_directory");
    for wrong in ["", "op=", "op=mknod", "op=mkdir&x=1"] {
        mkdir("/new", wrong).await.refused(400, "invalid_parameter");
    }
    let user = bench.call("POST", &format!("{F}/mine?op=mkdir")).header("x-e2b-user", "user").send().await;
    assert_eq!(user.ok(201).json()["uid"], 1000);
}

#[tokio::test]
async fn a_file_or_tree_is_removed() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    for path in ["/dir/a", "/dir/sub/b", "/file"] {
        bench.put(&format!("{F}{path}"), "x").await.ok(201);
    }
    bench.delete(&format!("{F}/file")).await.ok(204);
    bench.delete(&format!("{F}/file")).await.refused(404, "path_not_found");
    bench.delete(&format!("{F}/dir?recursive=false")).await.refused(409, "directory_not_empty");
    bench.delete(&format!("{F}/dir")).await.ok(204);
    bench.get(&format!("{F}/dir/sub/b")).await.refused(404, "path_not_found");
    bench.delete(&format!("{F}/x?recursive=maybe")).await.refused(400, "invalid_parameter");
}
