"""Broken and hostile clients beside a good one.

Records that are malformed, truncated, oversized, random or never end, for
HOLDFAST_HOSTILE_SECONDS (default 20): the server lives, says no panic, stays
within its memory, and the good client in the guest sees no wrong byte.
"""
import os
import random
import time

import pytest

import contract
from harness import hostile
from harness.rawnfs import verifier_of

SECONDS = float(os.environ.get("HOLDFAST_HOSTILE_SECONDS", "20"))
SEED = 1813


def peak_rss_during(server, seconds):
    end, peak = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        assert server.process.running(), f"the server is gone: {server.process.log_tail()}"
        peak = max(peak, server.process.rss_bytes())
        time.sleep(0.25)
    return peak


def test_siege(server, guest, filesystem, folder):
    stop, out = "/tmp/good.stop", "/tmp/good.out"
    guest.start_program("good_client.py", folder, stop, log=out)
    guest.wait_for(f"[ $(ls {folder} | wc -l) -gt 3 ]", 30, "the good client works")
    before = server.process.rss_bytes()
    ports = sorted({server.nfs_port, server.mount_port})
    with hostile.Siege(ports, SECONDS, lambda name: random.Random(f"{SEED}{name}")) as siege:
        peak = peak_rss_during(server, SECONDS)
    guest.sh(f"touch {stop}")
    guest.wait_for(f"[ -s {out} ]", 60, "the good client ends")
    answer = guest.sh(f"cat {out}")
    assert answer.startswith("rounds ") and int(answer.split()[1]) > 3, answer
    assert not siege.errors and siege.connections > 20 * SECONDS / 5
    grown = (peak - before) >> 20
    assert grown < contract.RSS_GROWTH_LIMIT_MIB, f"{grown} MiB more at {siege.connections} bad connections"
    log = server.process.log()
    assert not [mark for mark in contract.PANIC_MARKS if mark in log]
    guest.sh("echo after > after", cwd=folder)
    assert verifier_of(server, filesystem, os.path.basename(folder) + "/after")


@pytest.mark.holdfast
def test_siege_of_the_http_port(server, guest, folder):
    """The same noise where HTTP is spoken."""
    before = server.process.rss_bytes()
    with hostile.Siege([server.http_port], SECONDS / 4, lambda name: random.Random(f"{SEED}http{name}")) as siege:
        peak = peak_rss_during(server, SECONDS / 4)
    assert not siege.errors
    assert (peak - before) >> 20 < contract.RSS_GROWTH_LIMIT_MIB
    server.api.request("GET", contract.HEALTH)
    assert not [mark for mark in contract.PANIC_MARKS if mark in server.process.log()]
    guest.sh("echo fine > f; cat f", cwd=folder)
