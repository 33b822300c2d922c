"""A client that behaves, while others do not: good_client.py FOLDER STOP.

Writes files, reads them back past the cache, compares, removes most; ends when
STOP exists with the count of its rounds, or fails at the first wrong byte.
"""
import hashlib
import os
import random
import sys


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main(folder, stop):
    os.chdir(folder)
    rng, rounds, digests = random.Random(5), 0, {}
    while rounds == 0 or not os.path.exists(stop):
        name, data = f"f{rounds}", rng.randbytes(rng.choice((10, 4096, 70_000, 1_500_000)))
        write(name, data)
        digests[name] = hashlib.sha256(data).digest()
        for old in rng.sample(sorted(digests), min(3, len(digests))):
            with open(old, "rb") as file:
                assert hashlib.sha256(file.read()).digest() == digests[old], old
        if len(digests) > 20:
            gone = rng.choice(sorted(digests))
            os.unlink(gone)
            del digests[gone]
        assert sorted(os.listdir(".")) == sorted(digests)
        rounds += 1
    print("rounds", rounds)


if __name__ == "__main__":
    main(*sys.argv[1:])
