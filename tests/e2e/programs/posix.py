"""File-system behaviour an ordinary program relies on: posix.py CASE FOLDER.

Runs in a guest, in a folder of a mount.  Each case is one function; a violated
expectation is an AssertionError, and the status is then not 0.
"""
import errno
import hashlib
import mmap
import os
import stat
import sys
import time


def expect_error(number, call, *args):
    try:
        call(*args)
    except OSError as err:
        assert err.errno == number, f"{err} instead of {errno.errorcode[number]}"
        return
    raise AssertionError(f"no {errno.errorcode[number]}")


def put(name, data):
    with open(name, "wb") as file:
        file.write(data)


def get(name):
    with open(name, "rb") as file:
        return file.read()


def hard_links():
    put("a", b"one")
    os.link("a", "b")
    os.mkdir("d")
    os.link("a", "d/c")
    assert os.stat("a").st_nlink == 3
    assert os.stat("a").st_ino == os.stat("d/c").st_ino
    put("b", b"two")
    assert get("d/c") == b"two"
    os.unlink("a")
    assert os.stat("b").st_nlink == 2
    expect_error(errno.EEXIST, os.link, "b", "d/c")


def symlinks():
    put("target", b"here")
    os.symlink("target", "link")
    assert get("link") == b"here" and os.readlink("link") == "target"
    assert stat.S_ISLNK(os.lstat("link").st_mode) and os.lstat("link").st_size == 6
    os.symlink("x" * 900, "long")
    assert os.readlink("long") == "x" * 900
    os.symlink("nowhere", "dangling")
    expect_error(errno.ENOENT, open, "dangling")
    os.symlink("loop", "loop")
    expect_error(errno.ELOOP, open, "loop")
    os.unlink("target")
    expect_error(errno.ENOENT, open, "link")


def rename_over():
    put("a", b"new")
    put("b", b"old")
    held = os.open("b", os.O_RDONLY)
    os.rename("a", "b")
    assert get("b") == b"new" and os.pread(held, 9, 0) == b"old"
    os.close(held)
    expect_error(errno.ENOENT, os.stat, "a")
    os.makedirs("d/full")
    os.mkdir("e")
    expect_error(errno.ENOTEMPTY, os.rename, "e", "d")
    expect_error(errno.EISDIR, os.rename, "b", "e")
    os.rename("d", "e")
    assert os.listdir("e") == ["full"]
    expect_error(errno.EINVAL, os.rename, "e", "e/full/below")


def modes():
    put("f", b"#!/bin/sh\n")
    for mode in (0o600, 0o755, 0o4751, 0o2070, 0o000, 0o644):
        os.chmod("f", mode)
        assert stat.S_IMODE(os.stat("f").st_mode) == mode, oct(mode)
    os.mkdir("d", 0o700)
    os.chmod("d", 0o3777)
    assert stat.S_IMODE(os.stat("d").st_mode) == 0o3777
    os.utime("f", ns=(1_600_000_000_123_456_789, 1_500_000_000_987_654_321))
    assert os.stat("f").st_mtime_ns == 1_500_000_000_987_654_321
    assert os.stat("f").st_atime_ns == 1_600_000_000_123_456_789


def permissions():
    """As an ordinary user: what the mode forbids is forbidden."""
    put("f", b"secret")
    os.chmod("f", 0o000)
    expect_error(errno.EACCES, open, "f")
    os.chmod("f", 0o400)
    expect_error(errno.EACCES, open, "f", "r+b")
    assert not os.access("f", os.W_OK) and os.access("f", os.R_OK)
    os.mkdir("d")
    os.chmod("d", 0o500)
    expect_error(errno.EACCES, put, "d/new", b"")
    expect_error(errno.EPERM, os.chown, "f", 0, 0)
    os.chmod("d", 0o700)


def ownership():
    """As root: chown to anybody."""
    put("f", b"")
    os.chown("f", 1234, 4321)
    os.symlink("f", "l")
    os.lchown("l", 77, 78)
    assert (os.stat("f").st_uid, os.stat("f").st_gid) == (1234, 4321)
    assert (os.lstat("l").st_uid, os.lstat("l").st_gid) == (77, 78)


def fifo():
    os.mkfifo("p", 0o600)
    assert stat.S_ISFIFO(os.stat("p").st_mode)
    if os.fork() == 0:
        put("p", b"through the pipe")
        os._exit(0)
    assert get("p") == b"through the pipe"
    os.wait()


