"""The host's end of the agent's protocol (image/agent describes the frames).

Owns: connecting to the agent, running one command with streams, pushing and
pulling trees as tar.  Status 124 means that the time was up, 125 that the
guest or the harness failed; anything else is the command's own.  A command
whose connection ends, by a timeout or because the host's process died, is
killed in the guest.
Does not: retry a command.
"""
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

from .network import socket_in
from .record import Fail

PORT = 7001
STDIN, STDOUT, STDERR, END = range(4)
TIMED_OUT, LOST = 124, 125
TRANSFER_TIMEOUT_S = 600


def connect(record, wait_s=5.0):
    end = time.monotonic() + wait_s
    while True:
        sock = socket_in(record.netns)
        sock.settimeout(2)
        try:
            sock.connect((record.address, PORT))
            sock.settimeout(None)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except OSError:
            sock.close()
        if not record.alive():
            raise Fail(f"guest {record.name} has died; see {record.path('console.log')}")
        if time.monotonic() > end:
            raise Fail(f"guest {record.name} does not answer")
        time.sleep(0.03)


def send_job(sock, job):
    body = json.dumps(job).encode()
    sock.sendall(struct.pack(">I", len(body)) + body)


def send_stdin(sock, data):
    sock.sendall(struct.pack(">BI", STDIN, len(data)) + data)


def frames(sock):
    stream = sock.makefile("rb", 1 << 16)
    while True:
        head = stream.read(5)
        if len(head) < 5:
            return
        kind, size = struct.unpack(">BI", head)
        yield kind, stream.read(size)


def capture(record, argv, timeout_s):
    """Runs a short command without stdin: (status, both outputs as text)."""
    out = b""
    with connect(record) as sock:
        sock.settimeout(timeout_s)
        send_job(sock, {"argv": argv})
        send_stdin(sock, b"")
        try:
            for kind, body in frames(sock):
                if kind == END:
                    return json.loads(body)["rc"], out.decode(errors="replace")
                out += body
        except socket.timeout:
            return TIMED_OUT, out.decode(errors="replace") + f"[no end within {timeout_s} s]"
    return LOST, out.decode(errors="replace") + "[the guest went away]"


def power_off(record):
    """Asks the guest to end; silent where it no longer listens."""
    try:
        with connect(record, 1) as sock:
            sock.settimeout(2)
            send_job(sock, {"argv": ["@poweroff"]})
            for _ in frames(sock):
                pass
    except (OSError, Fail):
        pass


def _feed(sock, source, done):
    """Copies `source` to the command's stdin until it ends or the command does."""
    try:
        while source and not done.is_set():
            data = os.read(source.fileno(), 65536)
            if not data:
                break
            send_stdin(sock, data)
        send_stdin(sock, b"")
    except (OSError, ValueError):
        pass


def _cut_later(sock, timeout_s, late):
    def cut():
        late.set()
        sock.shutdown(socket.SHUT_RDWR)
    timer = threading.Timer(timeout_s, cut)
    timer.daemon = True
    timer.start()
    return timer


def _write(stream, body):
    stream.write(body)
    stream.flush()


def execute(record, job, stdin=None, stdout=None, timeout_s=0):
    """Runs a job with streams: (status, seconds in the guest).  `stdin` is a
    binary file or None; stdout and stderr go to this process's own by default."""
    late, done, timer = threading.Event(), threading.Event(), None
    end = None
    with connect(record) as sock:
        send_job(sock, job)
        threading.Thread(target=_feed, args=(sock, stdin, done), daemon=True).start()
        if timeout_s:
            timer = _cut_later(sock, timeout_s, late)
        try:
            for kind, body in frames(sock):
                if kind == STDOUT:
                    _write(stdout or sys.stdout.buffer, body)
                elif kind == STDERR:
                    _write(sys.stderr.buffer, body)
                elif kind == END:
                    end = json.loads(body)
                    break
        except OSError:
            pass
        done.set()
        if timer:
            timer.cancel()
    if end is not None:
        return end["rc"], end["secs"]
    if late.is_set():
        print(f"guest: no end within {timeout_s} s", file=sys.stderr)
        return TIMED_OUT, timeout_s
    print(f"guest: {record.name} went away", file=sys.stderr)
    return LOST, 0


def push(record, host_path, guest_dir):
    """Copies a file or tree into a directory of the guest; it belongs to root there."""
    source = os.path.abspath(host_path)
    with subprocess.Popen(["tar", "-C", os.path.dirname(source), "-cf", "-", os.path.basename(source)],
                          stdout=subprocess.PIPE) as tar:
        unpack = 'mkdir -p "$0" && tar -C "$0" -xf - --no-same-owner'
        rc, _ = execute(record, {"argv": ["sh", "-c", unpack, guest_dir]}, stdin=tar.stdout,
                        timeout_s=TRANSFER_TIMEOUT_S)
        tar.stdout.close()
    return rc or tar.returncode


def pull(record, guest_path, host_dir):
    """Copies a file or tree of the guest into a directory of the host."""
    os.makedirs(host_dir, exist_ok=True)
    pack = ["tar", "-C", os.path.dirname(guest_path) or "/", "-cf", "-", os.path.basename(guest_path)]
    with subprocess.Popen(["tar", "-C", host_dir, "-xf", "-"], stdin=subprocess.PIPE) as tar:
        rc, _ = execute(record, {"argv": pack}, stdout=tar.stdin, timeout_s=TRANSFER_TIMEOUT_S)
        tar.stdin.close()
    return rc or tar.returncode
