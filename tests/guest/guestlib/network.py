"""The network of a guest: a namespace with one tap device, and the relay.

Owns: the namespace `hf-NAME`, its tap0 (10.99.0.1/24) and the relay process,
the guest's only path to anything else.  Taking it down is safe at any time and
leaves nothing on the host.
Does not: route, NAT, or touch the host's own interfaces.
"""
import ctypes
import json
import os
import socket
import subprocess
import threading

from .record import Fail

RELAY = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "relay.py")
CALLBACK_PORTS = [111, 662, 4045]       # rpcbind, rpc.statd, lockd of the guest
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def enter_netns(name):
    """Moves the calling thread into a namespace."""
    fd = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        if libc.setns(fd, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(fd)


def socket_in(netns):
    """A TCP socket of another namespace; a thread of its own makes it, since a
    thread that has moved cannot be trusted to come back."""
    box = []

    def make():
        enter_netns(netns)
        box.append(socket.socket())
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if not box:
        raise Fail(f"network namespace {netns} is gone")
    return box[0]


def ip(*words):
    got = subprocess.run(["ip", *words], capture_output=True, text=True)
    if got.returncode:
        raise Fail(f"ip {' '.join(words)}: {got.stderr.strip()}")


def bring_up(record, mtu):
    tear_down(record)
    inside = ("-n", record.netns)
    ip("netns", "add", record.netns)
    ip(*inside, "link", "set", "lo", "up")
    ip(*inside, "tuntap", "add", "dev", "tap0", "mode", "tap", "vnet_hdr")
    # The same address in every namespace, for guests that are saved and restored.
    ip(*inside, "link", "set", "tap0", "address", "02:00:0a:63:00:01")
    ip(*inside, "addr", "add", f"{record.gateway}/24", "dev", "tap0")
    ip(*inside, "link", "set", "tap0", "mtu", str(mtu), "up")


def tear_down(record):
    subprocess.run(["ip", "netns", "del", record.netns], capture_output=True)


def start_relay(record):
    plan = {"netns": record.netns, "gateway": record.gateway, "guest": record.address,
            "source": record.source, "forward": record.forwards, "callback": CALLBACK_PORTS,
            "control": record.path("relay")}
    with open(record.path("relay.log"), "w") as log:
        relay = subprocess.Popen([RELAY, json.dumps(plan)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=log, start_new_session=True, cwd="/")
    record.relay_pid = relay.pid
    record.save()
    if relay.stdout.readline() != b"ready\n":
        with open(record.path("relay.log")) as log:
            raise Fail("relay: " + log.read().strip()[-300:])


def control(record, *words):
    """One command to the relay; its answer."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(5)
        try:
            sock.connect(record.path("relay"))
            sock.sendall(" ".join(words).encode())
            return json.loads(sock.makefile().read() or "{}")
        except OSError as err:
            raise Fail(f"relay of guest {record.name}: {err}") from None


def forward(record, guest_port, host, host_port):
    """Opens `guest_port` of the gateway towards a server port, once."""
    if any(have[0] == guest_port for have in record.forwards):
        return
    reply = control(record, "forward", str(guest_port), host, str(host_port))
    if "error" in reply:
        raise Fail(f"relay port {guest_port}: {reply['error']}")
    record.forwards.append([guest_port, host, host_port])
    record.save()
