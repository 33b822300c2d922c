"""A git repository for the guest to clone: always the same ~6,000 small files.

Made on the host with one `git fast-import`, and bundled into one file.
"""
import os
import random
import subprocess

FOLDERS, FILES_PER_FOLDER = 300, 20
WORDS = "object segment extent inode journal index volume cache lease handle".split()


def text(rng):
    return " ".join(rng.choices(WORDS, k=rng.randint(10, 400))).encode() + b"\n"


def fast_import_stream(folders):
    rng = random.Random(6000)
    yield b"commit refs/heads/main\ncommitter Test <test@example.org> 1700000000 +0000\ndata 5\nfiles\n"
    for folder in range(folders):
        for number in range(FILES_PER_FOLDER):
            data = text(rng)
            path = f"area{folder % 12}/module{folder}/file{number}.txt"
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data)
    yield b"\n"


def make_bundle(folder, folders=FOLDERS):
    """The path of the bundle, of a repository with so many folders."""
    bare, bundle = os.path.join(folder, "source.git"), os.path.join(folder, "source.bundle")
    git = ["git", "--git-dir", bare]
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", bare], check=True)
    subprocess.run([*git, "fast-import", "--quiet"], input=b"".join(fast_import_stream(folders)), check=True)
    subprocess.run([*git, "bundle", "create", "-q", bundle, "HEAD", "main"], check=True)
    return bundle
