"""link, symlink, mkdir, rmdir, unlink, mkfifo, mknod."""
import errno
import os
import stat

from rules import (GROUP, LONG_NAME, OTHER, OTHER_GROUP, OWNER, Times, as_other, as_user, bits, errno_of, make,
                   make_dir, path_errors, refuses, succeeds)


def case_link():
    make("f", data=b"x")
    with Times("f") as file, Times(".") as folder:
        os.link("f", "g")
    assert file.changed == {"ctime"} and {"mtime", "ctime"} <= folder.changed, (file.changed, folder.changed)
    assert os.stat("f").st_nlink == 2 and os.path.samefile("f", "g")
    refuses(errno.EEXIST, errno_of(lambda: os.link("f", "g")))
    refuses(errno.ENOENT, errno_of(lambda: os.link("none", "h")))
    make_dir("d")
    refuses(errno.EPERM, errno_of(lambda: os.link("d", "e")))
    make("own", uid=OWNER)
    refuses(errno.EACCES, as_user(lambda: os.link("own", "d/h")))
    os.symlink("f", "s")
    os.link("s", "t", follow_symlinks=False)
    assert os.path.islink("t") and os.lstat("t").st_nlink == 2


def case_link_path_errors():
    make("from")
    path_errors(lambda path: os.link("from", path) if not path.startswith("closed") else os.link(path, "to"))


def case_symlink():
    os.symlink("x" * 4095, "long")
    assert os.readlink("long") == "x" * 4095 and os.lstat("long").st_size == 4095
    refuses(errno.ENAMETOOLONG, errno_of(lambda: os.symlink("x" * 4096, "longer")))
    refuses(errno.EEXIST, errno_of(lambda: os.symlink("a", "long")))
    refuses(errno.ENOENT, errno_of(lambda: os.symlink("", "empty")))
    make_dir("d")
    refuses(errno.EACCES, as_user(lambda: os.symlink("a", "d/s")))
    refuses(errno.EINVAL, errno_of(lambda: os.readlink("d")))


def case_mkdir():
    os.umask(0o022)
    with Times(".") as folder:
        os.mkdir("d", 0o777)
    assert {"mtime", "ctime"} <= folder.changed
    assert bits("d") == 0o755 and os.stat("d").st_nlink == 2
    os.mkdir("d/e")
    assert os.stat("d").st_nlink == 3
    refuses(errno.EEXIST, errno_of(lambda: os.mkdir("d")))
    make("f")
    refuses(errno.EEXIST, errno_of(lambda: os.mkdir("f")))
    os.symlink("nowhere", "s")
    refuses(errno.EEXIST, errno_of(lambda: os.mkdir("s")))
    os.mkdir(LONG_NAME)
    refuses(errno.EACCES, as_user(lambda: os.mkdir("d/u")))
    succeeds(as_user(lambda: os.mkdir("mine", 0o700)))
    found = os.stat("mine")
    assert (found.st_uid, found.st_gid) == (OWNER, GROUP)


def case_mkdir_path_errors():
    path_errors(os.mkdir)


def case_rmdir():
    make_dir("d")
    make("d/f")
    refuses((errno.ENOTEMPTY, errno.EEXIST), errno_of(lambda: os.rmdir("d")))
    refuses(errno.ENOTDIR, errno_of(lambda: os.rmdir("d/f")))
    os.unlink("d/f")
    refuses(errno.EINVAL, errno_of(lambda: os.rmdir("d/.")))
    make_dir("d/e", uid=OWNER)
    refuses((errno.ENOTEMPTY, errno.EEXIST), errno_of(lambda: os.rmdir("d/e/..")))
    refuses(errno.EACCES, as_user(lambda: os.rmdir("d/e")))
    with Times("d") as folder:
        os.rmdir("d/e")
    assert {"mtime", "ctime"} <= folder.changed and os.stat("d").st_nlink == 2
    os.symlink("d", "s")
    refuses(errno.ENOTDIR, errno_of(lambda: os.rmdir("s")))
    os.rmdir("d")
    refuses(errno.ENOENT, errno_of(lambda: os.rmdir("d")))


def case_rmdir_path_errors():
    path_errors(os.rmdir)


def case_unlink():
    make("f", data=b"kept")
    os.link("f", "g")
    with Times("g") as file, Times(".") as folder:
        os.unlink("f")
    assert file.changed == {"ctime"} and {"mtime", "ctime"} <= folder.changed, (file.changed, folder.changed)
    assert os.stat("g").st_nlink == 1
    with open("g", "rb") as opened:
        os.unlink("g")
        assert opened.read() == b"kept"
    make_dir("d")
    refuses((errno.EISDIR, errno.EPERM), errno_of(lambda: os.unlink("d")))
    make("d/f", 0o666)
    refuses(errno.EACCES, as_user(lambda: os.unlink("d/f")))
    os.symlink("d", "s")
    os.unlink("s")
    assert os.path.isdir("d")


def case_unlink_path_errors():
    path_errors(os.unlink)


def case_sticky_directories_keep_names_for_owners():
    make_dir("d", 0o1777)
    make("d/f", 0o666, OTHER, OTHER_GROUP)
    make_dir("d/e", 0o777, OTHER, OTHER_GROUP)
    make("mine", 0o666, OWNER, GROUP)
    for call in (lambda: os.unlink("d/f"), lambda: os.rmdir("d/e"), lambda: os.rename("d/f", "d/g"),
                 lambda: os.rename("mine", "d/f")):
        refuses((errno.EPERM, errno.EACCES), as_user(call))
    succeeds(as_other(lambda: os.unlink("d/f")))
    succeeds(as_other(lambda: os.rmdir("d/e")))


def case_special_files():
    os.umask(0)
    os.mkfifo("p", 0o640)
    assert stat.S_ISFIFO(os.stat("p").st_mode) and bits("p") == 0o640
    os.mknod("s", 0o600 | stat.S_IFSOCK)
    assert stat.S_ISSOCK(os.stat("s").st_mode)
    os.mknod("c", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    assert os.stat("c").st_rdev == os.makedev(1, 3)
    os.mknod("b", 0o600 | stat.S_IFBLK, os.makedev(7, 300))
    assert os.stat("b").st_rdev == os.makedev(7, 300)
    refuses(errno.EEXIST, errno_of(lambda: os.mkfifo("p")))
    refuses(errno.EPERM, as_user(lambda: os.mknod("n", 0o600 | stat.S_IFCHR, os.makedev(1, 3))))
    succeeds(as_user(lambda: os.mkfifo("mine")))


def case_mkfifo_path_errors():
    path_errors(os.mkfifo)
