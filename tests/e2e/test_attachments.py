"""Attachments under a real kernel client: what one gives, and how one ends.

A revoked attachment fails under load within a second of the answer, with ESTALE;
no process hangs, and the mount can be taken away.  Raw calls that a kernel never
makes are in crates/nfs/tests/suite/attachments.rs.
"""
import time

import pytest

import contract
from harness.guest import SUPERUSER
from harness.server import Filesystem

pytestmark = pytest.mark.holdfast
WRITERS = 4
END_S = 1.0             # from the answer that revokes to the last failure
WRITER = """
n=0
while error=$(dd if=/dev/zero of={point}/w{number} bs=64k count=4 conv=fsync 2>&1 >/dev/null); do n=$((n + 1)); done
echo "$n $(date +%s.%N) $error" > /tmp/{name}.{number}
"""


def route(filesystem):
    return f"{contract.FILESYSTEMS}/{filesystem.id}"


def attach(server, filesystem, **wanted):
    """(id, the filesystem as this attachment mounts it)."""
    made = server.api.json("POST", f"{route(filesystem)}/attachments", wanted, (201,))
    return made["id"], Filesystem(filesystem.id, filesystem.name, filesystem.size_bytes, made["exportPath"])


def detach(server, filesystem, attachment):
    server.api.request("DELETE", f"{route(filesystem)}/attachments/{attachment}", expect=(204,))


def start_writers(guest, name, point):
    for number in range(WRITERS):
        script = WRITER.format(name=name, number=number, point=point)
        guest.sh(f"setsid bash -c '{script}' > /dev/null 2>&1 < /dev/null &")
    guest.wait_for(f"[ $(ls {point} | grep -c ^w) -ge {WRITERS} ]", 30, "the writers work")


def ended_writers(guest, name):
    """(rounds, time of the failure, what it was) of each."""
    guest.wait_for(f"[ $(ls /tmp/{name}.* 2>/dev/null | wc -l) -eq {WRITERS} ]", 20, "every writer ends")
    lines = guest.sh(f"for f in /tmp/{name}.*; do tr '\\n' ' ' < $f; echo; done").splitlines()
    return [(int(rounds), float(at), why) for rounds, at, why in (line.split(" ", 2) for line in lines)]


def test_read_only_refuses_every_write(server, guest, filesystem, folder):
    guest.sh("echo text > file", cwd=folder)
    _, export = attach(server, filesystem, readOnly=True)
    point = guest.mount(server, export, "/mnt/read-only")
    inside = f"{point}/{str(folder).rpartition('/')[2]}"
    assert guest.sh(f"cat {inside}/file") == "text\n"
    for change in ("echo more >> file", "touch new", "mkdir d", "rm file", "mv file g", "ln file g", "chmod 600 file"):
        got = guest.run("sh", "-c", change, cwd=inside, check=False)
        # Where the client asks with ACCESS first, it says what it makes of the answer.
        refused = any(word in got.stderr for word in ("Read-only file system", "Permission denied"))
        assert got.returncode and refused, f"{change}: {got.stderr}"
    assert guest.sh("cat file; ls", cwd=folder) == "text\nfile\n"
    guest.sh(f"umount {point}", user=SUPERUSER)


def test_a_part_is_all_there_is(server, guest, filesystem, folder):
    name = str(folder).rpartition("/")[2]
    guest.sh("mkdir -p part/inner beside; echo secret > beside/file", cwd=folder)
    _, export = attach(server, filesystem, subpath=f"/{name}/part", uidPolicy="map", uid=1000, gid=1000)
    point = guest.mount(server, export, "/mnt/part")
    assert guest.sh(f"ls {point}") == "inner\n"
    guest.sh(f"echo in > {point}/inner/new; ls {point}/inner/..", user=SUPERUSER)
    assert guest.sh("cat part/inner/new; stat -c %u:%g part/inner/new", cwd=folder) == "in\n1000:1000\n"
    # A link that leads out leads into the client's own tree, as every link of a mount does.
    guest.sh(f"ln -s ../beside/file {point}/out")
    assert guest.run("cat", f"{point}/out", check=False).returncode
    # What others move away is not found, and nothing is left in a loop.
    guest.sh("mv part/inner beside/moved; mkdir part/inner", cwd=folder)
    guest.wait_for(f"[ -z \"$(ls {point}/inner)\" ]", 90, "the client sees the new directory")
    guest.sh(f"umount {point}", user=SUPERUSER)


def test_a_revoked_attachment_ends_under_load(server, guest, filesystem, folder):
    attachment, export = attach(server, filesystem, owner="e2e")
    kept, other = attach(server, filesystem)
    point = guest.mount(server, export, "/mnt/revoked")
    beside = guest.mount(server, other, "/mnt/kept")
    inside = f"{point}/{str(folder).rpartition('/')[2]}"
    start_writers(guest, "revoked", inside)
    time.sleep(1)
    detach(server, filesystem, attachment)
    answered = time.time()
    for rounds, at, why in ended_writers(guest, "revoked"):
        assert rounds > 0 and at - answered < END_S and "Stale file handle" in why, (rounds, at - answered, why)
    got = guest.run("ls", point.path, check=False, timeout_s=20)
    assert got.returncode and "Stale file handle" in got.stderr
    guest.sh(f"umount {point}", user=SUPERUSER, timeout_s=30)
    # Whoever else is attached does not notice.
    guest.sh(f"echo fine > {beside}/kept; cat {beside}/kept; umount {beside}", user=SUPERUSER)
    detach(server, filesystem, kept)


def test_a_forced_deletion_ends_the_mounts_first(server, guest):
    filesystem = server.create_filesystem("doomed")
    attachment, export = attach(server, filesystem, owner="sandbox-7")
    point = guest.mount(server, export, "/mnt/doomed")
    start_writers(guest, "doomed", point)
    refused = server.api.json("DELETE", route(filesystem), expect=(409,))
    assert refused["error"] == "filesystem_attached"
    assert "sandbox-7" in refused["message"] and attachment in refused["message"]
    server.api.request("DELETE", f"{route(filesystem)}?force=true", expect=(204,))
    for _, _, why in ended_writers(guest, "doomed"):
        assert "Stale file handle" in why
    guest.sh(f"umount {point}", user=SUPERUSER, timeout_s=30)


def test_a_mount_goes_on_after_a_restart(server, guest, filesystem, folder):
    attachment, export = attach(server, filesystem)
    point = guest.mount(server, export, "/mnt/over")
    inside = f"{point}/{str(folder).rpartition('/')[2]}"
    guest.sh(f"echo before > {inside}/file")
    server.restart()
    guest.sh(f"echo after >> {inside}/file; cat {inside}/file", timeout_s=90)
    listed = server.api.json("GET", f"{route(filesystem)}/attachments")
    assert attachment in [one["id"] for one in listed if one.get("lastActivityAt")]
    detach(server, filesystem, attachment)
    got = guest.run("cat", f"{inside}/file", check=False, timeout_s=20)
    assert got.returncode and "Stale file handle" in got.stderr
    guest.sh(f"umount {point}", user=SUPERUSER, timeout_s=30)
