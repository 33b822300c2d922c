"""The life of a guest: start, pause, resume, stop.

Owns: the order of things.  A start that fails at any point ends what it had
started and raises; the logs stay.  A stop is safe at any time, also twice, and
also for a guest that died: it ends the two processes of the guest by their ids
and removes its namespace.
Does not: know how a machine runs (the backend does) or what runs inside.
"""
import os
import signal
import subprocess
import threading
import time

from . import channel, mounts, network, uml
from .record import HOME, Fail, Record, allocate, allocation_lock, forget_old_logs, is_alive, names

BACKENDS = {"uml": uml}


def backend_of(record):
    return BACKENDS[record.backend]


def start(args):
    """Boots a guest and mounts what was asked for: its record."""
    backend = BACKENDS[args.backend]
    if backend.missing():
        raise Fail(f"{HOME} lacks {', '.join(backend.missing())}: run tests/guest/setup first (as root)")
    specs = [mounts.parse(text) for text in args.mount]
    forwards = [[int(a), host or "127.0.0.1", int(b)] for a, host, b in (f.split(":") for f in args.forward)]
    with allocation_lock():
        make_way(args.name)
        forget_old_logs()
        record = allocate(args.name, backend=args.backend, mem_mib=args.mem, rpcbind=args.rpcbind,
                          mount_timeout_s=args.mount_timeout, forwards=forwards, started=time.time())
    try:
        boot(record, args)
        for spec in specs:
            mounts.mount(record, spec, args.quiet)
    except BaseException:
        stop(record, kill=True)
        raise
    return record


def make_way(name):
    if name in names():
        old = Record.load(name)
        if old.alive():
            raise Fail(f"guest {name} runs already")
        stop(old, kill=True)


def boot(record, args):
    network.bring_up(record, args.mtu)
    network.start_relay(record)
    words = [f"holdfast.name={args.hostname or record.source}", f"holdfast.mtu={args.mtu}",
             "init=/sbin/holdfast-init", "panic=-1", *args.append.split()]
    backend = backend_of(record)
    argv, env = backend.command(record, words)
    with open(args.console or record.path("console.log"), "ab") as console:
        machine = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT,
                                   start_new_session=True, cwd="/", env=env,
                                   preexec_fn=lambda: backend.before_exec(record, args.cpu))
    if args.console:
        os.symlink(os.path.abspath(args.console), record.path("console.log"))
    record.pid = machine.pid
    record.save()
    threading.Thread(target=machine.wait, daemon=True).start()     # reaps it
    channel.connect(record, args.boot_timeout).close()


def pause(record):
    backend_of(record).pause(record)
    record.paused = time.time()
    record.save()


def resume(record):
    backend_of(record).resume(record)
    record.paused = None
    record.save()


def wait_gone(pid, seconds):
    end = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.03)


def stop(record, kill=False):
    """Powers off, or with `kill` cuts the power."""
    if record.alive() and not kill and not record.paused:
        channel.power_off(record)
        wait_gone(record.pid, 5)
    for pid in (record.pid, record.relay_pid):
        if pid:
            try:
                os.killpg(pid, signal.SIGKILL)      # each leads a session of its own
            except ProcessLookupError:
                pass
    wait_gone(record.pid, 2)
    network.tear_down(record)
    backend_of(record).clean(record)
    record.retire()