def sparse():
    """1 GiB, three small writes: the holes are zeros and take no space."""
    size, middle = 1 << 30, 512 << 20
    with open("s", "wb") as file:
        file.truncate(size)
        for offset, data in ((0, b"first"), (middle - 2, b"edge"), (size - 4, b"last")):
            file.seek(offset)
            file.write(data)
    assert os.stat("s").st_size == size
    assert os.stat("s").st_blocks * 512 < 16 << 20, os.stat("s").st_blocks
    drop = hashlib.sha256()
    with open("s", "rb") as file:
        while data := file.read(1 << 20):
            drop.update(data)
    block, expected = bytes(1 << 20), hashlib.sha256()
    expected.update(b"first" + block[5:])
    for _ in range(510):
        expected.update(block)
    expected.update(block[2:] + b"edge" + block[2:])
    for _ in range(510):
        expected.update(block)
    expected.update(block[4:] + b"last")
    assert drop.digest() == expected.digest()


def many_entries():
    names = [f"entry-{number:05d}-{'x' * (number % 40)}" for number in range(5000)]
    for name in names:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    assert sorted(os.listdir(".")) == names
    with os.scandir(".") as entries:
        assert sum(entry.is_file() for entry in entries) == 5000


def exclusive_create():
    os.close(os.open("x", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
    assert stat.S_IMODE(os.stat("x").st_mode) == 0o640
    expect_error(errno.EEXIST, os.open, "x", os.O_CREAT | os.O_EXCL)
    for _ in range(4):                  # of several at a time one wins
        if os.fork() == 0:
            won = 0
            for number in range(50):
                try:
                    os.close(os.open(f"race-{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                    won += 1
                except FileExistsError:
                    pass
            os._exit(won)
    assert sum(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(4)) == 50


def mapped_write():
    size, step = 4 << 20, 5003
    fd = os.open("m", os.O_RDWR | os.O_CREAT)
    os.ftruncate(fd, size)
    with mmap.mmap(fd, size, mmap.MAP_SHARED) as view:
        for at in range(0, size, step):
            view[at] = at % 251
        view.flush()
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
    data = get("m")
    assert len(data) == size and all(data[at] == at % 251 for at in range(0, size, step))


def append():
    with open("log", "ab", buffering=0) as one, open("log", "ab", buffering=0) as two:
        for number in range(200):
            (one if number % 2 else two).write(b"%04d\n" % number)
    assert get("log") == b"".join(b"%04d\n" % number for number in range(200))
    os.truncate("log", 7)
    with open("log", "ab") as file:
        file.write(b"|end")
    assert get("log") == b"0000\n00|end"


def unlink_open():
    fd = os.open("open", os.O_RDWR | os.O_CREAT)
    os.write(fd, b"still here")
    os.unlink("open")
    expect_error(errno.ENOENT, os.stat, "open")
    assert os.pread(fd, 99, 0) == b"still here"
    os.pwrite(fd, b"STILL", 0)
    os.fsync(fd)
    assert os.pread(fd, 99, 0) == b"STILL here"
    os.close(fd)
    for _ in range(50):                 # the client removes its leftover in the background
        if not os.listdir("."):
            return
        time.sleep(0.1)
    raise AssertionError(os.listdir("."))


def long_names():
    put("n" * 255, b"long")
    assert os.listdir(".") == ["n" * 255] and get("n" * 255) == b"long"
    expect_error(errno.ENAMETOOLONG, put, "n" * 256, b"")
    expect_error(errno.ENAMETOOLONG, os.mkdir, "n" * 256)
    put("ü€😀 \t\n\\", b"any byte")
    assert get("ü€😀 \t\n\\") == b"any byte"


def directories():
    os.makedirs("a/b/c")
    expect_error(errno.ENOTEMPTY, os.rmdir, "a")
    expect_error(errno.EEXIST, os.mkdir, "a")
    put("a/f", b"")
    expect_error(errno.ENOTDIR, os.rmdir, "a/f")
    expect_error(errno.ENOTDIR, os.listdir, "a/f")
    expect_error(errno.EISDIR, os.open, "a/b", os.O_WRONLY)
    assert os.stat("a").st_nlink == 3
    os.rmdir("a/b/c")
    assert os.stat("a/b").st_nlink == 2


def main(case, folder):
    os.chdir(folder)
    os.umask(0o022)
    CASES[case]()


CASES = {case.__name__: case for case in (
    hard_links, symlinks, rename_over, modes, permissions, ownership, fifo, sparse, many_entries,
    exclusive_create, mapped_write, append, unlink_open, long_names, directories)}

if __name__ == "__main__":
    main(*sys.argv[1:])
