//! Moving, chmod, chown, truncating, links and copies; and refused uploads that are read to their end.

use axum::body::Body;
use futures::StreamExt;

use crate::support::Bench;

const FILES: &str = "/filesystems/data/files";

async fn with_a_file() -> Bench {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    bench.put(&format!("{FILES}/a/f?mode=640"), "content").await.ok(201);
    bench
}

async fn patch(bench: &Bench, path: &str, body: &str) -> crate::support::Reply {
    bench.call("PATCH", &format!("{FILES}{path}")).json(body).send().await
}

async fn post(bench: &Bench, path: &str) -> crate::support::Reply {
    bench.call("POST", &format!("{FILES}{path}")).send().await
}

#[tokio::test]
async fn attributes_change_together_and_what_is_absent_stays() {
    let bench = with_a_file().await;
    let changed = patch(&bench, "/a/f", r#"{"mode":"4755","uid":7,"size":3}"#).await.ok(200).json();
    assert_eq!((&changed["mode"], &changed["uid"], &changed["gid"]), (&"4755".into(), &7.into(), &0.into()));
    assert_eq!(bench.get(&format!("{FILES}/a/f")).await.ok(200).body, b"con");
    let grown = patch(&bench, "/a/f", r#"{"size":5}"#).await.ok(200).json();
    assert_eq!((&grown["mode"], &grown["size"]), (&"4755".into(), &5.into()));
    assert_eq!(bench.get(&format!("{FILES}/a/f")).await.ok(200).body, b"con\0\0");
    for (body, error) in [
        ("{}", "invalid_field"),
        (r#"{"mode":"999"}"#, "invalid_field"),
        (r#"{"mode":644}"#, "invalid_body"),
        (r#"{"path":"/b","uid":1}"#, "invalid_field"),
        (r#"{"owner":1}"#, "invalid_body"),
        (r#"{"path":"/../b"}"#, "invalid_path"),
    ] {
        patch(&bench, "/a/f", body).await.refused(400, error);
    }
    patch(&bench, "/none", r#"{"uid":1}"#).await.refused(404, "path_not_found");
}

#[tokio::test]
async fn a_move_takes_everything_along_and_replaces_a_file() {
    let bench = with_a_file().await;
    let before = bench.get(&format!("{FILES}/a/f?stat=true")).await.ok(200).json();
    let moved = patch(&bench, "/a/f", r#"{"path":"far/away/100% g"}"#).await.ok(200).json();
    assert_eq!((&moved["path"], &moved["etag"]), (&"/far/away/100% g".into(), &before["etag"]));
    bench.get(&format!("{FILES}/a/f")).await.refused(404, "path_not_found");
    assert_eq!(bench.get(&format!("{FILES}/far/away/100%25%20g")).await.ok(200).body, b"content");
    bench.put(&format!("{FILES}/b"), "other").await.ok(201);
    patch(&bench, "/far/away/100%25%20g", r#"{"path":"/b"}"#).await.ok(200);
    assert_eq!(bench.get(&format!("{FILES}/b")).await.ok(200).body, b"content");
    patch(&bench, "/far", r#"{"path":"/far/away/x"}"#).await.refused(400, "invalid_path");
    for (path, to) in [("/", "/x"), ("/b", "/")] {
        patch(&bench, path, &format!(r#"{{"path":"{to}"}}"#)).await.refused(400, "invalid_path");
    }
    patch(&bench, "/none", r#"{"path":"/x"}"#).await.refused(404, "path_not_found");
}

#[tokio::test]
async fn links_and_copies_are_made() {
    let bench = with_a_file().await;
    let link = post(&bench, "/l/s?op=symlink&target=..%2Fa%2Ff").await.ok(201).json();
    assert_eq!((&link["type"], &link["target"]), (&"symlink".into(), &"../a/f".into()));
    assert_eq!(bench.get(&format!("{FILES}/l/s")).await.ok(200).body, b"content");
    post(&bench, "/l/s?op=symlink&target=x").await.refused(409, "path_exists");
    let of_link = patch(&bench, "/l/s?follow=false", r#"{"uid":9}"#).await.ok(200).json();
    assert_eq!((&of_link["type"], &of_link["uid"]), (&"symlink".into(), &9.into()));

    let hard = post(&bench, "/l/h?op=link&from=a/f").await.ok(201).json();
    assert_eq!(hard["etag"], bench.get(&format!("{FILES}/a/f?stat=true")).await.ok(200).json()["etag"]);
    post(&bench, "/l/h?op=link&from=/a/f").await.refused(409, "path_exists");
    post(&bench, "/l/d?op=link&from=/a").await.refused(400, "is_a_directory");
    post(&bench, "/l/x?op=link&from=/a/f&uid=1").await.refused(400, "invalid_parameter");

    let copy = post(&bench, "/c/f?op=copy&from=/a/f").await.ok(201).json();
    assert_eq!(copy["mode"], "0640");
    assert_eq!(post(&bench, "/c/f?op=copy&from=/l/s&mode=600").await.ok(200).json()["mode"], "0600");
    assert_eq!(bench.get(&format!("{FILES}/c/f")).await.ok(200).body, b"content");
    post(&bench, "/c/d?op=copy&from=/a").await.refused(400, "is_a_directory");
    post(&bench, "/c/f?op=copy&from=/none").await.refused(404, "path_not_found");
    for op in ["", "op=move", "op=symlink", "op=link", "op=copy", "op=mkdir&from=/a", "op=symlink&target="] {
        post(&bench, &format!("/x?{op}")).await.refused(400, "invalid_parameter");
    }
    post(&bench, "/?op=copy&from=/a/f").await.refused(409, "path_exists");
}

#[tokio::test]
async fn a_refused_upload_is_read_to_its_end_unless_its_client_waits() {
    let bench = with_a_file().await;
    for (expects, wanted) in [(false, 1000), (true, 0)] {
        let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let count = sent.clone();
        let pieces = futures::stream::iter(0..1000).map(move |_| {
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok::<_, std::io::Error>(vec![0; 1000])
        });
        let call = bench.call("PUT", &format!("{FILES}/a/f")).header("if-none-match", "*");
        let call = if expects { call.header("expect", "100-continue") } else { call };
        call.body(Body::from_stream(pieces)).send().await.refused(412, "precondition_failed");
        assert_eq!(sent.load(std::sync::atomic::Ordering::Relaxed), wanted, "expects: {expects}");
    }
    assert_eq!(bench.get(&format!("{FILES}/a/f")).await.ok(200).body, b"content");
}
