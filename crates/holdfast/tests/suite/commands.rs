//! The client commands against a server, with their exit codes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::support::{Server, outcome, pattern};

#[test]
fn filesystems_are_made_listed_changed_and_removed() {
    let server = Server::start();
    let made = server.json(&["fs", "create", "work", "--size", "5gb", "--label", "for=tests"]);
    assert_eq!((made["name"].as_str(), made["sizeGB"].as_u64()), (Some("work"), Some(5)));
    server.run(&["fs", "create", "play"]);
    let listed = server.run(&["fs", "list"]);
    let lines: Vec<_> = listed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(lines[0], ["NAME", "SIZE", "CREATED", "ID"]);
    assert_eq!((lines[1][0], &lines[2][..3]), ("play", &["work", "5", "GB"][..]));
    assert_eq!(server.json(&["fs", "list", "--label", "for=tests"]).as_array().unwrap().len(), 1);
    assert_eq!(server.json(&["fs", "resize", "work", "6gib"])["sizeBytes"], 6_u64 << 30);
    assert_eq!(server.json(&["fs", "rename", "work", "works"])["id"], made["id"]);
    assert!(server.run(&["fs", "show", made["id"].as_str().unwrap()]).contains("works"));
    assert_eq!(made["durability"], "local");
    let set = server.json(&["fs", "set", "works", "--durability", "object", "--compression", "zstd"]);
    assert_eq!((set["durability"].as_str(), set["compression"].as_str()), (Some("object"), Some("zstd")));
    assert!(server.run(&["fs", "show", "works"]).contains("object"));
    server.run(&["fs", "set", "works", "--durability", "relaxed"]);
    server.put("works:/f", b"123");
    assert_eq!(server.json(&["fs", "usage", "works"])["usedBytes"], 3);
    assert!(server.run(&["fs", "usage", "works"]).contains("3 B"));

    let (code, said) = server.fail(&["fs", "rm", "works"]);
    assert!(code == 7 && said.contains("--yes"), "{said}");
    server.run(&["fs", "rm", "works", "--yes"]);
    server.run(&["fs", "rm", "play"]);
    assert_eq!(server.json(&["fs", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn failures_have_codes_and_words() {
    let server = Server::start();
    server.run(&["fs", "create", "demo"]);
    for (args, code, says) in [
        (&["fs", "create", "demo"][..], 7, "taken"),
        (&["fs", "create", "tiny", "--size", "1kb"], 2, "from 1 GB"),
        (&["fs", "create", "x", "--durability", "best"], 2, "local, object or relaxed"),
        (&["fs", "set", "demo"], 2, "--durability"),
        (&["fs", "create", "a b"], 2, "letters, digits"),
        (&["fs", "create", "x", "--size", "5 parsecs"], 2, "is not a size"),
        (&["fs", "show", "none"], 6, "no such filesystem"),
        (&["files", "get", "demo:/none", "-"], 6, "no such file"),
        (&["files", "get", "demo:/../x"], 2, "`..`"),
        (&["files", "ls", "demo"], 2, "NAME:/path"),
        (&["files", "put", "/nonexistent/f", "demo:/f"], 6, "/nonexistent/f"),
        (&["fs", "list", "--url", "http://127.0.0.1:1"], 4, "holdfast serve"),
        (&["fs", "list", "--key-file", "/nonexistent/key"], 5, "HOLDFAST_API_KEY"),
    ] {
        let (got, said) = server.fail(args);
        assert!(got == code && said.contains(says), "{args:?}: {got} {said}");
    }
    let mut command = server.command(&["fs", "list"]);
    command.env("HOLDFAST_API_KEY", format!("e2b_{}", "0".repeat(40)));
    let (code, _, said) = outcome(command);
    assert!(code == 5 && said.contains("X-API-Key"), "{said}");
    let (_, said) = server.fail(&["fs", "show", "none", "--json"]);
    let error: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((error["code"].as_u64(), error["error"].as_str()), (Some(404), Some("filesystem_not_found")));
}

#[test]
fn files_go_in_and_come_back() {
    let server = Server::start();
    server.run(&["fs", "create", "demo"]);
    let bytes = pattern(9_000_001);
    let local = server.dir.path().join("big file");
    fs::write(&local, &bytes).unwrap();
    fs::set_permissions(&local, fs::Permissions::from_mode(0o750)).unwrap();
    let source = local.to_str().unwrap();
    let made = server.json(&["files", "put", source, "demo:/in/here/", "--uid", "1000"]);
    assert_eq!((made["path"].as_str(), made["mode"].as_str()), (Some("/in/here/big file"), Some("0750")));
    assert_eq!((made["uid"].as_u64(), made["size"].as_u64()), (Some(1000), Some(9_000_001)));
    assert!(server.get("demo:/in/here/big file") == bytes);
    server.run(&["files", "get", "demo:/in/here/big file", "copy"]);
    assert!(fs::read(server.dir.path().join("copy")).unwrap() == bytes);

    server.put("demo:/in/small", b"first");
    fs::write(server.dir.path().join("small"), "second").unwrap();
    assert_eq!(server.fail(&["files", "put", "small", "demo:/in/", "--new"]).0, 7);
    assert_eq!(server.get("demo:/in/small"), b"first");
    assert_eq!(server.fail(&["files", "get", "demo:/in", "copy"]).0, 2);
    assert!(
        fs::read(server.dir.path().join("copy")).unwrap() == bytes,
        "a failed download leaves what was there"
    );
    let listed = server.run(&["files", "ls", "demo:/in/here"]);
    assert!(listed.contains("-rwxr-x---  1000:0  9000001"), "{listed}");
    assert!(server.run(&["files", "ls", "demo:/in/here/big file"]).contains("9000001"));
    assert!(server.run(&["files", "stat", "demo:/in/here/big file"]).contains("links"));
    assert_eq!(server.json(&["files", "mkdir", "demo:/new/dir", "--mode", "700"])["mode"], "0700");
    assert_eq!(server.fail(&["files", "rm", "demo:/in"]).0, 7);
    server.run(&["files", "rm", "-r", "demo:/in"]);
    assert_eq!(server.json(&["files", "ls", "-r", "demo:"]).as_array().unwrap().len(), 2);
}

#[test]
fn trees_go_in_and_come_back() {
    let server = Server::start();
    server.run(&["fs", "create", "demo"]);
    let tree = server.dir.path().join("tree");
    fs::create_dir_all(tree.join("a/b/empty")).unwrap();
    for number in 0..120 {
        fs::write(tree.join(format!("a/{number} é%")), pattern(number * 11)).unwrap();
    }
    fs::write(tree.join("a/b/script"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(tree.join("a/b/script"), fs::Permissions::from_mode(0o755)).unwrap();
    let put = server.json(&["files", "put", "-r", "tree", "demo:/t"]);
    assert_eq!(put["files"], 121);
    server.run(&["files", "get", "-r", "demo:/t", "back"]);
    let mut diff = Command::new("diff");
    diff.args(["-r", "tree", "back"]).current_dir(server.dir.path());
    let (code, out, _) = outcome(diff);
    assert_eq!((code, out.as_str()), (0, ""));
    let mode = fs::metadata(server.dir.path().join("back/a/b/script")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    symlink("a", tree.join("link")).unwrap();
    let (code, said) = server.fail(&["files", "put", "-r", "tree", "demo:/t"]);
    assert!(code == 1 && said.contains("skipped tree/link") && said.contains("121 files"), "{said}");
}

#[test]
fn the_mount_command_names_the_real_port() {
    let server = Server::start();
    let id = server.json(&["fs", "create", "demo"])["id"].as_str().unwrap().to_owned();
    let command = server.run(&["mount-command", "demo"]);
    let port = server.nfs.port();
    let options = format!(
        "vers=3,proto=tcp,port={port},mountport={port},mountproto=tcp,hard,nolock,rsize=1048576,wsize=1048576"
    );
    let wanted = format!("mkdir -p /mnt/demo && mount -t nfs -o {options} 127.0.0.1:/{id} /mnt/demo\n");
    assert_eq!(command, wanted);
    let with_locks = server.run(&["mount-command", "demo", "--locks"]);
    assert_eq!(with_locks, wanted.replace("nolock,", ""));
    let json = server.json(&["mount-command", "demo", "--nfs", "nfs.example:2049", "--point", "/data"]);
    assert_eq!((json["host"].as_str(), json["port"].as_u64()), (Some("nfs.example"), Some(2049)));
    assert_eq!(server.fail(&["mount-command", "none"]).0, 6);
}

#[test]
fn teams_and_keys_are_administered() {
    let mut server = Server::start();
    // A team stays as long as something of it can be undeleted.
    assert!(server.terminate().success());
    std::fs::write(server.dir.path().join("holdfast.toml"), "undelete_seconds = 0\n").unwrap();
    server.start_again();
    let id = server.run(&["team", "create", "research"]);
    assert!(id.starts_with("team-"), "{id}");
    let listed = server.run(&["team", "list"]);
    assert!(listed.contains("default") && listed.contains(id.trim()), "{listed}");
    let made = server.json(&["key", "create", "--team", "research", "--name", "ci"]);
    let (key, key_id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    let as_research = |args: &[&str]| {
        let mut command = server.command(args);
        command.env("HOLDFAST_API_KEY", key);
        outcome(command)
    };
    assert_eq!(as_research(&["fs", "create", "data"]).0, 0);
    assert_eq!(server.json(&["fs", "list"]).as_array().unwrap().len(), 0, "another team's");
    let (code, _, said) = as_research(&["fs", "show", "data", "--json"]);
    assert_eq!(code, 0, "{said}");
    let listed = server.run(&["key", "list", "--team", "research"]);
    assert!(listed.contains("ci") && listed.contains(key_id) && !listed.contains(key), "{listed}");
    assert_eq!(server.fail(&["team", "rm", "research"]).0, 7);
    assert_eq!(as_research(&["fs", "rm", "data"]).0, 0);
    server.run(&["key", "revoke", key_id]);
    assert_eq!(as_research(&["fs", "list"]).0, 5);
    server.run(&["team", "rm", "research"]);
    assert_eq!(server.fail(&["team", "rm", "research"]).0, 6);
    let (code, said) = server.fail(&["team", "list", "--key-file", "data/api-key"]);
    assert!(code == 5 && said.contains("administrator"), "{said}");
}
