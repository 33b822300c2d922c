//! Every route of the document is tried without a good key.

use crate::support::Bench;

const OPEN: [&str; 6] =
    ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/.well-known/jwks.json"];
/// Paths that begin so need a token instead of a key; `e2b` tries them.
const WITH_TOKEN: &str = "/volumecontent";

/// Method and path of every operation in the document, with parameters filled in.
fn operations() -> Vec<(String, String)> {
    let document = serde_json::to_value(holdfast_api::openapi_document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "data").replace("{path}", "some/file");
        let path = path
            .replace("{team}", "default")
            .replace("{volume}", "data")
            .replace("{snapshot}", "kept")
            .replace("{attachment}", "att-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f")
            .replace("{key}", "key-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f");
        assert!(!path.contains('{'), "{path}");
        if path.starts_with(WITH_TOKEN) {
            continue;
        }
        for method in item.as_object().unwrap().keys() {
            operations.push((method.to_uppercase(), path.clone()));
        }
    }
    assert!(operations.len() >= 14, "{operations:?}");
    operations
}

#[tokio::test]
async fn every_route_asks_for_a_key_that_opens() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    bench.put(&format!("/filesystems/{id}/files/some/file"), "secret").await.ok(201);
    let revoked = bench.other_key.clone();
    let principal = bench.catalogue.find_key(&revoked).await.unwrap().unwrap();
    bench.catalogue.revoke_key(principal.key_id).await.unwrap();
    let wrong = format!("e2b_{}", "0".repeat(40));
    let mut protected = 0;
    for (method, path) in operations() {
        if OPEN.contains(&path.as_str()) {
            bench.bare(&method, &path).send().await.ok(200);
            continue;
        }
        for key in [None, Some(wrong.as_str()), Some(""), Some("ä"), Some(revoked.as_str())] {
            let call = bench.bare(&method, &path);
            let call = key.map_or(bench.bare(&method, &path), |key| call.header("x-api-key", key));
            let message = call.send().await.refused(401, "unauthorized");
            assert!(message.contains("X-API-Key"));
        }
        let twice = bench.call(&method, &path).header("x-api-key", &wrong).send().await;
        twice.refused(401, "unauthorized");
        protected += 1;
    }
    assert!(protected >= 10);
    let untouched = bench.get(&format!("/filesystems/{id}/files/some/file")).await.ok(200);
    assert_eq!(untouched.body, b"secret");
}

#[tokio::test]
async fn the_root_directorys_other_spellings_and_head_ask_for_a_key_too() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    for method in ["GET", "PUT", "DELETE", "POST"] {
        for path in ["/filesystems/data/files", "/filesystems/data/files/", "/filesystems/data/files//"] {
            bench.bare(method, path).send().await.refused(401, "unauthorized");
        }
    }
    bench.bare("HEAD", "/filesystems/data/files/x").send().await.ok(401);
    bench.bare("HEAD", "/filesystems/data").send().await.ok(401);
}

#[tokio::test]
async fn another_teams_filesystem_is_not_found_on_any_route() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    bench.put(&format!("/filesystems/{id}/files/some/file"), "secret").await.ok(201);
    for (method, path) in operations() {
        if !path.starts_with("/filesystems") {
            continue;
        }
        for named in [&id, "data"] {
            let path = path.replace("/data", &format!("/{named}"));
            if !path.contains(named) {
                continue;
            }
            let call = bench.bare(&method, &path).header("x-api-key", &bench.other_key);
            let makes = method == "POST" && path.contains("/files/");
            let path = if makes { format!("{path}?op=mkdir") } else { path };
            let call = match method.as_str() {
                "PATCH" => call.json(r#"{"name":"stolen"}"#),
                "POST" => bench.bare(&method, &path).header("x-api-key", &bench.other_key),
                _ => call,
            };
            call.send().await.refused(404, "filesystem_not_found");
        }
    }
    let untouched = bench.get("/filesystems/data/files/some/file").await.ok(200);
    assert_eq!(untouched.body, b"secret");
    let listed = bench.bare("GET", "/filesystems").header("x-api-key", &bench.other_key).send().await;
    assert_eq!(listed.ok(200).json(), serde_json::json!([]));
}

#[tokio::test]
async fn an_administrators_key_opens_no_filesystem_and_a_teams_key_administers_nothing() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let (mut of_teams, mut of_admins) = (0, 0);
    for (method, path) in operations() {
        if OPEN.contains(&path.as_str()) {
            continue;
        }
        let (key, count) = match path.starts_with("/teams") || path.starts_with("/keys") {
            true => (&bench.key, &mut of_admins),
            false => (&bench.admin_key, &mut of_teams),
        };
        bench.bare(&method, &path).header("x-api-key", key).send().await.refused(403, "forbidden");
        *count += 1;
    }
    assert!(of_teams >= 10 && of_admins >= 7);
    bench.catalogue.get_team_by_name("default").await.unwrap();
}

#[tokio::test]
async fn a_key_that_asks_too_often_waits_and_no_other_key_does() {
    let limits = holdfast_api::ApiLimits { requests_per_second: 5, ..Default::default() };
    let bench = Bench::with(limits).await;
    let mut refused = 0;
    for _ in 0..50 {
        let reply = bench.get("/filesystems").await;
        if reply.status == 429 {
            reply.refused(429, "too_many_requests");
            assert_eq!(reply.header("retry-after"), Some("1"));
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
    bench.bare("GET", "/filesystems").header("x-api-key", &bench.other_key).send().await.ok(200);
    bench.bare("GET", "/healthz").send().await.ok(200);
}
