#!/usr/bin/python3
"""TCP relay between a guest's network namespace and the server under test.

Guest side: listens on 10.99.0.1 in the guest's namespace and connects onward to
the server (the hosts and ports of the plan) from the guest's own loopback
source address (127.0.0.N), so the server sees each guest as a client of its own.
Server side: listens on 127.0.0.N:{111,662,4045} and carries the server's calls
(NLM GRANTED, status notify) to the same ports of the guest.  A port that
something else holds is skipped, and `status` says so.

One control command per connection on the Unix socket of the plan:
  status   the flows, as JSON
  reset    cut every flow with a RST
  hold     carry nothing until `release` (a silent network)
  release
  refuse   new connections from the guest are refused, until `release`
  forward GUEST_PORT HOST PORT   one more way to the server

While the server does not listen, the guest's connections are refused too: the
relay shuts its own listening port and looks for the server 5 times a second.
It carries bytes as they are, keeps at most one read a flow and direction in
memory, and ends with its process; the guest then sees a dead network.
"""
import ctypes
import errno
import json
import os
import selectors
import signal
import socket
import struct
import sys

CHUNK = 1 << 20
CLONE_NEWNET = 0x40000000
KNOCK_INTERVAL_S = 0.2
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
libc = ctypes.CDLL(None, use_errno=True)


