"""chmod, chown and lchown, access."""
import errno
import os
import stat

from rules import (EXTRA, GROUP, OTHER, OTHER_GROUP, OWNER, Times, as_other, as_user, bits, errno_of, make,
                   make_dir, path_errors, refuses, succeeds)


def case_chmod_is_the_owners():
    make("f", 0o644, OWNER, GROUP)
    succeeds(as_user(lambda: os.chmod("f", 0o4711)))
    assert bits("f") == 0o4711
    refuses(errno.EPERM, as_other(lambda: os.chmod("f", 0o777)))
    assert bits("f") == 0o4711
    make_dir("d", 0o755, OWNER, GROUP)
    succeeds(as_user(lambda: os.chmod("d", 0o1750)))
    assert bits("d") == 0o1750


def case_chmod_path_errors():
    path_errors(lambda path: os.chmod(path, 0o600))


def case_chmod_changes_ctime_only():
    make("f", 0o644, OWNER, GROUP)
    with Times("f") as times:
        os.chmod("f", 0o600)
    assert times.changed == {"ctime"}, times.changed
    with Times("f") as times:
        as_other(lambda: os.chmod("f", 0o666))
    assert not times.changed, times.changed


def case_chmod_drops_setgid_of_a_group_one_is_not_in():
    make("f", 0o644, OWNER, OTHER_GROUP)
    succeeds(as_user(lambda: os.chmod("f", 0o2755)))
    assert bits("f") == 0o755
    make("g", 0o644, OWNER, EXTRA)
    succeeds(as_user(lambda: os.chmod("g", 0o2755)))
    assert bits("g") == 0o2755


def case_chown_is_roots_and_groups_are_ones_own():
    make("f", 0o644, OWNER, GROUP)
    refuses(errno.EPERM, as_user(lambda: os.chown("f", OTHER, -1)))
    refuses(errno.EPERM, as_user(lambda: os.chown("f", -1, OTHER_GROUP)))
    refuses(errno.EPERM, as_other(lambda: os.chown("f", -1, OTHER_GROUP)))
    succeeds(as_user(lambda: os.chown("f", OWNER, EXTRA)))
    found = os.stat("f")
    assert (found.st_uid, found.st_gid) == (OWNER, EXTRA)
    os.chown("f", OTHER, OTHER_GROUP)
    found = os.stat("f")
    assert (found.st_uid, found.st_gid) == (OTHER, OTHER_GROUP)


def case_chown_by_a_user_drops_setuid_and_setgid():
    make("f", 0o6755, OWNER, GROUP)
    succeeds(as_user(lambda: os.chown("f", -1, EXTRA)))
    assert bits("f") == 0o755
    make_dir("d", 0o2755, OWNER, GROUP)
    succeeds(as_user(lambda: os.chown("d", -1, EXTRA)))
    assert bits("d") & 0o2000, "a directory keeps its setgid"


def case_chown_path_errors():
    path_errors(lambda path: os.chown(path, 0, 0))


def case_chown_changes_ctime_only():
    make("f")
    with Times("f") as times:
        os.chown("f", OWNER, GROUP)
    assert times.changed == {"ctime"}, times.changed


def case_lchown_is_for_the_link():
    make("f", 0o644, OWNER, GROUP)
    os.symlink("f", "l")
    os.lchown("l", OTHER, OTHER_GROUP)
    assert (os.lstat("l").st_uid, os.stat("l").st_uid) == (OTHER, OWNER)
    os.chown("l", OTHER, OTHER_GROUP)
    assert os.stat("f").st_uid == OTHER


def case_access_takes_the_first_class_that_fits():
    make("f", 0o042, OWNER, EXTRA)

    def may(how):
        def check():
            if not os.access("f", how):
                raise PermissionError(errno.EACCES, "denied")
        return check
    refuses(errno.EACCES, as_user(may(os.R_OK)))
    refuses(errno.EACCES, as_user(may(os.W_OK)))
    succeeds(as_user(may(os.R_OK), OTHER, OTHER_GROUP, (EXTRA,)))
    refuses(errno.EACCES, as_user(may(os.W_OK), OTHER, OTHER_GROUP, (EXTRA,)))
    succeeds(as_other(may(os.W_OK)))
    assert not os.access("f", os.X_OK) and os.access("f", os.R_OK | os.W_OK)


def case_setgid_directories_pass_their_group_on():
    make_dir("d", 0o2777, 0, EXTRA)
    succeeds(as_other(lambda: os.close(os.open("d/f", os.O_CREAT | os.O_WRONLY, 0o644))))
    succeeds(as_other(lambda: os.mkdir("d/s", 0o755)))
    assert os.stat("d/f").st_gid == EXTRA and os.stat("d/s").st_gid == EXTRA
    assert stat.S_IMODE(os.stat("d/s").st_mode) & 0o2000
    assert errno_of(lambda: os.stat("d/none")) == errno.ENOENT
