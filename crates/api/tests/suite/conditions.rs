//! Entity tags and the conditions that name them.

use crate::support::Bench;

const FILE: &str = "/filesystems/data/files/f";

async fn bench() -> (Bench, String) {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let made = bench.put(FILE, "one").await.ok(201);
    let tag = made.header("etag").unwrap().to_owned();
    assert_eq!(made.json()["etag"], tag);
    (bench, tag)
}

#[tokio::test]
async fn a_tag_changes_with_the_content_and_only_then() {
    let (bench, tag) = bench().await;
    assert!(tag.starts_with('"') && tag.ends_with('"'), "strong: {tag}");
    assert_eq!(bench.get(FILE).await.ok(200).header("etag"), Some(tag.as_str()));
    let replaced = bench.put(FILE, "two").await.ok(200);
    let second = replaced.header("etag").unwrap();
    assert_ne!(second, tag);
    assert_eq!(bench.get(FILE).await.ok(200).header("etag"), Some(second));
    assert_eq!(bench.get(&format!("{FILE}?stat=true")).await.ok(200).json()["etag"], second);
}

#[tokio::test]
async fn reads_obey_conditions() {
    let (bench, tag) = bench().await;
    let get = |name: &'static str, value: &str| bench.call("GET", FILE).header(name, value).send();
    for value in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let reply = get("if-none-match", &value).await.ok(304);
        assert_eq!((reply.body.len(), reply.header("etag")), (0, Some(tag.as_str())));
        assert_eq!(reply.header("content-length"), Some("3"));
    }
    get("if-none-match", "\"other\"").await.ok(200);
    get("if-match", &tag).await.ok(200);
    get("if-match", "\"other\"").await.refused(412, "precondition_failed");
    get("if-match", &format!("W/{tag}")).await.refused(412, "precondition_failed");
    get("if-none-match", "unquoted").await.refused(400, "invalid_header");

    let ranged =
        |value: &str| bench.call("GET", FILE).header("range", "bytes=0-0").header("if-range", value).send();
    assert_eq!(ranged(&tag).await.ok(206).body, b"o");
    assert_eq!(ranged("\"other\"").await.ok(200).body, b"one");
    assert_eq!(ranged(&format!("W/{tag}")).await.ok(200).body, b"one");
}

#[tokio::test]
async fn writes_obey_conditions() {
    let (bench, tag) = bench().await;
    let put = |path: &'static str, name: &'static str, value: &str| {
        bench.call("PUT", path).header(name, value).body("new").send()
    };
    const NEW: &str = "/filesystems/data/files/new";
    put(FILE, "if-none-match", "*").await.refused(412, "precondition_failed");
    put(FILE, "if-match", "\"other\"").await.refused(412, "precondition_failed");
    put(FILE, "if-match", &format!("W/{tag}")).await.refused(412, "precondition_failed");
    put(NEW, "if-match", "*").await.refused(412, "precondition_failed");
    put(NEW, "if-match", &tag).await.refused(412, "precondition_failed");
    assert_eq!(bench.get(FILE).await.ok(200).body, b"one");
    bench.get(NEW).await.refused(404, "path_not_found");

    put(FILE, "if-match", &tag).await.ok(200);
    put(FILE, "if-match", &tag).await.refused(412, "precondition_failed");
    put(FILE, "if-match", "*").await.ok(200);
    put(NEW, "if-none-match", "*").await.ok(201);
    put(FILE, "if-none-match", &tag).await.refused(400, "invalid_header");
    let both = bench.call("PUT", FILE).header("if-match", "*").header("if-none-match", "*").send().await;
    both.refused(400, "invalid_header");
}
