//! Attachments over HTTP, and the deletion of what is attached.

use holdfast_base::{AttachmentId, Timestamp};
use serde_json::json;

use crate::support::{Bench, Reply};

const OF_DATA: &str = "/filesystems/data/attachments";

impl Bench {
    async fn attach(&self, body: &str) -> Reply {
        self.call("POST", OF_DATA).json(body).send().await
    }
}

fn without<'a>(value: &'a serde_json::Value, keys: &[&str]) -> serde_json::Value {
    let kept = value.as_object().unwrap().iter().filter(|(key, _)| !keys.contains(&key.as_str()));
    kept.map(|(key, value): (&'a String, _)| (key.clone(), value.clone())).collect()
}

#[tokio::test]
async fn an_attachment_is_made_shown_listed_and_ended() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    let made = bench.call("POST", OF_DATA).header("host", "files.example:7070").send().await.ok(201);
    let shown = made.json();
    let attachment = shown["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location").unwrap(), format!("/filesystems/{id}/attachments/{attachment}"));
    let export = shown["exportPath"].as_str().unwrap();
    assert!(export.len() == 65 && export.starts_with('/'));
    assert_eq!(
        shown["mountCommand"],
        format!(
            "mount -t nfs -o vers=3,proto=tcp,port=2050,mountport=2050,mountproto=tcp,hard,nolock,\
             rsize=1048576,wsize=1048576 files.example:{export} /mnt/data"
        )
    );
    let wanted = json!({
        "id": attachment, "filesystemId": id, "host": "files.example", "port": 2050, "readOnly": false,
        "subpath": "/", "uidPolicy": "root", "allowedAddresses": [], "owner": "",
    });
    let secret = ["exportPath", "mountCommand"];
    assert_eq!(without(&without(&shown, &secret), &["createdAt"]), wanted);
    let path = format!("{OF_DATA}/{attachment}");
    let get = |path: &str| bench.call("GET", path).header("host", "files.example:7070").send();
    assert_eq!(get(&path).await.ok(200).json(), without(&shown, &secret), "the secret is shown once");
    assert_eq!(get(OF_DATA).await.ok(200).json(), json!([without(&shown, &secret)]));
    let known: AttachmentId = attachment.parse().unwrap();
    bench.mounts.used.lock().unwrap().insert(known, Timestamp { seconds: 1_700_000_000, nanos: 0 });
    assert_eq!(get(&path).await.ok(200).json()["lastActivityAt"], "2023-11-14T22:13:20Z");

    bench.delete(&path).await.ok(204);
    assert_eq!(*bench.mounts.ended.lock().unwrap(), [known]);
    bench.delete(&path).await.refused(404, "attachment_not_found");
    get(&path).await.refused(404, "attachment_not_found");
    bench.get(&format!("{OF_DATA}/data")).await.refused(404, "attachment_not_found");
    assert_eq!(get(OF_DATA).await.ok(200).json(), json!([]));
}

#[tokio::test]
async fn everything_that_can_be_asked_for_is_shown() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    bench.put("/filesystems/data/files/a/b/f", "x").await.ok(201);
    let body = json!({
        "readOnly": true, "subpath": "a//./b/", "uidPolicy": "map", "uid": 1000, "gid": 0,
        "allowedAddresses": ["10.0.0.0/8", "::1"], "expiresInSeconds": 3600, "owner": "sandbox ä",
    });
    let shown = bench.attach(&body.to_string()).await.ok(201).json();
    assert_eq!(shown["subpath"], "/a/b");
    assert_eq!((&shown["uidPolicy"], &shown["uid"], &shown["gid"]), (&json!("map"), &json!(1000), &json!(0)));
    assert_eq!(shown["allowedAddresses"], json!(["10.0.0.0/8", "::1/128"]));
    assert_eq!((&shown["owner"], &shown["readOnly"]), (&json!("sandbox ä"), &json!(true)));
    assert!(shown["expiresAt"].as_str() > shown["createdAt"].as_str());
    assert!(shown["mountCommand"].as_str().unwrap().starts_with("mount -t nfs -o ro,vers=3,"));
    assert_eq!(shown["host"], "localhost", "without a word of the client's");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    bench.put("/filesystems/data/files/f", "x").await.ok(201);
    for (body, status, error, word) in [
        (r#"{"subpath":"/a/../b"}"#, 400, "invalid_path", "subpath"),
        (r#"{"subpath":"/none"}"#, 404, "path_not_found", "no such"),
        (r#"{"subpath":"/f"}"#, 400, "not_a_directory", "directory"),
        (r#"{"uidPolicy":"map","uid":5}"#, 400, "invalid_field", "gid"),
        (r#"{"uid":5,"gid":5}"#, 400, "invalid_field", "uidPolicy"),
        (r#"{"uidPolicy":"map","uid":4294967295,"gid":5}"#, 400, "invalid_field", "uid"),
        (r#"{"uidPolicy":"nobody"}"#, 400, "invalid_body", "nobody"),
        (r#"{"allowedAddresses":["here"]}"#, 400, "invalid_field", "allowedAddresses"),
        (r#"{"expiresInSeconds":0}"#, 400, "invalid_field", "expiresInSeconds"),
        (r#"{"owner":"a\nb"}"#, 400, "invalid_field", "owner"),
        (r#"{"readonly":true}"#, 400, "invalid_body", "readonly"),
        ("[]", 400, "invalid_body", "object"),
    ] {
        let message = bench.attach(body).await.refused(status, error);
        assert!(message.contains(word), "{body}: {message}");
    }
    bench.filesystem("other").await;
    let made = bench.attach("{}").await.ok(201).json();
    let of_another = format!("/filesystems/other/attachments/{}", made["id"].as_str().unwrap());
    bench.get(&of_another).await.refused(404, "attachment_not_found");
    bench.delete(&of_another).await.refused(404, "attachment_not_found");
    for _ in 1..1000 {
        bench.attach("{}").await.ok(201);
    }
    bench.attach("{}").await.refused(409, "too_many_attachments");
    assert_eq!(bench.get(OF_DATA).await.ok(200).json().as_array().unwrap().len(), 1000);
    bench.delete(&format!("/filesystems/{id}?force=true")).await.ok(204);
    assert_eq!(bench.mounts.ended.lock().unwrap().len(), 1000);
}

#[tokio::test]
async fn an_attached_filesystem_is_deleted_by_force_only() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    let body = r#"{"owner":"sandbox-7"}"#;
    let made = bench.attach(body).await.ok(201).json();
    let attachment = made["id"].as_str().unwrap();
    let message = bench.delete("/filesystems/data").await.refused(409, "filesystem_attached");
    assert!(message.contains("`sandbox-7`") && message.contains(attachment), "{message}");
    let e2b = format!("/volumes/{}", &id[3..]);
    bench.delete(&e2b).await.refused(409, "filesystem_attached");
    bench.delete("/filesystems/data?force=maybe").await.refused(400, "invalid_parameter");
    bench.get("/filesystems/data").await.ok(200);
    for _ in 0..6 {
        bench.attach("{}").await.ok(201);
    }
    let message = bench.delete("/filesystems/data").await.refused(409, "filesystem_attached");
    assert!(message.contains("and 2 more"), "{message}");
    bench.delete("/filesystems/data?force=true").await.ok(204);
    assert_eq!(bench.mounts.ended.lock().unwrap().len(), 7);
    assert_eq!(bench.files.volumes(), 0);
    bench.get(OF_DATA).await.refused(404, "filesystem_not_found");
}
