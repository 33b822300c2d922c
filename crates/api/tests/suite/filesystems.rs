//! Filesystems over HTTP: create, list, change, delete, and what is refused.

use holdfast_base::Durability;
use serde_json::json;

use crate::support::{Bench, volume};

#[tokio::test]
async fn a_filesystem_is_made_shown_changed_and_deleted() {
    let bench = Bench::new().await;
    let body = r#"{"name":"my-volume","sizeGB":1.5,"labels":{"env":"dev"}}"#;
    let made = bench.call("POST", "/filesystems").json(body).send().await.ok(201);
    let shown = made.json();
    let id = shown["id"].as_str().unwrap();
    assert_eq!(made.header("location").unwrap(), format!("/filesystems/{id}"));
    assert!(id.starts_with("fs-") && id.len() == 39);
    assert_eq!(shown["name"], "my-volume");
    assert_eq!(shown["sizeBytes"], 1_500_000_000_u64);
    assert_eq!(shown["labels"], json!({"env": "dev"}));
    assert!(String::from_utf8_lossy(&made.body).contains(r#""sizeGB":1.5,"#));
    for time in ["createdAt", "updatedAt"] {
        let text = shown[time].as_str().unwrap();
        assert!(text.starts_with("20") && text.ends_with('Z') && text.contains('T'), "{text}");
    }
    for named in [id, &id[3..], "my-volume"] {
        assert_eq!(bench.get(&format!("/filesystems/{named}")).await.ok(200).json(), shown);
    }

    let patch = bench.call("PATCH", "/filesystems/my-volume");
    let changed = patch.json(r#"{"name":"renamed","size":"2gib","labels":{}}"#).send().await.ok(200).json();
    assert_eq!(changed["id"], id);
    assert_eq!((&changed["name"], &changed["sizeBytes"]), (&json!("renamed"), &json!(2_147_483_648_u64)));
    assert_eq!(changed["labels"], json!({}));
    assert!(changed["updatedAt"].as_str() > shown["updatedAt"].as_str());
    bench.get("/filesystems/my-volume").await.refused(404, "filesystem_not_found");
    let same = bench.call("PATCH", "/filesystems/renamed").json("{}").send().await.ok(200);
    assert_eq!(same.json(), changed);

    let gone = bench.delete("/filesystems/renamed").await.ok(204);
    assert!(gone.body.is_empty());
    bench.get(&format!("/filesystems/{id}")).await.refused(404, "filesystem_not_found");
    bench.delete("/filesystems/renamed").await.refused(404, "filesystem_not_found");
    assert_eq!(bench.files.volumes(), 0);
    assert!(bench.catalogue.list_unfinished().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_filesystem_without_a_size_gets_the_default() {
    let bench = Bench::new().await;
    let made = bench.call("POST", "/filesystems").json(r#"{"name":"data"}"#).send().await.ok(201);
    let text = String::from_utf8(made.body.clone()).unwrap();
    assert!(text.contains(r#""sizeBytes":10000000000,"sizeGB":10,"#), "{text}");
    let null = r#"{"name":"more","sizeGB":null,"sizeBytes":null,"size":null,"labels":null}"#;
    bench.call("POST", "/filesystems").json(null).send().await.ok(201);
}

#[tokio::test]
async fn bodies_that_break_a_rule_are_refused_with_the_field_and_the_way_out() {
    let bench = Bench::new().await;
    bench.filesystem("taken").await;
    let uuid = "7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f";
    for (body, status, error, says) in [
        ("", 400, "invalid_body", "JSON object"),
        (r#"["a",null,null,null,null]"#, 400, "invalid_body", "JSON object"),
        ("\"name\"", 400, "invalid_body", "JSON object"),
        ("{\"name\":", 400, "invalid_body", "EOF"),
        (r#"{"sizeGB":5}"#, 400, "invalid_body", "missing field `name`"),
        (r#"{"name":5}"#, 400, "invalid_body", "string"),
        (r#"{"name":"a","colour":"red"}"#, 400, "invalid_body", "unknown field `colour`"),
        (r#"{"name":"a","name":"b"}"#, 400, "invalid_body", "duplicate field"),
        (r#"{"name":"a b"}"#, 400, "invalid_field", "`name` must be 1 to 250"),
        (r#"{"name":""}"#, 400, "invalid_field", "`name`"),
        (&format!(r#"{{"name":"{uuid}"}}"#), 400, "invalid_field", "look like an id"),
        (&format!(r#"{{"name":"fs-{uuid}"}}"#), 400, "invalid_field", "look like an id"),
        (r#"{"name":"a","sizeGB":5,"size":"5gb"}"#, 400, "invalid_field", "give one of them"),
        (r#"{"name":"a","sizeGB":0.5}"#, 400, "invalid_field", "from 1 GB"),
        (r#"{"name":"a","sizeGB":101}"#, 400, "invalid_field", "to 100 GB"),
        (r#"{"name":"a","sizeGB":"5"}"#, 400, "invalid_field", "`sizeGB` must be a positive number"),
        (r#"{"name":"a","sizeBytes":-1}"#, 400, "invalid_field", "`sizeBytes`"),
        (r#"{"name":"a","labels":{"a b":"c"}}"#, 400, "invalid_field", "`labels`"),
        (r#"{"name":"a","durability":"best"}"#, 400, "invalid_field", "local, object or relaxed"),
        (r#"{"name":"a","durability":1}"#, 400, "invalid_body", "string"),
        (r#"{"name":"a","compression":"gzip"}"#, 400, "invalid_field", "none, lz4 or zstd"),
        (r#"{"name":"a","labels":{"a":1}}"#, 400, "invalid_body", "string"),
        (r#"{"name":"taken"}"#, 409, "name_taken", "`name`"),
    ] {
        let message = bench.call("POST", "/filesystems").json(body).send().await.refused(status, error);
        assert!(message.contains(says), "{body}: {message}");
    }
    let big = format!(r#"{{"name":"{}"}}"#, "a".repeat(70_000));
    bench.call("POST", "/filesystems").json(&big).send().await.refused(413, "body_too_large");
    assert_eq!(bench.files.volumes(), 1);
}

#[tokio::test]
async fn settings_reach_row_and_volume_together_or_not_at_all() {
    let bench = Bench::new().await;
    let shown = bench.call("POST", "/filesystems").json(r#"{"name":"plain"}"#).send().await.ok(201).json();
    assert_eq!((&shown["durability"], &shown["compression"]), (&json!("local"), &json!("lz4")));
    let body = r#"{"name":"safe","durability":"object","compression":"none"}"#;
    let shown = bench.call("POST", "/filesystems").json(body).send().await.ok(201).json();
    assert_eq!((&shown["durability"], &shown["compression"]), (&json!("object"), &json!("none")));
    let id = volume(shown["id"].as_str().unwrap());
    assert_eq!(bench.files.settings(id).durability, Durability::Object);

    let patch = |body: &'static str| bench.call("PATCH", "/filesystems/safe").json(body).send();
    let shown = patch(r#"{"durability":"relaxed"}"#).await.ok(200).json();
    assert_eq!((&shown["durability"], &shown["compression"]), (&json!("relaxed"), &json!("none")));
    assert_eq!(bench.files.settings(id).durability, Durability::Relaxed);
    let message = patch(r#"{"durability":"none"}"#).await.refused(400, "invalid_field");
    assert!(message.contains("`durability` must be local, object or relaxed"), "{message}");
    patch(r#"{"durability":"local","name":"plain"}"#).await.refused(409, "name_taken");
    assert_eq!(bench.files.settings(id).durability, Durability::Relaxed, "taken back");
}

#[tokio::test]
async fn lists_are_arrays_with_the_next_page_in_the_headers() {
    let bench = Bench::new().await;
    for name in ["c", "a", "b"] {
        bench.filesystem(name).await;
    }
    let body = r#"{"name":"d","labels":{"env":"a=b&c"}}"#;
    bench.call("POST", "/filesystems").json(body).send().await.ok(201);
    let names = |reply: &crate::support::Reply| {
        let list = reply.json();
        list.as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let first = bench.get("/filesystems?limit=3").await.ok(200);
    assert_eq!(names(&first), ["a", "b", "c"]);
    assert_eq!(first.header("x-next-cursor"), Some("c"));
    let link = first.header("link").unwrap();
    let next = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    let second = bench.get(next).await.ok(200);
    assert_eq!(names(&second), ["d"]);
    assert!(second.header("x-next-cursor").is_none() && second.header("link").is_none());

    assert_eq!(names(&bench.get("/filesystems?label=env%3Da%3Db%26c").await.ok(200)), ["d"]);
    assert_eq!(names(&bench.get("/filesystems?label=env=a").await.ok(200)), Vec::<String>::new());
    for (query, says) in [
        ("limit=0", "`limit` must be a number from 1 to 1000"),
        ("limit=1001", "`limit`"),
        ("limit=x", "`limit`"),
        ("cursor=a%20b", "`cursor` must be one that an earlier answer gave"),
        ("label=env", "`label` must have the form key=value"),
        ("label=a%20b=c", "`label`"),
        ("colour=red", "`colour` is unknown here; known are limit, cursor, label"),
        ("limit=1&limit=2", "`limit` is given more than once"),
        ("cursor=%ff", "UTF-8"),
    ] {
        let message = bench.get(&format!("/filesystems?{query}")).await.refused(400, "invalid_parameter");
        assert!(message.contains(says), "{query}: {message}");
    }
}

#[tokio::test]
async fn a_size_never_goes_below_what_is_in_use() {
    let limits =
        holdfast_api::ApiLimits { filesystem_min: holdfast_base::ByteSize(10), ..Default::default() };
    let bench = Bench::with(limits).await;
    let id = bench.filesystem("data").await;
    bench.put("/filesystems/data/files/f", vec![7; 5000]).await.ok(201);
    let patch = |body: &'static str| bench.call("PATCH", "/filesystems/data").json(body).send();
    let refused = patch(r#"{"sizeBytes":4999,"name":"other"}"#).await;
    let message = refused.refused(409, "below_usage");
    assert!(message.contains("4999") && message.contains("5000"), "{message}");
    assert_eq!((&refused.json()["limit"], &refused.json()["used"]), (&json!(4999), &json!(5000)));
    assert_eq!(bench.get("/filesystems/data").await.ok(200).json()["sizeBytes"], 5_000_000_000_u64);

    patch(r#"{"sizeBytes":50000}"#).await.ok(200);
    let usage = bench.get(&format!("/filesystems/{id}/usage")).await.ok(200).json();
    let expected = json!({
        "usedBytes": 5000, "sizeBytes": 50000, "availableBytes": 45000, "usedInodes": 2, "limitInodes": 12
    });
    assert_eq!(usage, expected);
    let message = bench.put("/filesystems/data/files/g", vec![7; 45001]).await.refused(507, "quota_exceeded");
    assert!(message.contains("50000") && message.contains("5000 are in use"), "{message}");
    bench.put("/filesystems/data/files/g", vec![7; 45000]).await.ok(201);
}

#[tokio::test]
async fn a_patch_that_the_catalogue_refuses_leaves_the_volumes_limits() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    bench.filesystem("taken").await;
    let patch = bench.call("PATCH", "/filesystems/data").json(r#"{"name":"taken","sizeGB":7}"#).send().await;
    patch.refused(409, "name_taken");
    let usage = bench.get("/filesystems/data/usage").await.ok(200).json();
    assert_eq!(usage["sizeBytes"], 5_000_000_000_u64);
    for (body, status, error) in [
        (r#"{"name":"a/b"}"#, 400, "invalid_field"),
        (r#"{"sizeGB":0}"#, 400, "invalid_field"),
        (r#"{"labels":{"":""}}"#, 400, "invalid_field"),
        (r#"{"id":"x"}"#, 400, "invalid_body"),
    ] {
        bench.call("PATCH", "/filesystems/data").json(body).send().await.refused(status, error);
    }
    bench.call("PATCH", "/filesystems/none").json("{}").send().await.refused(404, "filesystem_not_found");
}

#[tokio::test]
async fn a_team_cannot_have_more_than_its_limits() {
    let mut limits = holdfast_api::ApiLimits::default();
    limits.team.filesystems = 2;
    limits.team.total = holdfast_base::ByteSize(12_000_000_000);
    let bench = Bench::with(limits).await;
    bench.filesystem("a").await;
    let big = bench.call("POST", "/filesystems").json(r#"{"name":"b","sizeGB":8}"#).send().await;
    let message = big.refused(403, "team_limit_reached");
    assert!(message.contains("12000000000 bytes"), "{message}");
    bench.filesystem("b").await;
    let third = bench.call("POST", "/filesystems").json(r#"{"name":"c","sizeGB":1}"#).send().await;
    assert!(third.refused(403, "team_limit_reached").contains("2 filesystems"));
    let grown = bench.call("PATCH", "/filesystems/a").json(r#"{"sizeGB":8}"#).send().await;
    grown.refused(403, "team_limit_reached");
    assert_eq!(bench.get("/filesystems/a/usage").await.ok(200).json()["sizeBytes"], 5_000_000_000_u64);
}

#[tokio::test]
async fn names_in_paths_are_decoded_and_never_mistaken() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    bench.get("/filesystems/d%61ta").await.ok(200);
    for named in ["da", "DATA", "data%00", "%ff", "%2e%2e", "fs-", &volume(&id).to_string(), "..", "%zz"] {
        bench.get(&format!("/filesystems/{named}")).await.refused(404, "filesystem_not_found");
        bench.get(&format!("/filesystems/{named}/files/x")).await.refused(404, "filesystem_not_found");
        bench.get(&format!("/filesystems/{named}/usage")).await.refused(404, "filesystem_not_found");
    }
}
