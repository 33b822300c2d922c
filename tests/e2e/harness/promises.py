"""What a log of programs/fsync_writer.py says must be there, and whether it is.

The writer was stopped, not killed, so every step in its log is complete and no
step is half done: the check is exact.  Where the names and digests come from, the
mount or HTTP, is the caller's business.
"""
import hashlib

from harness import programs

fsync_writer = programs.load("fsync_writer")


class Promises:
    def __init__(self, log):
        self.files = {}             # name -> (size, sha256)
        self.dirs = set()
        self.grown, self.slots = 0, {}
        self.errors, self.ended, self.steps = [], False, 0
        for line in log.splitlines():
            self.note(line)

    def note(self, line):
        kind, *words = line.split(" ")
        self.steps += 1
        if kind == "file":
            self.files[words[0]] = (int(words[1]), words[2])
        elif kind == "renamed":
            self.files[words[1]] = self.files.pop(words[0])
        elif kind == "linked":
            self.files[words[1]] = self.files[words[0]]
        elif kind == "removed":
            del self.files[words[0]]
        elif kind == "dir":
            self.dirs.add(words[0])
        elif kind == "unmade":
            self.dirs.remove(words[0])
        elif kind == "grown":
            self.grown = int(words[1])
        elif kind == "slot":
            self.slots[int(words[1])] = int(words[2])
        elif kind == "end":
            self.ended = True
        else:
            self.errors.append(line)

    def expected_names(self):
        return set(self.files) | self.dirs | {"growing", "slots"}

    def slots_digest(self, size):
        data = bytearray(size)
        for slot, generation in self.slots.items():
            at = slot * fsync_writer.BLOCK
            data[at:at + fsync_writer.BLOCK] = fsync_writer.block(slot, generation)
        return hashlib.sha256(data).hexdigest()

    def slots_size(self):
        return (max(self.slots) + 1) * fsync_writer.BLOCK if self.slots else 0

    def expected_digests(self):
        """Name -> sha256 of everything that is a file."""
        digests = {name: digest for name, (_, digest) in self.files.items()}
        digests["growing"] = hashlib.sha256(fsync_writer.pattern(0, self.grown)).hexdigest()
        digests["slots"] = self.slots_digest(self.slots_size())
        return digests

    def check(self, names, digests):
        """Compares with what is there: names of all entries, digests of the files."""
        assert set(names) == self.expected_names(), (
            f"missing {sorted(self.expected_names() - set(names))[:10]}, "
            f"unexpected {sorted(set(names) - self.expected_names())[:10]}")
        expected = self.expected_digests()
        wrong = sorted(name for name in expected if digests.get(name) != expected[name])
        assert not wrong, f"{len(wrong)} of {len(expected)} files are not as their fsync left them: {wrong[:10]}"
