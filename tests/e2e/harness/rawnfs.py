"""NFSv3 and MOUNT calls from the host, packed by hand (RFC 1813, RFC 5531).

For what a kernel client does not show: the write verifier.  One TCP connection
a program; a reply that is not an accepted success raises.
"""
import itertools
import os
import socket
import struct

NFS, MOUNT, VERSION = 100003, 100005, 3
MNT, GETATTR, LOOKUP, WRITE, COMMIT = 1, 1, 3, 7, 21
UNSTABLE, DATA_SYNC, FILE_SYNC = range(3)
LAST_FRAGMENT = 0x80000000
XIDS = itertools.count(int.from_bytes(os.urandom(3), "big"))


class NfsError(AssertionError):
    def __init__(self, call, status):
        super().__init__(f"{call}: NFS status {status}")
        self.status = status


def opaque(data):
    return struct.pack(">I", len(data)) + data + b"\0" * (-len(data) % 4)


def take_opaque(data, at):
    size = struct.unpack_from(">I", data, at)[0]
    return data[at + 4:at + 4 + size], at + 4 + size + (-size % 4)


def call_body(program, procedure, arguments, xid, version=VERSION):
    """A call with AUTH_SYS credentials of root and an empty verifier."""
    credential = struct.pack(">I", 0) + opaque(b"rawnfs") + struct.pack(">III", 0, 0, 0)
    head = struct.pack(">6I", xid, 0, 2, program, version, procedure)
    return head + struct.pack(">I", 1) + opaque(credential) + struct.pack(">II", 0, 0) + arguments


def record(body):
    return struct.pack(">I", LAST_FRAGMENT | len(body)) + body


class Connection:
    def __init__(self, port, program, version=VERSION, source="127.0.0.1"):
        self.program, self.version = program, version
        self.sock = socket.create_connection(("127.0.0.1", port), 10, source_address=(source, 0))
        self.stream = self.sock.makefile("rb")

    def close(self):
        self.stream.close()
        self.sock.close()

    def call(self, procedure, arguments):
        """The results of one call."""
        xid = next(XIDS)
        self.sock.sendall(record(call_body(self.program, procedure, arguments, xid, self.version)))
        data, last = b"", False
        while not last:
            head = struct.unpack(">I", self.stream.read(4))[0]
            last = bool(head & LAST_FRAGMENT)
            data += self.stream.read(head & ~LAST_FRAGMENT)
        got_xid, kind, denied, _, size = struct.unpack_from(">5I", data)
        assert (got_xid, kind, denied) == (xid, 1, 0), "not the reply to this call"
        at = 20 + size + (-size % 4)
        accepted = struct.unpack_from(">I", data, at)[0]
        assert accepted == 0, f"RPC accept status {accepted}"
        return data[at + 4:]


def skip_wcc(data, at):
    """Past wcc_data: pre_op_attr (24 bytes where present), post_op_attr (84)."""
    for size in (24, 84):
        present = struct.unpack_from(">I", data, at)[0]
        at += 4 + size * present
    return at


class RawNfs:
    """A mounted export: handles are bytes."""

    def __init__(self, nfs_port, mount_port, export):
        mount = Connection(mount_port, MOUNT)
        data = mount.call(MNT, opaque(export.encode()))
        mount.close()
        self.check("MNT", data)
        self.root, _ = take_opaque(data, 4)
        self.nfs = Connection(nfs_port, NFS)

    @staticmethod
    def check(call, data):
        status = struct.unpack_from(">I", data)[0]
        if status:
            raise NfsError(call, status)

    def close(self):
        self.nfs.close()

    def lookup(self, folder, name):
        data = self.nfs.call(LOOKUP, opaque(folder) + opaque(name.encode()))
        self.check("LOOKUP", data)
        return take_opaque(data, 4)[0]

    def walk(self, path):
        handle = self.root
        for name in path.strip("/").split("/"):
            handle = self.lookup(handle, name)
        return handle

    def write(self, handle, offset, data, stable=UNSTABLE):
        """(bytes written, how stable they are, verifier)."""
        reply = self.nfs.call(WRITE, opaque(handle) + struct.pack(">QII", offset, len(data), stable) + opaque(data))
        self.check("WRITE", reply)
        at = skip_wcc(reply, 4)
        count, committed = struct.unpack_from(">II", reply, at)
        return count, committed, reply[at + 8:at + 16]

    def commit(self, handle):
        """The write verifier."""
        data = self.nfs.call(COMMIT, opaque(handle) + struct.pack(">QI", 0, 0))
        self.check("COMMIT", data)
        at = skip_wcc(data, 4)
        return data[at:at + 8]


def verifier_of(server, filesystem, path):
    """The write verifier the server gives for a file now."""
    nfs = RawNfs(server.nfs_port, server.mount_port, filesystem.export)
    try:
        return nfs.commit(nfs.walk(path))
    finally:
        nfs.close()
