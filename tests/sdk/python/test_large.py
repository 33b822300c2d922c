"""Large transfers with flat memory, in a process of their own: HOLDFAST_SDK_LARGE_BYTES each way (default 512 MiB)."""
import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

SIZE = int(os.environ.get("HOLDFAST_SDK_LARGE_BYTES", 512 << 20))
RESIDENT_MAX_BYTES = 150_000_000


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A file that does not shrink, and its checksum."""
    path = tmp_path_factory.mktemp("large") / "tree" / "file"
    path.parent.mkdir()
    digest, piece = hashlib.sha256(), random.Random(1).randbytes(1 << 20)
    with path.open("wb") as file:
        for number in range(0, SIZE, len(piece)):
            part = (number.to_bytes(8, "big") + piece[8:])[: SIZE - number]
            digest.update(part)
            file.write(part)
    return path, digest.hexdigest()


PAIRS = [("sync", "file"), ("async", "tree")]
if "HOLDFAST_SDK_LARGE_BYTES" in os.environ:
    PAIRS += [("async", "file"), ("sync", "tree")]


@pytest.mark.parametrize("style, way", PAIRS)
def test_flat_memory(server, local, name, tmp_path, capsys, style, way):
    path, checksum = local
    program = Path(__file__).with_name("large.py")
    done = subprocess.run(
        [sys.executable, program, style, way, name, str(path), str(tmp_path)],
        env=server.environment, stdout=subprocess.PIPE, text=True, timeout=540,
    )
    assert done.returncode == 0
    resident, up, down = map(float, done.stdout.split())
    digest = hashlib.sha256()
    (got,) = [one for one in tmp_path.rglob("*") if one.is_file()]
    with got.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    got.unlink()
    with capsys.disabled():
        print(f"\n{style} {way}: {SIZE >> 20} MiB, up {up:.1f} s, down {down:.1f} s, resident {resident / 1e6:.0f} MB")
    assert digest.hexdigest() == checksum
    assert resident < RESIDENT_MAX_BYTES
