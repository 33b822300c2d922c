//! Snapshots, forks and restores over HTTP.

use serde_json::json;

use crate::support::Bench;

#[tokio::test]
async fn a_snapshot_is_made_read_listed_and_deleted() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    bench.put("/filesystems/data/files/f", "old").await.ok(201);
    let made =
        bench.call("POST", "/filesystems/data/snapshots").json(r#"{"name":"v1.0"}"#).send().await.ok(201);
    let shown = made.json();
    let snapshot = shown["id"].as_str().unwrap();
    assert!(snapshot.starts_with("snap-"));
    assert_eq!(made.header("location").unwrap(), format!("/filesystems/{id}/snapshots/{snapshot}"));
    assert_eq!((&shown["name"], &shown["usedBytes"]), (&json!("v1.0"), &json!(3)));
    bench.put("/filesystems/data/files/f", "newer").await.ok(200);
    for named in ["v1.0", snapshot] {
        let path = format!("/filesystems/data/files/f?snapshot={named}");
        assert_eq!(bench.get(&path).await.ok(200).body, b"old");
        let stat = bench.get(&format!("{path}&stat=true")).await.ok(200).json();
        assert_eq!(stat["size"], 3);
    }
    let listed = bench.get("/filesystems/data/files/?list=true&snapshot=v1.0").await.ok(200).json();
    assert_eq!(listed["entries"][0]["size"], 3);
    assert_eq!(bench.get("/filesystems/data/files/f").await.ok(200).body, b"newer");
    assert_eq!(bench.get("/filesystems/data/snapshots").await.ok(200).json(), json!([shown]));
    bench.delete("/filesystems/data/snapshots/v1.0").await.ok(204);
    bench.delete("/filesystems/data/snapshots/v1.0").await.refused(404, "snapshot_not_found");
    bench.get("/filesystems/data/files/f?snapshot=v1.0").await.refused(404, "snapshot_not_found");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let create = "/filesystems/data/snapshots";
    bench.call("POST", create).json(r#"{"name":"one"}"#).send().await.ok(201);
    bench.call("POST", create).json(r#"{"name":"one"}"#).send().await.refused(409, "name_taken");
    bench.call("POST", create).json(r#"{"name":".one"}"#).send().await.refused(400, "invalid_field");
    bench.call("POST", create).json(r#"{"title":"one"}"#).send().await.refused(400, "invalid_body");
    bench.put("/filesystems/data/files/f?snapshot=one", "x").await.refused(403, "access_denied");
    bench.delete("/filesystems/data/files/f?snapshot=one").await.refused(403, "access_denied");
    let restore = bench.call("POST", "/filesystems/data/restore");
    restore.json(r#"{"snapshot":"two"}"#).send().await.refused(404, "snapshot_not_found");
    let fork = |body: &'static str| bench.call("POST", "/filesystems/data/fork").json(body).send();
    fork(r#"{"name":"copy","snapshot":"two"}"#).await.refused(404, "snapshot_not_found");
    fork(r#"{"name":"data"}"#).await.refused(409, "name_taken");
    bench.get("/filesystems/copy").await.refused(404, "filesystem_not_found");
}

#[tokio::test]
async fn forks_and_restores_bring_the_past_back() {
    let bench = Bench::new().await;
    let body = r#"{"name":"data","sizeGB":2,"labels":{"env":"dev"}}"#;
    bench.call("POST", "/filesystems").json(body).send().await.ok(201);
    bench.put("/filesystems/data/files/f", "old").await.ok(201);
    bench.call("POST", "/filesystems/data/snapshots").json(r#"{"name":"one"}"#).send().await.ok(201);
    bench.put("/filesystems/data/files/f", "newer").await.ok(200);
    for (body, content) in
        [(r#"{"name":"now"}"#, "newer"), (r#"{"name":"then","snapshot":"one","labels":{}}"#, "old")]
    {
        let made = bench.call("POST", "/filesystems/data/fork").json(body).send().await.ok(201).json();
        assert_eq!(made["sizeBytes"], 2_000_000_000_u64);
        let name = made["name"].as_str().unwrap();
        assert_eq!(made["labels"], if name == "now" { json!({"env": "dev"}) } else { json!({}) });
        let read = bench.get(&format!("/filesystems/{name}/files/f")).await.ok(200);
        assert_eq!(read.body, content.as_bytes());
    }
    let restore = bench.call("POST", "/filesystems/data/restore").json(r#"{"snapshot":"one"}"#);
    assert_eq!(restore.send().await.ok(200).json()["name"], "data");
    assert_eq!(bench.get("/filesystems/data/files/f").await.ok(200).body, b"old");
    assert_eq!(bench.get("/filesystems/now/files/f").await.ok(200).body, b"newer");
}
