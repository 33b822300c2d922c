//! Snapshots, forks, restores and the check, as commands.

use super::support::{Server, outcome, pattern};

#[test]
fn snapshots_and_forks_are_commands() {
    let mut server = Server::start();
    server.run(&["fs", "create", "work", "--size", "5gb"]);
    server.put("work:/f", b"old");
    assert_eq!(server.json(&["snapshot", "create", "work", "one"])["usedBytes"], 3);
    server.put("work:/f", b"newer");
    assert!(server.run(&["snapshot", "list", "work"]).contains("one"));
    let fork = server.json(&["fs", "fork", "work", "then", "--snapshot", "one"]);
    assert_eq!((fork["name"].as_str(), fork["sizeGB"].as_u64()), (Some("then"), Some(5)));
    server.run(&["fs", "fork", "work", "now"]);
    assert_eq!((server.get("then:/f"), server.get("now:/f")), (b"old".to_vec(), b"newer".to_vec()));
    server.run(&["snapshot", "restore", "work", "one"]);
    assert_eq!(server.get("work:/f"), b"old");
    let (code, said) = server.fail(&["snapshot", "create", "work", "one"]);
    assert!(code == 7 && said.contains("taken"), "{said}");
    let (code, said) = server.fail(&["snapshot", "rm", "work", "two"]);
    assert!(code == 6 && said.contains("snapshot"), "{said}");
    server.run(&["snapshot", "rm", "work", "one"]);
    server.run(&["fs", "rm", "work", "--yes"]);
    assert_eq!((server.get("then:/f"), server.get("now:/f")), (b"old".to_vec(), b"newer".to_vec()));
    let (code, _, said) = outcome(server.command(&["check"]));
    assert!(code == 3, "a server runs: {said}");
    assert!(server.terminate().success());
    let (code, out, said) = outcome(server.command(&["check", "--deep"]));
    assert!(code == 0 && out.contains("clean"), "{out}{said}");
}

/// Lives of a server that ends by kill -9 in the middle of writes, snapshots, forks and what they leave behind.
#[test]
fn the_check_is_clean_after_every_kill() {
    let kills = std::env::var("HOLDFAST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(8);
    let mut server = Server::start();
    server.run(&["fs", "create", "work", "--size", "5gb"]);
    let content = pattern(3_000_000);
    for life in 0..kills {
        if life > 0 {
            server.start_again();
        }
        for index in 0..4 {
            server.put(&format!("work:/f{index}"), &content[life * 1000..]);
        }
        server.run(&["snapshot", "create", "work", &format!("s{life}")]);
        let fork = format!("fork{life}");
        server.run(&["fs", "fork", "work", &fork]);
        server.put(&format!("{fork}:/f0"), &content[..1000]);
        if life > 1 {
            // What this gives up is collected when the server is killed.
            let mut command = server.command(&["fs", "rm", &format!("fork{}", life - 2), "--yes"]);
            let mut child = command.spawn().unwrap();
            server.run(&["snapshot", "rm", "work", &format!("s{}", life - 2)]);
            server.kill();
            child.wait().unwrap();
        } else {
            server.kill();
        }
        let (code, out, said) = outcome(server.command(&["check", "--deep"]));
        assert!(code == 0, "after kill {life}: {out}{said}");
    }
    server.start_again();
    assert_eq!(server.get("work:/f0"), &content[(kills - 1) * 1000..]);
}
