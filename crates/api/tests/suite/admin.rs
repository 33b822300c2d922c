//! Teams and keys, as an administrator handles them.

use serde_json::{Value, json};

use crate::support::{Bench, Reply};

async fn admin(bench: &Bench, method: &str, path: &str, body: Option<Value>) -> Reply {
    let call = bench.bare(method, path).header("x-api-key", &bench.admin_key);
    match body {
        Some(body) => call.json(&body.to_string()).send().await,
        None => call.send().await,
    }
}

async fn with_key(bench: &Bench, key: &str, path: &str) -> Reply {
    bench.bare("GET", path).header("x-api-key", key).send().await
}

#[tokio::test]
async fn a_team_lives_from_its_making_to_its_removal() {
    let bench = Bench::new().await;
    let made = admin(&bench, "POST", "/teams", Some(json!({"name": "research"}))).await.ok(201).json();
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("team-") && made["createdAt"].as_str().unwrap().ends_with('Z'), "{made}");
    for named in [id, "research"] {
        assert_eq!(admin(&bench, "GET", &format!("/teams/{named}"), None).await.ok(200).json(), made);
    }
    let listed = admin(&bench, "GET", "/teams", None).await.ok(200).json();
    let names: Vec<_> =
        listed.as_array().unwrap().iter().map(|team| team["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["default", "other", "research"]);
    admin(&bench, "POST", "/teams", Some(json!({"name": "research"}))).await.refused(409, "name_taken");
    admin(&bench, "POST", "/teams", Some(json!({"name": "a b"}))).await.refused(400, "invalid_field");
    admin(&bench, "POST", "/teams", Some(json!({"title": "x"}))).await.refused(400, "invalid_body");

    admin(&bench, "DELETE", &format!("/teams/{id}"), None).await.ok(204);
    for method in ["GET", "DELETE"] {
        admin(&bench, method, &format!("/teams/{id}"), None).await.refused(404, "team_not_found");
    }
}

#[tokio::test]
async fn a_team_with_filesystems_is_not_removed() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let said = admin(&bench, "DELETE", "/teams/default", None).await.refused(409, "busy");
    assert!(said.contains("1 filesystems"), "{said}");
    bench.delete("/filesystems/data").await.ok(204);
    admin(&bench, "DELETE", "/teams/default", None).await.ok(204);
    with_key(&bench, &bench.key, "/filesystems").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn a_key_is_shown_once_and_opens_its_team_until_it_is_revoked() {
    let bench = Bench::new().await;
    let made = admin(&bench, "POST", "/keys", Some(json!({"name": "ci", "team": "default"}))).await.ok(201);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    let made = made.json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(key.starts_with("e2b_") && key.len() == 44, "{made}");
    assert_eq!((made["admin"].as_bool(), made["name"].as_str()), (Some(false), Some("ci")));
    bench.filesystem("data").await;
    let listed = with_key(&bench, key, "/filesystems").await.ok(200).json();
    assert_eq!(listed[0]["name"], "data");

    let of_team =
        |listed: Value| listed.as_array().unwrap().iter().find(|record| record["id"] == id).cloned().unwrap();
    let listed = admin(&bench, "GET", "/keys?team=default", None).await.ok(200);
    assert!(!String::from_utf8_lossy(&listed.body).contains(&key[4..]), "never shown again");
    let record = of_team(listed.json());
    assert!(record["lastUsedAt"].is_string() && record.get("revokedAt").is_none(), "{record}");

    admin(&bench, "DELETE", &format!("/keys/{id}"), None).await.ok(204);
    with_key(&bench, key, "/filesystems").await.refused(401, "unauthorized");
    admin(&bench, "DELETE", &format!("/keys/{id}"), None).await.ok(204);
    let record = of_team(admin(&bench, "GET", "/keys?team=default", None).await.ok(200).json());
    assert!(record["revokedAt"].is_string(), "{record}");
}

#[tokio::test]
async fn a_key_is_for_a_team_or_for_administration() {
    let bench = Bench::new().await;
    let post = |body: Value| admin(&bench, "POST", "/keys", Some(body));
    for body in [json!({"name": "k"}), json!({"name": "k", "team": "default", "admin": true})] {
        assert!(post(body).await.refused(400, "invalid_field").contains("`team`"));
    }
    post(json!({"name": "", "admin": true})).await.refused(400, "invalid_field");
    post(json!({"name": "k", "team": "none"})).await.refused(404, "team_not_found");
    admin(&bench, "GET", "/keys?team=none", None).await.refused(404, "team_not_found");
    for id in ["none", "key-7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f"] {
        admin(&bench, "DELETE", &format!("/keys/{id}"), None).await.refused(404, "key_not_found");
    }

    let second = post(json!({"name": "second", "admin": true})).await.ok(201).json();
    let keys = admin(&bench, "GET", "/keys", None).await.ok(200).json();
    assert_eq!(keys.as_array().unwrap().len(), 2);
    assert!(keys.as_array().unwrap().iter().all(|record| record["admin"] == true));
    let own = keys[0]["id"].as_str().unwrap();
    admin(&bench, "DELETE", &format!("/keys/{own}"), None).await.refused(409, "busy");
    let revoke = bench.bare("DELETE", &format!("/keys/{own}"));
    revoke.header("x-api-key", second["key"].as_str().unwrap()).send().await.ok(204);
    admin(&bench, "GET", "/keys", None).await.refused(401, "unauthorized");
}
