//! Listing directories: depth, pages, cursors.

use serde_json::{Value, json};

use crate::support::Bench;

const F: &str = "/filesystems/data/files";

async fn bench() -> Bench {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    for path in ["/a/x/deep/1", "/a/y", "/b", "/c/z"] {
        bench.put(&format!("{F}{path}"), "x").await.ok(201);
    }
    bench
}

fn paths(page: &Value) -> Vec<String> {
    page["entries"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap().to_owned()).collect()
}

async fn walk(bench: &Bench, path: &str, query: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut next = format!("{F}{path}?list=true&{query}");
    loop {
        let page = bench.get(&next).await.ok(200).json();
        all.extend(paths(&page));
        match page.get("cursor") {
            Some(cursor) => next = format!("{F}{path}?list=true&{query}&cursor={}", cursor.as_str().unwrap()),
            None => return all,
        }
    }
}

#[tokio::test]
async fn a_directory_lists_its_entries() {
    let bench = bench().await;
    let page = bench.get(&format!("{F}?list=true")).await.ok(200).json();
    assert_eq!(paths(&page), ["/a", "/b", "/c"]);
    assert!(page.get("cursor").is_none());
    let file = &page["entries"][1];
    for (field, value) in [
        ("name", json!("b")),
        ("type", json!("file")),
        ("size", json!(1)),
        ("mode", json!("0644")),
        ("uid", json!(0)),
        ("gid", json!(0)),
        ("modifiedAt", json!("2023-11-14T22:13:20Z")),
    ] {
        assert_eq!(file[field], value, "{field}");
    }
    assert_eq!(paths(&bench.get(&format!("{F}/a/x?list")).await.ok(200).json()), ["/a/x/deep"]);
}

#[tokio::test]
async fn a_tree_is_walked_to_its_depth_with_parents_first() {
    let bench = bench().await;
    let two = ["/a", "/a/x", "/a/y", "/b", "/c", "/c/z"];
    assert_eq!(walk(&bench, "", "depth=2").await, two);
    let all = ["/a", "/a/x", "/a/x/deep", "/a/x/deep/1", "/a/y", "/b", "/c", "/c/z"];
    assert_eq!(walk(&bench, "", "depth=10").await, all);
    assert_eq!(walk(&bench, "/a", "depth=2").await, ["/a/x", "/a/x/deep", "/a/y"]);
    for limit in 1..=9 {
        assert_eq!(walk(&bench, "", &format!("depth=10&limit={limit}")).await, all, "limit {limit}");
        assert_eq!(walk(&bench, "", &format!("depth=2&limit={limit}")).await, two, "limit {limit}");
    }
}

#[tokio::test]
async fn a_walk_goes_on_where_directories_vanish_and_appear() {
    let bench = bench().await;
    let first = bench.get(&format!("{F}?list=true&depth=10&limit=3")).await.ok(200).json();
    assert_eq!(paths(&first), ["/a", "/a/x", "/a/x/deep"]);
    bench.delete(&format!("{F}/a")).await.ok(204);
    bench.put(&format!("{F}/d"), "x").await.ok(201);
    let cursor = first["cursor"].as_str().unwrap();
    let rest = bench.get(&format!("{F}?list=true&depth=10&cursor={cursor}")).await.ok(200).json();
    assert_eq!(paths(&rest), ["/b", "/c", "/c/z", "/d"]);
}

#[tokio::test]
async fn what_cannot_be_listed_is_refused() {
    let bench = bench().await;
    bench.get(&format!("{F}/none?list=true")).await.refused(404, "path_not_found");
    bench.get(&format!("{F}/b?list=true")).await.refused(400, "not_a_directory");
    for (query, says) in [
        ("list=true&depth=0", "`depth` must be a number from 1 to 10"),
        ("list=true&depth=11", "`depth`"),
        ("list=true&limit=0", "`limit`"),
        ("list=true&limit=4097", "from 1 to 4096"),
        ("list=true&cursor=zz", "`cursor` must be one that an earlier answer gave"),
        ("list=true&stat=true", "cannot be combined"),
        ("list=true&follow=false", "`follow` is only for requests with `stat=true`"),
        ("list=maybe", "`list` must be true or false"),
        ("depth=2", "`depth` is only for requests with `list=true`"),
        ("follow=false", "`follow`"),
        ("stat=true&limit=5", "`limit`"),
        ("offset=5", "`offset` is unknown here"),
    ] {
        let message = bench.get(&format!("{F}?{query}")).await.refused(400, "invalid_parameter");
        assert!(message.contains(says), "{query}: {message}");
    }
}
