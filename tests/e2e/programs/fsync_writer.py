"""Work whose every step is logged once it was durable: fsync_writer.py FOLDER LOG STOP [lenient].

Runs until the file STOP exists, or a system call fails.  LOG is on the guest's
own RAM disk; a line is written after the step's fsync (or, for names, the call)
returned:

  file PATH SIZE SHA256        a new file, written whole
  grown PATH SIZE              the growing file; its bytes are `pattern`
  slot PATH SLOT GENERATION    one block of the in-place file; see `block`
  dir PATH
  renamed OLD NEW
  linked OLD NEW
  removed PATH                 a file
  unmade PATH                  a directory
  error ...                    and the program ends
  end                          it was stopped

A failed call is a failed test, EEXIST of a mkdir or an exclusive create that the
server had done before it died included: a retransmitted call gets the original
reply.  `lenient` forgives just that, for servers that do not promise it.
"""
import hashlib
import os
import random
import sys

SLOTS, BLOCK = 64, 4096
KEPT = 400          # files, and as many directories; beyond it a random one goes


def pattern(offset, size):
    """Bytes offset..offset+size of an endless stream that differs everywhere."""
    first, last = offset // 8, (offset + size + 7) // 8
    data = b"".join(b"%08x" % (number * 2654435761 % 2**32) for number in range(first, last))
    return data[offset - first * 8:][:size]


def block(slot, generation):
    return (b"%08d%08d" % (slot, generation)) * (BLOCK // 16)


class Writer:
    def __init__(self, folder, log, stop, lenient):
        self.log = open(log, "a", buffering=1)
        self.stop, self.lenient = stop, lenient
        self.rng = random.Random(folder)
        self.serial = self.grown = 0
        self.generations = {}
        self.files, self.dirs = [], []
        os.chdir(folder)
        self.growing = os.open("growing", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        self.slots = os.open("slots", os.O_CREAT | os.O_RDWR)

    def say(self, *words):
        self.log.write(" ".join(map(str, words)) + "\n")

    def new_name(self, kind):
        self.serial += 1
        return f"{kind}-{self.serial:06d}"

    def open_new(self, name):
        try:
            return os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            if not self.lenient:
                raise
            return os.open(name, os.O_WRONLY | os.O_TRUNC)

    def create(self):
        name, data = self.new_name("file"), self.rng.randbytes(self.rng.randint(1, 40_000))
        fd = self.open_new(name)
        half = len(data) // 2
        for part in (data[:half], data[half:]):
            assert os.write(fd, part) == len(part)
        os.fsync(fd)
        os.close(fd)
        self.say("file", name, len(data), hashlib.sha256(data).hexdigest())
        self.files.append(name)
        if len(self.files) > KEPT:
            self.remove()

    def append(self):
        size = self.rng.randint(1, 9000)
        assert os.write(self.growing, pattern(self.grown, size)) == size
        os.fsync(self.growing)
        self.grown += size
        self.say("grown", "growing", self.grown)

    def overwrite(self):
        slot = self.rng.randrange(SLOTS)
        generation = self.generations[slot] = self.generations.get(slot, 0) + 1
        assert os.pwrite(self.slots, block(slot, generation), slot * BLOCK) == BLOCK
        os.fsync(self.slots)
        self.say("slot", "slots", slot, generation)

    def name_call(self, forgiven, call, *args):
        try:
            call(*args)
        except forgiven:
            if not self.lenient:
                raise

    def make_dir(self):
        name = self.new_name("dir")
        self.name_call(FileExistsError, os.mkdir, name)
        self.say("dir", name)
        self.dirs.append(name)
        if len(self.dirs) > KEPT:
            gone = self.take(self.dirs)
            self.name_call(FileNotFoundError, os.rmdir, gone)
            self.say("unmade", gone)

    def take(self, names):
        """A random one out of the list."""
        at = self.rng.randrange(len(names))
        names[at], names[-1] = names[-1], names[at]
        return names.pop()

    def rename(self):
        if self.files:
            old, new = self.take(self.files), self.new_name("renamed")
            self.name_call(FileNotFoundError, os.rename, old, new)
            self.say("renamed", old, new)
            self.files.append(new)

    def link(self):
        if self.files:
            old, new = self.rng.choice(self.files), self.new_name("linked")
            self.name_call(FileExistsError, os.link, old, new)
            self.say("linked", old, new)
            self.files.append(new)

    def remove(self):
        if self.files:
            gone = self.take(self.files)
            self.name_call(FileNotFoundError, os.unlink, gone)
            self.say("removed", gone)

    def work(self):
        steps = (self.create, self.create, self.append, self.overwrite, self.make_dir, self.rename,
                 self.link, self.remove)
        while not os.path.exists(self.stop):
            self.rng.choice(steps)()
        self.say("end")


def main(folder, log, stop, mode=""):
    writer = Writer(folder, log, stop, mode == "lenient")
    try:
        writer.work()
    except BaseException as err:
        writer.say("error", repr(err))
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])
