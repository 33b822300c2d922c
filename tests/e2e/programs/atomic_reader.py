"""Reads one file again and again: atomic_reader.py PATH STOP.

The file's content is always one byte repeated, `size` times, with the size
derived from the byte (see `content`).  Anything else is half of a replacement.
Ends when STOP exists, with `reads VERSIONS` on stdout, or fails at the first
read that is neither the old nor the new content.
"""
import os
import sys


def content(version):
    """One of 26 contents, of 26 sizes around 1 MiB."""
    letter = version % 26
    return bytes([ord("a") + letter]) * ((1 << 20) + 4093 * letter)


def main(path, stop):
    reads, seen = 0, set()
    while not os.path.exists(stop):
        with open(path, "rb") as file:
            data = file.read()
        version = data[0] - ord("a") if data else -1
        if version not in range(26) or data != content(version):
            letters = {chr(byte): data.count(bytes([byte])) for byte in set(data)}
            raise AssertionError(f"read {reads}: {len(data)} bytes, {letters}")
        reads += 1
        seen.add(version)
    print(reads, len(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
