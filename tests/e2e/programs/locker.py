"""Locks a file as programs do: locker.py VERB HOW FILE [STOP].

HOW is `flock`, `fcntl` (bytes 10 to 19) or `whole` (fcntl, to the end).
`try` says `granted` or `denied`, and keeps nothing.  `hold` waits for the lock,
says `held TIME`, keeps it until the file STOP exists, and says `released TIME`.
Times are seconds of the wall clock, which guests on one host share.
"""
import fcntl
import os
import sys
import time

RANGES = {"fcntl": (10, 10), "whole": (0, 0)}


def lock(file, how, flags):
    if how == "flock":
        fcntl.flock(file, flags)
    else:
        start, length = RANGES[how]
        fcntl.lockf(file, flags, length, start)


def attempt(file, how):
    try:
        lock(file, how, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("denied")
    else:
        print("granted")


def hold(file, how, stop):
    lock(file, how, fcntl.LOCK_EX)
    print("held", time.time(), flush=True)
    while not os.path.exists(stop):
        time.sleep(0.02)
    at = time.time()
    lock(file, how, fcntl.LOCK_UN)
    print("released", at, flush=True)


def main(verb, how, path, stop=None):
    with open(path, "r+b") as file:
        if verb == "try":
            attempt(file, how)
        else:
            hold(file, how, stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