def enter(ns_fd):
    if libc.setns(ns_fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def close_with_rst(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Side:
    """One socket of a flow."""

    def __init__(self, sock, connected):
        self.sock, self.connected = sock, connected
        self.peer = self.flow = None
        self.buf = b""           # bytes read from this side, not yet sent to peer
        self.eof = False         # this side has sent its last byte
        self.done = False        # ... and the peer has been told
        self.mask = 0            # events watched for


class Relay:
    def __init__(self, plan):
        self.plan = plan
        self.sel = selectors.DefaultSelector()
        self.flows = set()
        self.held = self.refusing = False
        self.doors = {}          # guest-side port -> (listening socket, target)
        self.down = {}           # guest-side port -> target whose server is away
        self.skipped = []
        self.count = {"flows": 0, "to_server": 0, "to_guest": 0, "failed": 0}
        self.next_port = 1000
        self.guest_ns = os.open(f"/run/netns/{plan['netns']}", os.O_RDONLY)
        self.host_ns = os.open("/proc/self/ns/net", os.O_RDONLY)
        for port, host, host_port in plan["forward"]:
            self.open_door(port, host, host_port)
        for port in plan["callback"]:
            try:
                self.listen(self.host_ns, plan["source"], port, ("guest", plan["guest"], port))
            except OSError as err:
                self.skipped.append(f"{port}: {os.strerror(err.errno)}")
        control = socket.socket(socket.AF_UNIX)
        control.bind(plan["control"])
        control.listen(8)
        self.sel.register(control, READ, ("control", control))

    # Listening sockets.

    def socket_in(self, ns):
        enter(ns)
        try:
            sock = socket.socket()
        finally:
            enter(self.host_ns)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return sock

    def listen(self, ns, addr, port, target):
        sock = self.socket_in(ns)
        try:
            sock.bind((addr, port))
            sock.listen(64)
        except OSError:
            sock.close()
            raise
        self.sel.register(sock, READ, ("listen", sock, target))
        return sock

    def open_door(self, port, host, host_port):
        target = ("server", host, host_port)
        self.doors[port] = (self.listen(self.guest_ns, self.plan["gateway"], port, target), target)

    def shut_door(self, port):
        """Refuses the guest's connections, as a server that is down does."""
        sock, target = self.doors.pop(port)
        self.sel.unregister(sock)
        sock.close()
        self.down[port] = target

    def knock(self):
        """Opens again the doors whose server is back."""
        for port, (_, host, host_port) in list(self.down.items()):
            try:
                socket.create_connection((host, host_port), 1).close()
            except OSError:
                continue
            del self.down[port]
            self.open_door(port, host, host_port)

    # Flows.

    def accept(self, door, target):
        kind, host, port = target
        near, _ = door.accept()
        near.setblocking(False)
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far, err = self.connect(kind, host, port)
        if err not in (0, errno.EINPROGRESS):
            far.close()
            close_with_rst(near)
            return self.failed(kind, door)
        a, b = Side(near, True), Side(far, err == 0)
        a.peer, b.peer = b, a
        a.way, b.way = ("to_server", "to_guest") if kind == "server" else ("to_guest", "to_server")
        a.flow = b.flow = flow = (a, b)
        a.label = b.label = f"{kind}:{port}"
        a.origin = b.origin = (kind, door)
        self.flows.add(flow)
        self.count["flows"] += 1
        self.watch(a)
        self.watch(b)

    def failed(self, kind, door):
        self.count["failed"] += 1
        for port, (sock, _) in list(self.doors.items()):
            if kind == "server" and sock is door:
                self.shut_door(port)

    def connect(self, kind, host, port):
        """NFS clients call from a reserved port, and some servers insist on one."""
        for _ in range(400):
            far = self.socket_in(self.host_ns if kind == "server" else self.guest_ns)
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if kind == "server" and not self.bind_reserved(far):
                far.close()
                continue
            err = far.connect_ex((host, port))
            if err != errno.EADDRNOTAVAIL:
                return far, err
            far.close()
        return far, errno.EADDRNOTAVAIL

    def bind_reserved(self, sock):
        """Binds to the next reserved port; False where that one is taken."""
        self.next_port = self.next_port - 1 if self.next_port > 600 else 1000
        try:
            sock.bind((self.plan["source"], self.next_port))
        except OSError as err:
            if err.errno == errno.EADDRINUSE:
                return False
            sock.bind((self.plan["source"], 0))
        return True

    def watch(self, side):
        """Brings the selector in line with what the side can do now."""
        mask = 0
        if not self.held:
            if not side.connected:
                mask = WRITE
            else:
                if not side.eof and not side.buf and side.peer.connected:
                    mask |= READ
                if side.peer.buf:
                    mask |= WRITE
        if mask == side.mask:
            return
        if not side.mask:
            self.sel.register(side.sock, mask, ("side", side))
        elif not mask:
            self.sel.unregister(side.sock)
        else:
            self.sel.modify(side.sock, mask, ("side", side))
        side.mask = mask

    def cut(self, flow, hard):
        if flow not in self.flows:
            return
        self.flows.discard(flow)
        for side in flow:
            if side.mask:
                self.sel.unregister(side.sock)
                side.mask = 0
            if hard:
                close_with_rst(side.sock)
            else:
                side.sock.close()

    def pump(self, side):
        """Moves what `side` has sent to its peer, as far as it goes now."""
        peer = side.peer
        if side.buf:
            try:
                sent = peer.sock.send(side.buf)
            except BlockingIOError:
                sent = 0
            self.count[side.way] += sent
            side.buf = side.buf[sent:] if sent < len(side.buf) else b""
        if side.eof and not side.buf and not side.done:
            side.done = True
            try:
                peer.sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            if peer.done:
                self.cut(side.flow, False)

    def ready(self, side, mask):
        try:
            if not side.connected:
                err = side.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if err:
                    self.failed(*side.origin)
                    raise OSError(err, "connect")
                side.connected = True
            else:
                if mask & READ:
                    side.buf = side.sock.recv(CHUNK)
                    side.eof = not side.buf
                    self.pump(side)
                if mask & WRITE and side.flow in self.flows:
                    self.pump(side.peer)
        except BlockingIOError:
            pass
        except OSError:
            return self.cut(side.flow, True)
        if side.flow in self.flows:
            self.watch(side)
            self.watch(side.peer)

    # Control.

    def reset(self):
        flows = list(self.flows)
        for flow in flows:
            self.cut(flow, True)
        return {"cut": len(flows)}

    def set_mood(self, word):
        self.held, self.refusing = word == "hold", word == "refuse"
        if self.refusing:
            for port in list(self.doors):
                self.shut_door(port)
        for flow in self.flows:
            for side in flow:
                self.watch(side)
        return {"held": self.held, "refusing": self.refusing}

    def status(self):
        return {"open": [flow[0].label for flow in self.flows], "held": self.held, "refusing": self.refusing,
                "down": sorted(self.down), "skipped": self.skipped, **self.count}

    def obey(self, words):
        if words[0] == "reset":
            return self.reset()
        if words[0] in ("hold", "release", "refuse"):
            return self.set_mood(words[0])
        if words[0] == "forward":
            self.open_door(int(words[1]), words[2], int(words[3]))
            return {"forward": words[1:]}
        if words[0] == "status":
            return self.status()
        return {"error": f"no command {words[0]!r}"}

    def control(self, door):
        sock, _ = door.accept()
        with sock:
            sock.settimeout(1)
            try:
                reply = self.obey(sock.recv(200).decode().split())
            except (OSError, ValueError, IndexError) as err:
                reply = {"error": str(err)}
            try:
                sock.sendall(json.dumps(reply).encode())
            except OSError:
                pass

    def run(self):
        while True:
            if self.down and not self.refusing and not self.held:
                self.knock()
            for key, mask in self.sel.select(KNOCK_INTERVAL_S if self.down else None):
                kind, subject, *rest = key.data
                if kind == "side":
                    if subject.flow in self.flows:
                        self.ready(subject, mask)
                elif kind == "control":
                    self.control(subject)
                else:
                    try:
                        self.accept(subject, *rest)
                    except OSError as err:
                        print("accept:", err, file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    relay = Relay(json.loads(sys.argv[1]))
    os.write(1, b"ready\n")
    relay.run()
