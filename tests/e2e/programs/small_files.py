"""Many small files, each committed: small_files.py write|digest FOLDER COUNT.

File number n has 4 KiB of content derived from n; `write` creates every one with
an fsync of its own, `digest` prints one checksum over all of them in order.
"""
import hashlib
import os
import sys

SIZE, PER_FOLDER = 4096, 500


def content(number):
    return hashlib.sha512(b"%d" % number).digest() * (SIZE // 64)


def path(number):
    return f"d{number // PER_FOLDER:03d}/f{number:05d}"


def expected_digest(count):
    digest = hashlib.sha256()
    for number in range(count):
        digest.update(content(number))
    return digest.hexdigest()


def write(count):
    for number in range(count):
        if number % PER_FOLDER == 0:
            os.mkdir(os.path.dirname(path(number)))
        fd = os.open(path(number), os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        assert os.write(fd, content(number)) == SIZE
        os.fsync(fd)
        os.close(fd)


def digest(count):
    total = hashlib.sha256()
    for number in range(count):
        with open(path(number), "rb") as file:
            total.update(file.read())
    print(total.hexdigest())


if __name__ == "__main__":
    os.chdir(sys.argv[2])
    {"write": write, "digest": digest}[sys.argv[1]](int(sys.argv[3]))
