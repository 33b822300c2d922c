"""rename."""
import errno
import os

from rules import GROUP, OTHER, OTHER_GROUP, OWNER, Times, as_user, errno_of, make, make_dir, path_errors, refuses, \
    succeeds


def case_files_replace_files():
    make("f", data=b"new")
    make("g", data=b"old")
    with open("g", "rb") as opened:
        with Times(".") as folder:
            os.rename("f", "g")
        assert opened.read() == b"old"
    assert {"mtime", "ctime"} <= folder.changed
    assert open("g", "rb").read() == b"new" and not os.path.exists("f")


def case_directories_replace_empty_directories():
    for made in ("d", "e", "full"):
        make_dir(made)
    make("full/f")
    make("d/inside")
    refuses((errno.ENOTEMPTY, errno.EEXIST), errno_of(lambda: os.rename("d", "full")))
    os.rename("d", "e")
    assert os.path.exists("e/inside")


def case_kinds_do_not_mix():
    make("f")
    make_dir("d")
    refuses(errno.EISDIR, errno_of(lambda: os.rename("f", "d")))
    refuses(errno.ENOTDIR, errno_of(lambda: os.rename("d", "f")))


def case_not_into_itself():
    make_dir("d")
    make_dir("d/e")
    refuses(errno.EINVAL, errno_of(lambda: os.rename("d", "d/x")))
    refuses(errno.EINVAL, errno_of(lambda: os.rename("d", "d/e/x")))
    refuses((errno.ENOTEMPTY, errno.EEXIST), errno_of(lambda: os.rename("d/e", "d")))
    refuses((errno.EINVAL, errno.EBUSY), errno_of(lambda: os.rename("d/.", "x")))


def case_two_names_of_one_file_stay():
    make("f")
    os.link("f", "g")
    os.rename("f", "g")
    assert os.path.exists("f") and os.path.exists("g")


def case_a_moved_directory_has_a_new_parent():
    for made in ("a", "b", "a/d"):
        make_dir(made)
    os.rename("a/d", "b/d")
    assert os.path.samefile("b/d/..", "b")
    assert (os.stat("a").st_nlink, os.stat("b").st_nlink) == (2, 3)


def case_rights_on_both_sides():
    make_dir("mine", 0o755, OWNER, GROUP)
    make_dir("theirs", 0o755, OTHER, OTHER_GROUP)
    make("mine/f", 0o644, OWNER, GROUP)
    make("theirs/f", 0o644, OTHER, OTHER_GROUP)
    refuses(errno.EACCES, as_user(lambda: os.rename("mine/f", "theirs/g")))
    refuses(errno.EACCES, as_user(lambda: os.rename("theirs/f", "mine/g")))
    succeeds(as_user(lambda: os.rename("mine/f", "mine/g")))


def case_a_directory_is_moved_only_by_who_may_write_it():
    make_dir("a", 0o777)
    make_dir("b", 0o777)
    make_dir("a/d", 0o555, OTHER, OTHER_GROUP)
    refuses(errno.EACCES, as_user(lambda: os.rename("a/d", "b/d")))
    succeeds(as_user(lambda: os.rename("a/d", "a/e")))


def case_symbolic_links_are_moved_themselves():
    make("f")
    os.symlink("f", "s")
    os.rename("s", "t")
    assert os.path.islink("t") and os.path.exists("f")
    os.rename("t", "f")
    assert os.path.islink("f")


def case_path_errors():
    path_errors(lambda path: os.rename(path, "elsewhere"))
    make("from")
    refuses(errno.ENOENT, errno_of(lambda: os.rename("from", "nothing/x")))
    refuses(errno.ENOTDIR, errno_of(lambda: os.rename("from", "plain/x")))
    refuses(errno.ENAMETOOLONG, errno_of(lambda: os.rename("from", "n" * 256)))
