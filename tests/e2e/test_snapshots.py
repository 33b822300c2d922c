"""Snapshots, forks and restores as a mounted client sees them.

A restore puts an old tree in place under a live mount: what the client then asks
for is the old tree, or a clean ESTALE for what is no longer there, and never a mix
of both.
"""
import pytest

import contract
from harness.server import Filesystem

pytestmark = pytest.mark.holdfast

MANY = "for i in $(seq 200); do echo {word} $i > dir/f$i; done; sync"


def path(filesystem, *more):
    return "/".join([contract.FILESYSTEMS, filesystem.id, *more])


def snapshot(server, filesystem, name):
    return server.api.json("POST", path(filesystem, "snapshots"), {"name": name}, expect=(201,))


def words(guest, folder):
    """The first words of all files: one of the two trees has one word only."""
    return set(guest.sh("cat dir/f* | cut -d' ' -f1 | sort -u", cwd=folder, timeout_s=60).split())


def test_snapshot_is_a_directory_and_stays(server, guest, filesystem, folder):
    guest.sh("mkdir dir; " + MANY.format(word="old"), cwd=folder, timeout_s=60)
    snapshot(server, filesystem, "before")
    guest.sh(MANY.format(word="new"), cwd=folder, timeout_s=60)
    assert words(guest, folder) == {"new"}
    kept = guest.sh(f"cat {mount_of(folder)}/.snapshots/before/{name_of(folder)}/dir/f7").split()
    assert kept == ["old", "7"]
    refused = guest.run("touch", f"{mount_of(folder)}/.snapshots/before/x", check=False)
    assert refused.returncode != 0 and "Read-only" in refused.stderr


def test_restore_under_a_live_mount(server, guest, filesystem, folder):
    guest.sh("mkdir dir; " + MANY.format(word="old"), cwd=folder, timeout_s=60)
    snapshot(server, filesystem, "good")
    guest.sh(MANY.format(word="new") + "; mkdir later; echo x > later/x", cwd=folder, timeout_s=60)
    server.api.json("POST", path(filesystem, "restore"), {"snapshot": "good"}, expect=(200, 204))
    # What the kernel cached may serve for as long as its attributes do.
    guest.drop_caches()
    assert words(guest, folder) == {"old"}
    gone = guest.run("cat", f"{folder}/later/x", check=False)
    assert gone.returncode != 0
    assert "No such file" in gone.stderr or "Stale file handle" in gone.stderr, gone.stderr
    guest.sh("echo again > dir/f1; sync; cat dir/f1", cwd=folder)
    assert server.api.read(filesystem, f"{name_of(folder)}/dir/f1") == b"again\n"


def test_fork_goes_its_own_way(server, guest, filesystem, folder):
    guest.sh("mkdir dir; " + MANY.format(word="old"), cwd=folder, timeout_s=60)
    made = server.api.json("POST", path(filesystem, "fork"), {"name": "own-way"}, expect=(201,))
    fork = Filesystem(made["id"], made["name"], made["sizeBytes"], "/" + made["id"])
    guest.sh(MANY.format(word="new"), cwd=folder, timeout_s=60)
    place = guest.mount(server, fork)
    assert words(guest, f"{place}/{name_of(folder)}") == {"old"}
    guest.sh(MANY.format(word="fork"), cwd=f"{place}/{name_of(folder)}", timeout_s=60)
    assert words(guest, folder) == {"new"}
    assert words(guest, f"{place}/{name_of(folder)}") == {"fork"}


def mount_of(folder):
    return folder.rsplit("/", 1)[0]


def name_of(folder):
    return folder.rsplit("/", 1)[1]
