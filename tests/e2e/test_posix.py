"""POSIX rules, area by area, as one user finds them who is root and three others.

The cases are in `programs/conformance`; each area is one program in the guest, so
that a case costs milliseconds.  What NFSv3 cannot give is not among them: see
"POSIX, and where NFS differs" in docs/SEMANTICS.md.
"""
import pytest

from harness.guest import SUPERUSER

AREAS = ["modes", "names", "moves", "contents"]


@pytest.mark.parametrize("area", AREAS)
def test_rules(guest, mount, area):
    place = f"{mount}/posix-{area}"
    guest.run("mkdir", place, user=SUPERUSER)
    ended = guest.run("python3", "-B", "/opt/programs/conformance", area, place, user=SUPERUSER, timeout_s=180,
                      check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    print(ended.stdout.strip())
