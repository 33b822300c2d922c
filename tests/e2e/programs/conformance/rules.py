"""What the areas share: users, expectations, time stamps."""
import errno
import os
import time

OWNER, GROUP = 1001, 1001
OTHER, OTHER_GROUP = 1002, 1002
EXTRA = 1003                # a supplementary group of the owner
LONG_NAME, TOO_LONG_NAME = "n" * 255, "n" * 256
TICK_S = 0.01


def as_user(call, uid=OWNER, gid=GROUP, groups=(EXTRA,)):
    """Runs `call` as an unprivileged user in a process of its own: 0, or its errno."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(groups)
            os.setgid(gid)
            os.setuid(uid)
            os.umask(0)
            call()
            os._exit(0)
        except OSError as err:
            os._exit(err.errno)
        except BaseException:
            os._exit(255)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def as_other(call):
    return as_user(call, OTHER, OTHER_GROUP, ())


def errno_of(call):
    try:
        call()
    except OSError as err:
        return err.errno
    return 0


def name(number):
    return errno.errorcode.get(number, str(number))


def refuses(wanted, got):
    """`got` is the errno `wanted`, or one of several."""
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    assert got in wanted, f"{name(got)} instead of {' or '.join(map(name, wanted))}"


def succeeds(got):
    assert got == 0, f"{name(got)} instead of success"


def make(path, mode=0o644, uid=0, gid=0, data=b""):
    with open(path, "wb") as file:
        file.write(data)
    os.chown(path, uid, gid)
    os.chmod(path, mode)


def make_dir(path, mode=0o755, uid=0, gid=0):
    os.mkdir(path)
    os.chown(path, uid, gid)
    os.chmod(path, mode)


def bits(path):
    return os.lstat(path).st_mode & 0o7777


class Times:
    """Which of a file's times change while the block runs."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.before = os.lstat(self.path)
        time.sleep(TICK_S)
        return self

    def __exit__(self, *_):
        after = os.lstat(self.path)
        self.changed = {word for word in ("atime", "mtime", "ctime")
                        if getattr(after, f"st_{word}_ns") != getattr(self.before, f"st_{word}_ns")}


def path_errors(call, missing=errno.ENOENT):
    """The errors of resolving a path, the same for every call: missing, not a
    directory, not searchable, a loop, a name or path too long."""
    refuses(missing, errno_of(lambda: call("missing/x")))
    make("plain")
    refuses(errno.ENOTDIR, errno_of(lambda: call("plain/x")))
    make_dir("closed", 0o700)
    make("closed/x")
    refuses(errno.EACCES, as_user(lambda: call("closed/x")))
    os.symlink("round", "round")
    refuses(errno.ELOOP, errno_of(lambda: call("round/x")))
    refuses(errno.ENAMETOOLONG, errno_of(lambda: call(TOO_LONG_NAME)))
    refuses(errno.ENAMETOOLONG, errno_of(lambda: call("d/" * 2048 + "x")))
