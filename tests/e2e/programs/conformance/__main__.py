"""POSIX rules over a mount: python3 conformance AREA FOLDER, as root in a guest.

An area is a module with functions `case_*`; each runs in a new folder that any
user may write to, and all run, whatever fails.  Failures are printed with the
rule that they break; the status is their number.
"""
import importlib
import os
import sys
import traceback


def main(area, folder):
    module = importlib.import_module(area)
    cases = [(name, case) for name, case in vars(module).items() if name.startswith("case_")]
    failed = 0
    for name, case in cases:
        place = os.path.join(folder, f"{area}-{name}")
        os.mkdir(place)
        os.chmod(place, 0o777)
        os.chdir(place)
        try:
            case()
        except Exception:
            failed += 1
            print(f"FAILED {area}.{name}\n{traceback.format_exc(limit=-2)}")
    print(f"{area}: {len(cases)} cases, {failed} failed")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
