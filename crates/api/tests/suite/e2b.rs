//! E2B's API, as its SDKs call it; `tests/e2b` runs the SDKs themselves.

use serde_json::Value;

use crate::support::{Bench, Reply, volume};

struct Volume {
    bench: Bench,
    id: String,
    token: String,
}

impl Volume {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let made = bench.call("POST", "/volumes").json(r#"{"name":"vol1"}"#).send().await.ok(201).json();
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        Self { id: text("volumeID"), token: text("token"), bench }
    }

    async fn call(&self, method: &str, rest: &str, body: &str) -> Reply {
        let path = format!("/volumecontent/{}/{rest}", self.id);
        let call = self.bench.bare(method, &path).header("authorization", &format!("Bearer {}", self.token));
        call.body(body.to_owned()).send().await
    }

    async fn stat(&self, path: &str) -> Value {
        self.call("GET", &format!("path?path={path}"), "").await.ok(200).json()
    }
}

#[tokio::test]
async fn a_volume_is_a_filesystem_with_a_token() {
    let volume = Volume::new().await;
    let bench = &volume.bench;
    let twice = bench.call("POST", "/volumes").json(r#"{"name":"vol1"}"#).send().await;
    assert_eq!(twice.refused(400, "invalid_field"), "Volume with name 'vol1' already exists");
    for name in ["a b", "", "ä"] {
        let body = format!(r#"{{"name":"{name}"}}"#);
        bench.call("POST", "/volumes").json(&body).send().await.refused(400, "invalid_field");
    }
    let shown = bench.get(&format!("/volumes/{}", volume.id)).await.ok(200).json();
    assert_eq!((&shown["volumeID"], &shown["name"]), (&volume.id.as_str().into(), &"vol1".into()));
    assert_ne!(shown["token"], volume.token.as_str(), "a new one each time");
    let filesystem = bench.get("/filesystems/vol1").await.ok(200).json();
    assert_eq!(filesystem["id"], format!("fs-{}", volume.id));
    bench.filesystem("other").await;
    let listed = bench.get("/volumes").await.ok(200).json();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["other", "vol1"]);
    bench.get("/volumes/vol1").await.refused(400, "invalid_path");
    let unknown = "/volumes/7f2c1a52-9c1d-4b5e-8d7e-0a1b2c3d4e5f";
    bench.get(unknown).await.refused(404, "filesystem_not_found");
    let foreign = bench.bare("GET", &format!("/volumes/{}", volume.id)).header("x-api-key", &bench.other_key);
    foreign.send().await.refused(404, "filesystem_not_found");
    bench.delete(&format!("/volumes/{}", volume.id)).await.ok(204);
    bench.delete(&format!("/volumes/{}", volume.id)).await.refused(404, "filesystem_not_found");
    volume.call("GET", "path?path=/", "").await.refused(404, "filesystem_not_found");
}

#[tokio::test]
async fn a_token_opens_its_volume_until_its_key_is_revoked() {
    let volume = Volume::new().await;
    let bench = &volume.bench;
    let other = bench.call("POST", "/volumes").json(r#"{"name":"vol2"}"#).send().await.ok(201).json();
    let routes = [
        ("GET", "path"),
        ("PATCH", "path"),
        ("DELETE", "path"),
        ("GET", "dir"),
        ("POST", "dir"),
        ("GET", "file"),
        ("PUT", "file"),
    ];
    let document = serde_json::to_value(holdfast_api::openapi_document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let content = paths.iter().filter(|(path, _)| path.starts_with("/volumecontent"));
    assert_eq!(content.map(|(_, item)| item.as_object().unwrap().len()).sum::<usize>(), routes.len());
    let forged = format!("Bearer {}x", &volume.token);
    let basic = format!("Basic {}", &volume.token);
    for (method, what) in routes {
        let path = format!("/volumecontent/{}/{what}?path=/f", volume.id);
        bench.call(method, &path).send().await.refused(401, "unauthorized");
        for wrong in ["Bearer x", &forged, &basic, "Bearer", ""] {
            let call = bench.bare(method, &path).header("authorization", wrong);
            call.send().await.refused(401, "unauthorized");
        }
        let of_other = format!("Bearer {}", other["token"].as_str().unwrap());
        let call = bench.bare(method, &path).header("authorization", &of_other);
        call.send().await.refused(403, "forbidden");
    }
    volume.stat("/").await;
    let key = bench.catalogue.find_key(&bench.key).await.unwrap().unwrap();
    bench.catalogue.revoke_key(key.key_id).await.unwrap();
    volume.call("GET", "path?path=/", "").await.refused(401, "unauthorized");
}

#[tokio::test]
async fn files_are_written_read_changed_and_removed() {
    let volume = Volume::new().await;
    let made = volume.call("PUT", "file?path=%2Ff.txt", "hello").await.ok(201).json();
    for (field, value) in [("name", "f.txt"), ("path", "/f.txt"), ("type", "file")] {
        assert_eq!(made[field], value);
    }
    for (field, value) in [("size", 5), ("mode", 0o666), ("uid", 9090), ("gid", 9090)] {
        assert_eq!(made[field], value, "{field}");
    }
    for time in ["atime", "mtime", "ctime"] {
        assert!(made[time].as_str().unwrap().ends_with('Z'));
    }
    assert_eq!(volume.call("GET", "file?path=/f.txt", "").await.ok(200).body, b"hello");
    volume.call("PUT", "file?path=/f.txt", "again").await.refused(409, "path_exists");
    let query = "file?path=/f.txt&uid=0&gid=0&mode=384&force=true";
    assert_eq!(volume.call("PUT", query, "again").await.ok(201).json()["mode"], 0o600);
    let forced = volume.call("PUT", "file?path=/f.txt&force=true", "again").await.ok(201).json();
    assert_eq!((&forced["mode"], &forced["uid"]), (&0o666.into(), &9090.into()), "the defaults count again");

    volume.call("PUT", "file?path=/no/parent", "x").await.refused(404, "path_not_found");
    let below = volume.call("PUT", "file?path=/some/new/f+g%2Bh&force=true", "x").await.ok(201).json();
    assert_eq!(below["path"], "/some/new/f g+h");
    assert_eq!(volume.stat("/some").await["mode"], 0o777);
    volume.call("PUT", "file?path=/f.txt/x", "x").await.refused(400, "not_a_directory");
    volume.call("GET", "file?path=/some", "").await.refused(400, "is_a_directory");
    volume.call("GET", "file?path=/none", "").await.refused(404, "path_not_found");

    let changed =
        volume.call("PATCH", "path?path=/f.txt", r#"{"uid":5,"gid":6,"mode":420}"#).await.ok(200).json();
    assert_eq!((&changed["uid"], &changed["gid"], &changed["mode"]), (&5.into(), &6.into(), &420.into()));
    assert_eq!(
        volume.call("PATCH", "path?path=/f.txt", "{}").await.ok(200).json(),
        volume.stat("/f.txt").await
    );
    volume.call("PATCH", "path?path=/f.txt", r#"{"mode":4096}"#).await.refused(400, "invalid_field");
    volume.call("PATCH", "path?path=/none", "{}").await.refused(404, "path_not_found");

    for path in ["/f.txt", "/some"] {
        volume.call("DELETE", &format!("path?path={path}"), "").await.ok(204);
        volume.call("DELETE", &format!("path?path={path}"), "").await.refused(404, "path_not_found");
    }
    assert_eq!(
        volume.call("DELETE", "path?path=/", "").await.refused(400, "invalid_path"),
        "cannot delete root"
    );
    volume.call("GET", "path", "").await.refused(400, "invalid_parameter");
    volume.call("GET", "path?path=/a/../b", "").await.refused(400, "invalid_path");
}

#[tokio::test]
async fn directories_are_made_and_listed_in_order() {
    let volume = Volume::new().await;
    let made = volume.call("POST", "dir?path=/d", "").await.ok(201).json();
    assert_eq!(
        (&made["type"], &made["mode"], &made["uid"]),
        (&"directory".into(), &0o777.into(), &9090.into())
    );
    volume.call("POST", "dir?path=/d", "").await.refused(409, "path_exists");
    volume.call("POST", "dir?path=/x/y", "").await.refused(404, "path_not_found");
    let kept = volume.call("POST", "dir?path=/d&mode=448&uid=1&force=true", "").await.ok(201).json();
    assert_eq!((&kept["mode"], &kept["uid"]), (&0o777.into(), &9090.into()), "left as it was");
    let deep =
        volume.call("POST", "dir?path=/d/e/f&uid=1000&gid=1001&mode=493&force=true", "").await.ok(201).json();
    assert_eq!((&deep["mode"], &deep["gid"]), (&0o755.into(), &1001.into()));
    for file in ["/d/b", "/d/e/c", "/d/a", "/d/e/f/g"] {
        volume.call("PUT", &format!("file?path={file}"), "x").await.ok(201);
    }
    volume.call("POST", "dir?path=/d/a&force=true", "").await.refused(409, "path_exists");
    volume.call("POST", "dir?path=/d/a/x", "").await.refused(400, "not_a_directory");
    let list = async |query: &str| {
        let listed = volume.call("GET", &format!("dir?{query}"), "").await.ok(200).json();
        let paths = listed.as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap().to_owned());
        paths.collect::<Vec<_>>()
    };
    for query in ["path=/d", "path=/d&depth=0", "path=/d&depth=1"] {
        assert_eq!(list(query).await, ["/d/a", "/d/b", "/d/e"], "{query}");
    }
    assert_eq!(list("path=/d&depth=2").await, ["/d/a", "/d/b", "/d/e", "/d/e/c", "/d/e/f"]);
    assert_eq!(list("path=d&depth=10").await.len(), 6);
    assert_eq!(list("path=/d/e/f").await, ["/d/e/f/g"]);
    volume.call("GET", "dir?path=/d&depth=11", "").await.refused(400, "invalid_parameter");
    volume.call("GET", "dir?path=/none", "").await.refused(404, "path_not_found");
    volume.call("GET", "dir?path=/d/a", "").await.refused(400, "not_a_directory");
}

#[tokio::test]
async fn links_and_special_files_have_one_of_the_four_types() {
    let e2b = Volume::new().await;
    let id = volume(&format!("fs-{}", e2b.id));
    e2b.call("PUT", "file?path=/f", "content").await.ok(201);
    e2b.bench.files.symlink(id, "/good", "f");
    e2b.bench.files.symlink(id, "/broken", "none");
    e2b.bench.files.fifo(id, "/pipe");
    let good = e2b.stat("/good").await;
    assert_eq!((&good["type"], &good["target"], &good["size"]), (&"file".into(), &"f".into(), &7.into()));
    let broken = e2b.stat("/broken").await;
    assert_eq!((&broken["type"], &broken["target"]), (&"unknown".into(), &"none".into()));
    let listed = e2b.call("GET", "dir?path=/", "").await.ok(200).json();
    let types: Vec<_> =
        listed.as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["unknown", "file", "file", "unknown"]);
    e2b.call("DELETE", "path?path=/good", "").await.ok(204);
    assert_eq!(e2b.stat("/f").await["size"], 7, "the link went, not its target");
}

#[tokio::test]
async fn the_public_key_is_published() {
    let bench = Bench::new().await;
    let keys = bench.bare("GET", "/.well-known/jwks.json").send().await.ok(200).json();
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["crv"]), (&"OKP".into(), &"Ed25519".into()));
}
