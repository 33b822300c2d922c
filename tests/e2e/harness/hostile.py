"""Clients that break the protocol, from the host, each over many connections.

An attack is a generator function: it gets a random source and yields the bytes
of one connection after another.  Bounded: a connection sends at most
MAX_BYTES, waits at most PATIENCE_S for an answer, and each attack opens at most
MAX_CONNECTIONS_PER_S; half records stay open HELD at a time.
"""
import socket
import struct
import threading
import time

from harness import rawnfs

MAX_BYTES = 1 << 20
PATIENCE_S = 0.05
MAX_CONNECTIONS_PER_S = 200
HELD = 100
PROGRAMS = (100000, 100003, 100005, 100021, 100024, 100227, 0, 0xFFFFFFFF)


def calls(rng):
    """Well-formed calls to flip bits in: real procedures, arguments of any kind."""
    program, procedure = rng.choice(PROGRAMS[:4]), rng.randrange(24)
    handle = rawnfs.opaque(rng.randbytes(rng.choice((0, 8, 32, 64))))
    arguments = rng.choice((
        b"", handle, handle + rawnfs.opaque(b"name"), handle + struct.pack(">QI", rng.getrandbits(64), 4096),
        handle + struct.pack(">QII", 0, 5, 2) + rawnfs.opaque(b"hello"),
        handle + struct.pack(">QII", 2**64 - 1, 2**32 - 1, 9), rawnfs.opaque(b"/" + b"a" * rng.randrange(5000))))
    return rawnfs.call_body(program, procedure, arguments, rng.getrandbits(32))


def random_bytes(rng):
    while True:
        yield rng.randbytes(rng.randrange(1, 4000))


def random_records(rng):
    """Valid framing around noise."""
    while True:
        yield b"".join(rawnfs.record(rng.randbytes(rng.randrange(0, 600))) for _ in range(rng.randrange(1, 20)))


def well_formed_nonsense(rng):
    """Every procedure with arguments of some other one."""
    while True:
        yield b"".join(rawnfs.record(calls(rng)) for _ in range(20))


def bit_flips(rng):
    while True:
        data = bytearray(rawnfs.record(calls(rng)))
        for _ in range(rng.randrange(1, 8)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        yield bytes(data)


def truncated_calls(rng):
    """The framing says as much as there is, the call needs more."""
    while True:
        body = calls(rng)
        yield rawnfs.record(body[:rng.randrange(len(body))])


def huge_announcements(rng):
    """A record of up to 2 GiB, of which a little comes; also in fragments."""
    while True:
        size = rng.choice((0x7FFFFFFF, 0x7FFFFFFF, 1 << 30, 64 << 20, 5 << 20))
        last = rng.choice((0, rawnfs.LAST_FRAGMENT))
        yield struct.pack(">I", last | size) + calls(rng) + rng.randbytes(rng.choice((0, 1000, MAX_BYTES // 2)))


def endless_fragments(rng):
    """One record in thousands of fragments, none of them the last; also empty ones."""
    while True:
        size = rng.choice((0, 0, 1, 100))
        yield (struct.pack(">I", size) + bytes(size)) * (MAX_BYTES // 8 // (size + 4))


def wrong_lengths(rng):
    """Lengths inside the call that lie about what follows."""
    while True:
        body = bytearray(calls(rng))
        at = rng.randrange(0, len(body) - 3) & ~3
        struct.pack_into(">I", body, at, rng.choice((0xFFFFFFFF, 0x7FFFFFFF, 1 << 24, 65, 4097)))
        yield rawnfs.record(bytes(body))


ATTACKS = (random_bytes, random_records, well_formed_nonsense, bit_flips, truncated_calls,
           huge_announcements, endless_fragments, wrong_lengths)


def send(port, data, patience_s=PATIENCE_S):
    """One connection; whatever the server does with it is fine."""
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as sock:
            sock.settimeout(1)
            sock.sendall(data[:MAX_BYTES])
            sock.settimeout(patience_s)
            while sock.recv(65536):
                pass
    except OSError:
        pass


class Siege:
    """All attacks on some ports until a deadline, one thread each; and half
    records, which come one byte at a time and never end."""

    def __init__(self, ports, seconds, rng_of):
        self.ports, self.end = ports, time.monotonic() + seconds
        self.connections = 0
        self.errors = []
        self.lock = threading.Lock()
        targets = [(self.attack, attack, rng_of(attack.__name__)) for attack in ATTACKS]
        targets.append((self.hold_half_records, rng_of("half")))
        self.threads = [threading.Thread(target=self.guarded, args=words, daemon=True) for words in targets]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        for thread in self.threads:
            thread.join()

    def guarded(self, function, *args):
        try:
            function(*args)
        except Exception as err:    # a bug of the attack must not pass for a quiet one
            self.errors.append(repr(err))

    def attack(self, attack, rng):
        for data in attack(rng):
            if time.monotonic() > self.end:
                return
            send(rng.choice(self.ports), data)
            with self.lock:
                self.connections += 1
            time.sleep(1 / MAX_CONNECTIONS_PER_S)

    def hold_half_records(self, rng):
        held = []
        while time.monotonic() < self.end:
            try:
                if len(held) < HELD:
                    held.append(socket.create_connection(("127.0.0.1", rng.choice(self.ports)), 2))
                    held[-1].sendall(rawnfs.record(calls(rng))[:rng.randrange(1, 40)])
                sock = rng.choice(held)
                sock.sendall(b"\0")
            except OSError:
                if held:
                    held.pop(rng.randrange(len(held))).close()
            time.sleep(0.02)
        for sock in held:
            sock.close()
