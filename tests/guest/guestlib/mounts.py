"""Mounting a server's export in a guest.

Owns: the mount spec PORT:EXPORT:POINT[:OPTIONS], the relay ports that a mount
needs, and the guest's rpcbind and statd where it wants locks.  A mount that
fails says what mount(8) said; relay ports opened for it stay open.
Does not: know anything about Holdfast's API.
"""
import socket
import struct
import sys
from dataclasses import dataclass

from . import channel
from .network import forward
from .record import Fail

RECOMMENDED = "hard,nolock,rsize=1048576,wsize=1048576"
NLM_PROGRAM = 100021
LOCK_SERVICES = ("pidof rpcbind >/dev/null || rpcbind -w; "
                 "pidof rpc.statd >/dev/null || rpc.statd --port 662 --outgoing-port 663")


@dataclass
class Spec:
    """One mount.  `options` is the complete -o word."""
    port: int
    export: str
    point: str
    options: str

    def words(self):
        return self.options.split(",")

    def ports(self):
        """Server ports the mount talks to."""
        named = [w.split("=")[1] for w in self.words() if w.startswith(("port=", "mountport="))]
        return sorted({self.port, *map(int, named)})

    def wants_locks(self):
        return not {"nolock", "local_lock=all", "local_lock=posix"} & set(self.words())


def parse(text):
    parts = text.split(":", 3)
    if len(parts) < 3 or not parts[0].isdigit() or not parts[2].startswith("/"):
        raise Fail(f"mount {text!r} is not PORT:EXPORT:POINT[:OPTIONS]")
    port = int(parts[0])
    given = []
    for word in parts[3].split(",") if len(parts) > 3 and parts[3] else []:
        given += RECOMMENDED.split(",") if word == "recommended" else [word]
    keys = {word.split("=")[0] for word in given}
    base = ["vers=3", "proto=tcp", f"port={port}", f"mountport={port}", "mountproto=tcp"]
    options = [word for word in base if word.split("=")[0] not in keys] + given
    return Spec(port, parts[1], parts[2], ",".join(options))


def read_record(stream):
    """One RPC record of a TCP stream (RFC 5531 section 11)."""
    data, last = b"", False
    while not last:
        head = struct.unpack(">I", stream.read(4))[0]
        last = bool(head >> 31)
        data += stream.read(head & 0x7FFFFFFF)
    return data


def portmap_tcp_services(host, port):
    """(program, version, port) of a portmapper (RFC 1833 PMAPPROC_DUMP); None
    where none answers."""
    call = struct.pack(">10I", 0x6B630001, 0, 2, 100000, 2, 4, 0, 0, 0, 0)
    try:
        with socket.create_connection((host, port), 3) as sock:
            sock.sendall(struct.pack(">I", 0x80000000 | len(call)) + call)
            data = read_record(sock.makefile("rb"))
    except (OSError, struct.error):
        return None
    found, at = [], 24
    while struct.unpack_from(">I", data, at)[0]:
        program, version, protocol, service = struct.unpack_from(">4I", data, at + 4)
        if protocol == socket.IPPROTO_TCP:
            found.append((program, version, service))
        at += 20
    return found


def open_lock_paths(record, spec):
    """What NLM needs: the guest's statd, and every service of the portmapper."""
    rc, out = channel.capture(record, ["sh", "-c", LOCK_SERVICES], 30)
    if rc:
        raise Fail(f"rpc.statd did not start: {out}")
    host, _, port = record.rpcbind.rpartition(":")
    host = host or record.server
    services = portmap_tcp_services(host, int(port))
    if services is None:
        raise Fail(f"mount {spec.point} wants locks, but no portmapper answers at {record.rpcbind} "
                   "(--rpcbind HOST:PORT, or add nolock)")
    if not any(program == NLM_PROGRAM for program, _, _ in services):
        print(f"guest: no NLM over TCP at the portmapper {record.rpcbind}", file=sys.stderr)
    forward(record, 111, host, int(port))
    for _, _, service in services:
        forward(record, service, record.server, service)


def mount(record, spec, quiet=False):
    for port in spec.ports():
        forward(record, port, record.server, port)
    if spec.wants_locks():
        open_lock_paths(record, spec)
    command = 'mkdir -p "$2" && exec mount -t nfs -o "$0" "$1" "$2"'
    argv = ["sh", "-c", command, spec.options, f"{record.gateway}:{spec.export}", spec.point]
    rc, out = channel.capture(record, argv, record.mount_timeout_s)
    if rc:
        raise Fail(f"mount {spec.point} failed ({rc}): {out.strip()}")
    if not quiet:
        print(f"guest: mounted {record.server}:{spec.port}:{spec.export} at {spec.point} ({spec.options})",
              file=sys.stderr)


def umount(record, point, flags=()):
    """(status, what umount(8) said)."""
    return channel.capture(record, ["umount", *flags, point], 60)
