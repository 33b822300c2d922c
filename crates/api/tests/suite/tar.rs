//! Import and export, with archives that the system's own `tar` writes and reads.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use axum::body::Body;

use crate::support::{Bench, Reply, volume};

fn tar(args: &[&str], dir: &Path) {
    let done = Command::new("tar").args(args).current_dir(dir).output().unwrap();
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

async fn import(bench: &Bench, query: &str, archive: Vec<u8>) -> Reply {
    // In odd pieces, so that no block begins where a piece does.
    let pieces: Vec<_> = archive.chunks(777).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let body = Body::from_stream(futures::stream::iter(pieces));
    bench.call("POST", &format!("/filesystems/data/import{query}")).body(body).send().await
}

/// A tree with everything that can be in one.
fn tree(top: &Path) {
    let long = top.join("d".repeat(90)).join("é".repeat(40));
    fs::create_dir_all(&long).unwrap();
    fs::write(long.join("deep"), "deep").unwrap();
    fs::create_dir_all(top.join("a/empty")).unwrap();
    fs::write(top.join("a/small"), "small").unwrap();
    fs::set_permissions(top.join("a/small"), fs::Permissions::from_mode(0o4750)).unwrap();
    fs::set_permissions(top.join("a/empty"), fs::Permissions::from_mode(0o711)).unwrap();
    fs::write(top.join("nothing"), "").unwrap();
    fs::write(top.join("large"), vec![7; 3_000_001]).unwrap();
    symlink("../large", top.join("a/link")).unwrap();
    fs::hard_link(top.join("a/small"), top.join("other")).unwrap();
    assert!(Command::new("mkfifo").arg(top.join("pipe")).status().unwrap().success());
}

#[tokio::test]
async fn a_tree_goes_in_and_comes_back_as_it_was() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    for format in ["gnu", "posix", "ustar"] {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("t")).unwrap();
        tree(&dir.path().join("t"));
        let owner = ["--owner=7", "--group=8", "--numeric-owner"];
        tar(&[&["cf", "in.tar", "--format", format], &owner[..], &["-C", "t", "."]].concat(), dir.path());
        let archive = fs::read(dir.path().join("in.tar")).unwrap();
        let done = import(&bench, "?path=/into", archive).await.ok(200).json();
        assert_eq!(
            (&done["files"], &done["links"], &done["skipped"]),
            (&4.into(), &2.into(), &1.into()),
            "{format}"
        );
        assert_eq!(done["bytes"], 3_000_001 + 5 + 4);
        let files = "/filesystems/data/files/into";
        let small = bench.get(&format!("{files}/a/small?stat=true")).await.ok(200).json();
        assert_eq!((&small["mode"], &small["uid"], &small["gid"]), (&"4750".into(), &7.into(), &8.into()));
        assert_eq!(bench.get(&format!("{files}/a/empty?stat=true")).await.ok(200).json()["mode"], "0711");
        assert_eq!(bench.get(&format!("{files}/a/link")).await.ok(200).body.len(), 3_000_001);

        let exported = bench.get("/filesystems/data/export?path=into").await.ok(200);
        assert_eq!(exported.header("content-type"), Some("application/x-tar"));
        fs::write(dir.path().join("out.tar"), &exported.body).unwrap();
        fs::create_dir(dir.path().join("back")).unwrap();
        tar(&["xpf", "out.tar", "-C", "back"], dir.path());
        fs::remove_file(dir.path().join("t/pipe")).unwrap();
        let diff = Command::new("diff").args(["-r", "t", "back"]).current_dir(dir.path()).output().unwrap();
        assert!(diff.status.success(), "{format}: {}", String::from_utf8_lossy(&diff.stdout));
        let back = dir.path().join("back/a/small").metadata().unwrap();
        assert_eq!(back.mode() & 0o7777, 0o4750);
        let link = fs::read_link(dir.path().join("back/a/link")).unwrap();
        assert_eq!(link.to_str(), Some("../large"));
        bench.delete(files).await.ok(204);
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_named_and_what_came_before_stays() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("good"), "good").unwrap();
    fs::write(dir.path().join("evil"), "evil").unwrap();
    tar(&["cPf", "in.tar", "good", "--transform", "s,^evil,../../evil,", "evil"], dir.path());
    let archive = fs::read(dir.path().join("in.tar")).unwrap();
    let said = import(&bench, "", archive.clone()).await.refused(400, "invalid_path");
    assert!(said.contains("../../evil"), "{said}");

    tar(&["cf", "in.tar", "good"], dir.path());
    let archive = fs::read(dir.path().join("in.tar")).unwrap();
    import(&bench, "", archive.clone()).await.ok(200);
    assert_eq!(bench.get("/filesystems/data/files/good").await.ok(200).body, b"good");
    let mut torn = archive.clone();
    torn[0] ^= 1;
    assert!(import(&bench, "", torn).await.refused(400, "invalid_body").contains("checksum"));
    for length in [100, 512, 513, 515] {
        import(&bench, "", archive[..length].to_vec()).await.refused(400, "invalid_body");
    }
    import(&bench, "", Vec::new()).await.ok(200);
    import(&bench, "?path=/a/../b", archive.clone()).await.refused(400, "invalid_path");
    import(&bench, "?path=/good", archive.clone()).await.refused(400, "not_a_directory");
    let elsewhere = bench.call("POST", "/filesystems/none/import").body(archive).send().await;
    elsewhere.refused(404, "filesystem_not_found");
}

#[tokio::test]
async fn a_full_filesystem_ends_an_import_and_a_large_file_too() {
    let bench = Bench::new().await;
    let id = bench.filesystem("data").await;
    let limits = holdfast_api::files::VolumeLimits { bytes: holdfast_base::ByteSize(1_000_000), inodes: 100 };
    holdfast_api::files::Files::set_limits(&*bench.files, volume(&id), limits).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("large"), vec![7; 2_000_000]).unwrap();
    tar(&["cf", "in.tar", "large"], dir.path());
    let said =
        import(&bench, "", fs::read(dir.path().join("in.tar")).unwrap()).await.refused(507, "quota_exceeded");
    assert!(said.starts_with("`/large`"), "{said}");
}

#[tokio::test]
async fn an_export_is_of_a_directory() {
    let bench = Bench::new().await;
    bench.filesystem("data").await;
    bench.put("/filesystems/data/files/f", "x").await.ok(201);
    bench.get("/filesystems/data/export?path=/f").await.refused(400, "not_a_directory");
    bench.get("/filesystems/data/export?path=/none").await.refused(404, "path_not_found");
    bench.get("/filesystems/none/export").await.refused(404, "filesystem_not_found");
    let empty = bench.delete("/filesystems/data/files/f").await.ok(204);
    assert!(empty.body.is_empty());
    assert_eq!(bench.get("/filesystems/data/export").await.ok(200).body, vec![0; 1024]);
}
