//! The path rules through the whole stack: what arrives as bytes is what is stored.

use crate::support::{Bench, volume};

const F: &str = "/filesystems/data/files";

#[tokio::test]
async fn every_spelling_of_a_path_names_the_same_file() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    bench.put(&format!("{F}/dir/file"), "x").await.ok(201);
    for spelling in ["/dir/file", "//dir//file", "/dir/./file", "/dir%2Ffile", "/%64ir/file", "/./dir/file/"]
    {
        assert_eq!(bench.get(&format!("{F}{spelling}")).await.ok(200).body, b"x", "{spelling}");
    }
}

#[tokio::test]
async fn traversal_and_impossible_names_are_refused_by_every_method() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let long = "n".repeat(256);
    let deep = "n/".repeat(2100);
    for (path, says) in [
        ("/..", "`..` component"),
        ("/../../etc/passwd", "`..` component"),
        ("/a/../b", "`..` component"),
        ("/%2e%2e/b", "`..` component"),
        ("/%2E%2E%2Fb", "`..` component"),
        ("/a%2f..%2fb", "`..` component"),
        ("/.%2e", "`..` component"),
        ("/a%00b", "NUL"),
        ("/%zz", "`%25`"),
        ("/a%2", "`%25`"),
        (&format!("/{long}"), "component of 256 bytes"),
        (&format!("/{deep}"), "4201 bytes"),
    ] {
        for (method, query) in [
            ("GET", ""),
            ("GET", "?list=true"),
            ("GET", "?stat=true"),
            ("PUT", ""),
            ("DELETE", ""),
            ("POST", "?op=mkdir"),
        ] {
            let message =
                bench.call(method, &format!("{F}{path}{query}")).send().await.refused(400, "invalid_path");
            assert!(message.contains(says), "{method} {path}: {message}");
        }
    }
}

#[tokio::test]
async fn percent_decoding_happens_once() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let made = bench.put(&format!("{F}/%252e%252e"), "x").await.ok(201).json();
    assert_eq!((made["name"].as_str(), made["path"].as_str()), (Some("%2e%2e"), Some("/%2e%2e")));
    let made = bench.put(&format!("{F}/a%20b+c%3Fd%23e%25"), "x").await.ok(201).json();
    assert_eq!(made["name"], "a b+c?d#e%");
}

#[tokio::test]
async fn names_are_bytes() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let made = bench.put(&format!("{F}/caf%E9"), "latin").await.ok(201).json();
    assert_eq!((made["name"].as_str(), made["encodedName"].as_str()), (Some("caf\u{fffd}"), Some("caf%E9")));
    bench.put(&format!("{F}/caf%C3%A9"), "utf-8").await.ok(201);
    assert_eq!(bench.get(&format!("{F}/caf%E9")).await.ok(200).body, b"latin");
    assert_eq!(bench.get(&format!("{F}/caf%C3%A9")).await.ok(200).body, b"utf-8");
    let listed = bench.get(&format!("{F}?list=true")).await.ok(200).json();
    let entry = &listed["entries"][1];
    assert_eq!(entry["name"], "café");
    assert!(entry.get("encodedName").is_none());
}

#[tokio::test]
async fn the_root_is_a_directory_under_all_its_names() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    for root in [F.to_owned(), format!("{F}/"), format!("{F}//"), format!("{F}/."), format!("{F}/%2F")] {
        let shown = bench.get(&format!("{root}?stat=true")).await.ok(200).json();
        assert_eq!(
            (&shown["path"], &shown["name"], &shown["type"]),
            (&"/".into(), &"/".into(), &"directory".into())
        );
        assert_eq!(shown["mode"], "1777");
        bench.get(&format!("{root}?list=true")).await.ok(200);
        bench.get(&root).await.refused(400, "is_a_directory");
        bench.put(&root, "x").await.refused(400, "is_a_directory");
        bench.delete(&root).await.refused(400, "invalid_path");
        bench.call("POST", &format!("{root}?op=mkdir")).send().await.ok(200);
    }
}

#[tokio::test]
async fn links_are_followed_and_shown() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    bench.put(&format!("{F}/dir/file"), "x").await.ok(201);
    bench.files.symlink(volume(&id), "/link", "../../dir/file");
    bench.files.symlink(volume(&id), "/loop", "loop");
    bench.files.fifo(volume(&id), "/pipe");
    assert_eq!(bench.get(&format!("{F}/link")).await.ok(200).body, b"x");
    let followed = bench.get(&format!("{F}/link?stat=true")).await.ok(200).json();
    assert_eq!((&followed["type"], &followed["size"]), (&"file".into(), &1.into()));
    let link = bench.get(&format!("{F}/link?stat=true&follow=false")).await.ok(200).json();
    assert_eq!((&link["type"], &link["target"]), (&"symlink".into(), &"../../dir/file".into()));
    assert!(link.get("etag").is_none());
    bench.get(&format!("{F}/loop")).await.refused(400, "too_many_symlinks");
    bench.get(&format!("{F}/pipe")).await.refused(400, "not_a_regular_file");
    bench.delete(&format!("{F}/link")).await.ok(204);
    bench.get(&format!("{F}/dir/file")).await.ok(200);
}
