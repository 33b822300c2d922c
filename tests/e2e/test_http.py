"""The same files over HTTP and in the mount, each seeing what the other wrote.

The mount has its caches on; what close-to-open promises is what is asked: a file
that is opened after the other side's answer has the other side's content.
"""
import hashlib
import os
import random
import time

import pytest

import contract
from harness import programs

pytestmark = pytest.mark.holdfast
REPLACEMENTS = 60

atomic_reader = programs.load("atomic_reader")


@pytest.fixture
def place(folder, filesystem):
    """The test's folder as HTTP names it."""
    return os.path.basename(folder)


def digest_in_mount(guest, path):
    return guest.sh(f"sha256sum < {path}").split()[0]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def test_health_and_metrics(server):
    for path in (contract.HEALTH, contract.READINESS, contract.METRICS):
        server.api.request("GET", path)


def test_same_listing(server, guest, filesystem, folder, place):
    guest.sh("mkdir d; ln -s d l; for i in $(seq 300); do head -c $((i * 37)) /dev/urandom > f$i; done",
             cwd=folder, timeout_s=60)
    entries = server.api.list(filesystem, place)
    assert sorted(entries) == sorted(guest.sh("ls -A", cwd=folder).split())
    sizes = dict(line.split() for line in guest.sh("stat -c '%n %s' f*", cwd=folder).splitlines())
    assert {name: int(size) for name, size in sizes.items()} == {
        name: entry["size"] for name, entry in entries.items() if name.startswith("f")}
    digests = {line[66:]: line[:64] for line in guest.sh("sha256sum f*", cwd=folder).splitlines()}
    assert digests == {name: sha256(server.api.read(filesystem, f"{place}/{name}")) for name in digests}


def test_put_is_seen_in_the_mount(server, guest, filesystem, folder, place):
    data = random.Random(1).randbytes(3_000_000)
    server.api.write(filesystem, f"{place}/new", data)
    assert digest_in_mount(guest, f"{folder}/new") == sha256(data)


def test_put_replaces_what_the_guest_has_read(server, guest, filesystem, folder, place):
    """Also where size and, within its resolution, time hardly change."""
    rng = random.Random(2)
    for size in (5000, 5000, 5000, 2_000_000, 2_000_000, 10, 0, 10):
        data = rng.randbytes(size)
        server.api.write(filesystem, f"{place}/f", data)
        assert digest_in_mount(guest, f"{folder}/f") == sha256(data), size


def test_a_name_that_was_missing_appears(server, guest, filesystem, folder, place):
    assert guest.run("cat", f"{folder}/late", check=False).returncode == 1
    server.api.write(filesystem, f"{place}/late", b"late")
    # The client trusts what it knows of a directory, a missing name too, for 30 to 60 s (acdirmin, acdirmax); only
    # names that exist are looked at again at each open.
    guest.wait_for(f"cat {folder}/late", 65, "the client looks again")
    assert guest.sh(f"cat {folder}/late") == "late"


def test_guest_write_is_seen_over_http(server, guest, filesystem, folder, place):
    for number in range(10):
        guest.sh(f"seq {number} 50000 > f", cwd=folder)
        expected = "".join(f"{n}\n" for n in range(number, 50001)).encode()
        assert server.api.read(filesystem, f"{place}/f") == expected


def test_range_read(server, guest, filesystem, folder, place):
    guest.sh("seq 1 300000 > f", cwd=folder)
    whole = "".join(f"{n}\n" for n in range(1, 300001)).encode()
    for first, last in ((0, 0), (0, 99), (1_000_000, 1_400_000), (len(whole) - 5, len(whole) - 1)):
        assert server.api.read_range(filesystem, f"{place}/f", first, last) == whole[first:last + 1]


def test_delete_is_seen(server, guest, filesystem, folder, place):
    guest.sh("echo a > a; mkdir d; echo b > d/b", cwd=folder)
    guest.sh("cat a d/b", cwd=folder)
    server.api.delete(filesystem, f"{place}/a")
    server.api.delete(filesystem, f"{place}/d")
    guest.wait_for(f"! cat {folder}/a && ! ls {folder}/d", 65, "the client's attribute cache ends")
    guest.sh("echo c > c", cwd=folder)
    guest.sh("rm c", cwd=folder)
    assert not server.api.exists(filesystem, f"{place}/c")


def test_replacement_is_atomic_under_a_reader(server, guest, filesystem, folder, place):
    path = f"{place}/f"
    server.api.write(filesystem, path, atomic_reader.content(0))
    stop, out = "/tmp/reader.stop", "/tmp/reader.out"
    guest.start_program("atomic_reader.py", f"{folder}/f", stop, log=out)
    for version in range(1, REPLACEMENTS):
        server.api.write(filesystem, path, atomic_reader.content(version))
        time.sleep(0.05)
    guest.sh(f"touch {stop}")
    guest.wait_for(f"[ -s {out} ]", 30, "the reader ends")
    answer = guest.sh(f"cat {out}")
    assert "Error" not in answer, answer
    reads, seen = map(int, answer.split())
    assert reads > 10 and seen > 3, answer
