"""An ordinary user's work on a mount, by a real kernel with its caches on."""
import subprocess

import pytest

import contract
from harness import repository
from harness.guest import SUPERUSER

POSIX_CASES = ("hard_links", "symlinks", "rename_over", "modes", "permissions", "fifo", "sparse",
               "exclusive_create", "mapped_write", "append", "unlink_open", "long_names", "directories")
CHECKSUMS = "find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum"
GIB = 1 << 30
# The same bytes on the host and in the guest, none of them repeating.
GIB_STREAM = ("openssl enc -aes-128-ctr -nosalt -K 00112233445566778899aabbccddeeff "
              f"-iv 00000000000000000000000000000001 -in /dev/zero 2>/dev/null | head -c {GIB}")


@pytest.fixture(scope="module")
def bundle(guest, tmp_path_factory):
    """The bundle's path in the guest's RAM."""
    made = repository.make_bundle(str(tmp_path_factory.mktemp("repository")))
    guest.push(made, "/opt")
    return "/opt/source.bundle"


def test_git_clone(guest, folder, bundle):
    guest.sh(f"git clone -q {bundle} repo", cwd=folder, timeout_s=240)
    files = repository.FOLDERS * repository.FILES_PER_FOLDER
    assert int(guest.sh("git ls-files | wc -l", cwd=f"{folder}/repo")) == files
    guest.drop_caches()
    assert guest.sh("git status --porcelain", cwd=f"{folder}/repo", timeout_s=120) == ""
    guest.sh("git fsck --full --strict --no-progress", cwd=f"{folder}/repo", timeout_s=120)


def test_git_work(guest, folder):
    """Commit, branch, merge, gc: renames over lock files, packs, reflogs."""
    guest.sh("""
        git init -q -b main repo && cd repo
        git config user.name T && git config user.email t@example.org
        for i in $(seq 20); do mkdir d$i; seq $i 200 > d$i/numbers; done
        git add . && git commit -qm one
        git switch -qc side && echo side > d1/side && git add . && git commit -qm side
        git switch -q main && sed -i s/7/seven/ d*/numbers && git commit -qam two
        git merge -q -m merge side && git gc -q && git fsck --full --no-progress
        test -z "$(git status --porcelain)"
        git clone -q --no-hardlinks . ../copy && diff -r d1 ../copy/d1
    """, cwd=folder, timeout_s=120)


def test_tar_in_and_out(guest, folder):
    source = "/usr/lib/python3.11"
    guest.sh(f"mkdir in && tar -C {source} -cf - . | tar -C in -xf -", cwd=folder, timeout_s=240)
    expected = guest.sh(CHECKSUMS, cwd=source)
    guest.drop_caches()
    assert guest.sh(CHECKSUMS, cwd=f"{folder}/in", timeout_s=120) == expected
    guest.sh("tar -C in -cf all.tar . && mkdir /tmp/out && tar -C /tmp/out -xf all.tar", cwd=folder, timeout_s=120)
    assert guest.sh(CHECKSUMS, cwd="/tmp/out") == expected
    guest.sh("rm -r /tmp/out")


def test_sqlite(guest, folder):
    guest.program("database.py", folder, 60, 50, timeout_s=120)


def test_large_file(guest, folder):
    """1 GiB through dd with conv=fsync; the guest's memory cannot hold it all."""
    with subprocess.Popen(["sh", "-c", f"{GIB_STREAM} | sha256sum"], stdout=subprocess.PIPE, text=True) as here:
        guest.sh(f"set +o pipefail; {GIB_STREAM} | dd of=big bs=1M iflag=fullblock conv=fsync status=none",
                 cwd=folder, timeout_s=240)
        expected = here.communicate()[0]
    guest.drop_caches()
    assert int(guest.sh("stat -c %s big", cwd=folder)) == GIB
    assert guest.sh("sha256sum < big", cwd=folder, timeout_s=120) == expected
    guest.sh("rm big", cwd=folder)


def test_python_venv(guest, folder):
    guest.sh("python3 -m venv venv && venv/bin/python -c 'import pip; print(pip.__version__)'",
             cwd=folder, timeout_s=240)


def test_compile(guest, folder):
    guest.program("c_project.py", folder, 30)
    guest.sh("make -s -j2", cwd=folder, timeout_s=120)
    assert guest.sh("./sum", cwd=folder) == f"{sum(range(1, 31))}\n"
    guest.sh("make -q", cwd=folder)             # the timestamps agree: nothing is left to do


def test_df(guest, filesystem, mount):
    size = int(guest.sh(f"df -B1 --output=size {mount} | tail -1"))
    block = int(guest.sh(f"stat -f -c %S {mount}"))
    assert abs(size - filesystem.size_bytes) < block
    total, used, free = map(int, guest.sh(f"df --output=itotal,iused,iavail {mount} | tail -1").split())
    assert total == used + free and used >= 1 and free > 100_000


@pytest.mark.holdfast
def test_df_follows_use(guest, filesystem, folder, mount):
    def used():
        return int(guest.sh(f"df -B1 --output=used {mount} | tail -1"))
    before = used()
    guest.sh("head -c 33554432 /dev/urandom > f; sync", cwd=folder)
    assert used() - before == pytest.approx(32 << 20, abs=2 << 20)
    guest.sh("rm f", cwd=folder)
    assert used() - before < 2 << 20            # deletes give space back at once
    assert filesystem.size_bytes == contract.SIZE_BYTES


@pytest.mark.parametrize("case", POSIX_CASES)
def test_posix(guest, folder, case):
    guest.program("posix.py", case, folder, timeout_s=120)


def test_posix_ownership(guest, folder):
    guest.program("posix.py", "ownership", folder, user=SUPERUSER)


def test_many_entries(guest, folder):
    guest.program("posix.py", "many_entries", folder, timeout_s=120)
    guest.drop_caches()
    assert int(guest.sh("ls -f | wc -l", cwd=folder)) == 5002
    guest.sh(f"rm -rf {folder}", timeout_s=120)
    assert guest.run("ls", folder, check=False).returncode != 0


def test_fio_verify(guest, folder):
    """Random writes of random sizes, read back with their checksums."""
    guest.sh("fio --name=v --filename=f --size=16m --rw=randwrite --bs=4k-64k --bs_unaligned=0 "
             "--verify=crc32c --do_verify=1 --verify_fatal=1 --verify_state_save=0 --ioengine=psync "
             "--end_fsync=1 --minimal", cwd=folder, timeout_s=120)
