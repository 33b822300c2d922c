"""The same work over each vendor's protocol: a kernel writes, the server ends in
order, and another one with a fresh disk finds everything in the bucket.
"""
import pytest

from harness import repository
from harness.server import Server
from harness.stores import STORES

CHECKSUMS = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum"

pytestmark = pytest.mark.holdfast


@pytest.fixture(scope="module", params=sorted(STORES))
def store(request, tmp_path_factory):
    made = STORES[request.param](str(tmp_path_factory.mktemp(request.param)))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def server(store, tmp_path_factory, request):
    """In the place of conftest's: on this module's store."""
    folder = str(tmp_path_factory.mktemp("server"))
    made = Server(folder, store=store.store("deep/prefix"), environment=store.environment())
    failed_before = request.session.testsfailed
    try:
        yield made.start()
    finally:
        if request.session.testsfailed > failed_before:
            print(f"\nserver log:\n{made.process.log_tail(6000)}")
        made.close()


@pytest.fixture(scope="module")
def bundle(guest, tmp_path_factory):
    made = repository.make_bundle(str(tmp_path_factory.mktemp("repository")), folders=30)
    guest.push(made, "/opt")
    return "/opt/source.bundle"


@pytest.fixture(scope="module")
def work(guest, mount, bundle):
    """A clone, an unpacked tree, files with an fsync each: the folder, and the checksums of all of it."""
    folder = guest.folder(mount, "work")
    guest.sh(f"git clone -q {bundle} repo", cwd=folder, timeout_s=120)
    guest.sh("mkdir tree && tar -C /usr/lib/python3.11/asyncio -cf - . | tar -C tree -xf -", cwd=folder)
    guest.sh("head -c 20000000 /dev/urandom > big; sync big", cwd=folder)
    guest.program("small_files.py", "write", f"{folder}", 200, timeout_s=120)
    return folder, guest.sh(CHECKSUMS, cwd=folder, timeout_s=120)


def test_work_is_whole(guest, work):
    folder, checksums = work
    guest.drop_caches()
    assert guest.sh(CHECKSUMS, cwd=folder, timeout_s=120) == checksums
    assert guest.sh("git status --porcelain", cwd=f"{folder}/repo", timeout_s=120) == ""


def test_the_bucket_holds_everything(server, guest, filesystem, mount, work):
    folder, checksums = work
    guest.tool("umount", guest.name, str(mount))
    server.terminate()
    server.lose_disk()
    server.start()
    guest.mount(server, filesystem, str(mount))
    assert guest.sh(CHECKSUMS, cwd=folder, timeout_s=180) == checksums
    guest.sh("git fsck --full --no-progress && echo more > more && git add . && "
             "git -c user.name=T -c user.email=t@example.org commit -qm more", cwd=f"{folder}/repo", timeout_s=120)
    assert server.api.request("GET", "/readyz")[0] == 200
