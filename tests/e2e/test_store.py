"""What 10,000 small committed files cost in the object store, and that the store
alone holds them: after a clean end the node's journal is deleted, and all is
still there.
"""
import time

import pytest

import contract
from harness import programs

FILES = 10_000
STORE_FILES_LIMIT = 500

small_files = programs.load("small_files")


@pytest.fixture(scope="module")
def tree(guest, mount):
    """10,000 files, each with an fsync: their folder."""
    made = guest.folder(mount, "tree")
    guest.program("small_files.py", "write", made, FILES, timeout_s=300)
    return made


def wait_until_checkpointed(api):
    """Until no object has been PUT for some seconds: the count of PUTs."""
    end, last, since = time.monotonic() + contract.CHECKPOINT_WAIT_S, -1, 0
    while time.monotonic() < end:
        puts = api.store_puts()
        if puts != last:
            last, since = puts, time.monotonic()
        elif puts and time.monotonic() - since > 5:
            break
        time.sleep(0.5)
    return last


def check_tree(guest, tree):
    guest.drop_caches()
    answer = guest.program("small_files.py", "digest", tree, FILES, timeout_s=300)
    assert answer.strip() == small_files.expected_digest(FILES)


@pytest.mark.holdfast
def test_put_budget(server, guest, mount):
    before = wait_until_checkpointed(server.api) if server.api.store_puts() else 0
    budgeted = guest.folder(mount, "budget")
    guest.program("small_files.py", "write", budgeted, FILES, timeout_s=300)
    puts = wait_until_checkpointed(server.api) - before
    assert 0 < puts <= contract.MAX_PUTS_PER_10000_FILES
    assert server.count_store_files() < STORE_FILES_LIMIT


def test_committed_files_are_whole(guest, tree):
    check_tree(guest, tree)


@pytest.mark.holdfast
def test_store_alone_holds_everything(server, guest, filesystem, mount, tree):
    guest.tool("umount", guest.name, str(mount))
    server.terminate()
    server.lose_journal()
    server.start()
    guest.mount(server, filesystem, str(mount))
    check_tree(guest, tree)
    for number in (0, 4999, FILES - 1):
        name = f"tree/{small_files.path(number)}"
        assert server.api.read(filesystem, name) == small_files.content(number)
    again = guest.folder(mount, "after")
    guest.sh("echo writable > f; cat f", cwd=again)
