"""open, truncate, write, utimensat."""
import errno
import os
import time

from rules import (GROUP, OTHER, OWNER, TICK_S, Times, as_other, as_user, bits, errno_of, make, make_dir,
                   path_errors, refuses, succeeds)


def opened(path, flags, mode=0o666):
    return lambda: os.close(os.open(path, flags, mode))


def case_open_creates_as_asked():
    os.umask(0o027)
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, 0o777))
    assert bits("f") == 0o750
    refuses(errno.EEXIST, errno_of(opened("f", os.O_CREAT | os.O_EXCL | os.O_WRONLY)))
    os.symlink("nowhere", "s")
    refuses(errno.EEXIST, errno_of(opened("s", os.O_CREAT | os.O_EXCL | os.O_WRONLY)))
    succeeds(errno_of(opened("s", os.O_CREAT | os.O_WRONLY)))
    assert os.path.isfile("nowhere")
    # The mode binds later opens, not the one that creates.
    succeeds(as_user(opened("r", os.O_CREAT | os.O_RDWR, 0o000)))


def case_open_refuses():
    make("f", 0o640, OTHER, GROUP)
    make_dir("d")
    refuses(errno.ENOTDIR, errno_of(opened("f", os.O_RDONLY | os.O_DIRECTORY)))
    refuses(errno.EISDIR, errno_of(opened("d", os.O_WRONLY)))
    os.symlink("f", "s")
    refuses(errno.ELOOP, errno_of(opened("s", os.O_RDONLY | os.O_NOFOLLOW)))
    succeeds(as_user(opened("f", os.O_RDONLY)))
    refuses(errno.EACCES, as_user(opened("f", os.O_WRONLY)))
    refuses(errno.EACCES, as_user(opened("f", os.O_RDONLY | os.O_TRUNC)))
    refuses(errno.EACCES, as_user(opened("f", os.O_RDONLY), OWNER, 5, ()))
    refuses(errno.EACCES, as_user(opened("d/new", os.O_CREAT | os.O_WRONLY)))
    refuses(errno.ENOENT, errno_of(opened("none", os.O_RDONLY)))


def case_open_path_errors():
    path_errors(lambda path: opened(path, os.O_CREAT | os.O_WRONLY)())


def case_truncate():
    make("f", data=b"0123456789")
    with Times("f") as times:
        os.truncate("f", 4)
    assert times.changed >= {"mtime", "ctime"} and open("f", "rb").read() == b"0123"
    os.truncate("f", 1 << 33)
    assert os.stat("f").st_size == 1 << 33
    with open("f", "rb") as file:
        file.seek((1 << 33) - 2)
        assert file.read() == b"\0\0"
        assert os.pread(file.fileno(), 6, 2) == b"23\0\0\0\0"
    refuses(errno.EINVAL, errno_of(lambda: os.truncate("f", -1)))
    make_dir("d")
    refuses(errno.EISDIR, errno_of(lambda: os.truncate("d", 0)))
    make("g", 0o644)
    refuses(errno.EACCES, as_user(lambda: os.truncate("g", 0)))
    handle = os.open("g", os.O_RDONLY)
    refuses((errno.EINVAL, errno.EBADF), errno_of(lambda: os.ftruncate(handle, 0)))
    os.close(handle)


def case_truncate_path_errors():
    path_errors(lambda path: os.truncate(path, 0))


def case_changes_by_users_drop_privileged_bits():
    def write():
        handle = os.open("f", os.O_WRONLY)
        os.write(handle, b"x")
        os.close(handle)
    for change in (write, lambda: os.truncate("f", 0)):
        make("f", 0o6777, OTHER, GROUP, b"data")
        succeeds(as_user(change, OWNER, 5, ()))
        assert bits("f") == 0o777, oct(bits("f"))


def case_open_with_truncation_sets_times():
    make("f", data=b"x")
    with Times("f") as times:
        os.close(os.open("f", os.O_WRONLY | os.O_TRUNC))
    assert times.changed >= {"mtime", "ctime"} and os.stat("f").st_size == 0


def case_writes_append_and_set_times():
    make("f", data=b"one")
    with Times("f") as times, open("f", "ab") as file:
        file.write(b"two")
    assert times.changed >= {"mtime", "ctime"} and open("f", "rb").read() == b"onetwo"


def case_times_are_set_to_the_nanosecond():
    make("f", 0o644, OWNER, GROUP)
    os.utime("f", ns=(1_000_000_001, 2_999_999_999))
    found = os.stat("f")
    assert (found.st_atime_ns, found.st_mtime_ns) == (1_000_000_001, 2_999_999_999)
    assert abs(found.st_ctime - time.time()) < 60
    os.utime("f", ns=(0, 4_000_000_000_000_000_001))
    assert os.stat("f").st_mtime_ns == 4_000_000_000_000_000_001
    time.sleep(TICK_S)
    os.utime("f")
    assert abs(os.stat("f").st_mtime - time.time()) < 60


def case_times_are_the_owners():
    make("f", 0o644, OWNER, GROUP)
    succeeds(as_user(lambda: os.utime("f", (1, 1))))
    refuses(errno.EPERM, as_other(lambda: os.utime("f", (2, 2))))
    refuses(errno.EACCES, as_other(lambda: os.utime("f")))
    os.chmod("f", 0o666)
    succeeds(as_other(lambda: os.utime("f")))
    refuses(errno.EPERM, as_other(lambda: os.utime("f", (2, 2))))
    os.symlink("f", "s")
    os.utime("s", (5, 5), follow_symlinks=False)
    assert os.lstat("s").st_mtime == 5 and os.stat("f").st_mtime != 5


def case_the_largest_file():
    with open("f", "wb") as file:
        os.ftruncate(file.fileno(), 2**63 - 1)
    assert os.stat("f").st_size == 2**63 - 1
