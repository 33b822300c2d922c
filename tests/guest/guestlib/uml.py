"""Backend: User Mode Linux, a Linux kernel that is an ordinary process.

Owns: the kernel's command line and environment, and how it stands still.  One
CPU at native speed; a system call costs some microseconds, a fork and exec some
milliseconds.  `pause` is SIGSTOP, so the guest's clocks have jumped after
`resume`.  Ending the process is the power cut.
Does not: save and restore a machine.  A backend that can (QEMU, Firecracker)
offers the same five functions; `lifecycle.BACKENDS` names it.
"""
import os
import shutil
import signal

from .network import enter_netns
from .record import HOME

NEEDED = ("root.ext4", "linux.uml", "xstate-shim.so")


def missing():
    """Files of the image that are not there."""
    return [name for name in NEEDED if not os.path.exists(f"{HOME}/{name}")]


def memory_dir(record):
    """Guest memory is an unlinked file that has to be executable: RAM where
    /dev/shm has room, else the guest's own folder on disk."""
    info = os.statvfs("/dev/shm") if os.path.isdir("/dev/shm") else None
    roomy = info and info.f_bavail * info.f_frsize > record.mem_mib << 20
    return "/dev/shm" if roomy and not info.f_flag & os.ST_NOEXEC else record.dir


def command(record, kernel_words):
    """The process to start: (argv, environment)."""
    env = {**os.environ, "LD_PRELOAD": f"{HOME}/xstate-shim.so", "TMPDIR": memory_dir(record)}
    argv = [f"{HOME}/linux.uml", f"mem={record.mem_mib}M", f"umid=hf-{record.name}-{os.getpid()}",
            f"uml_dir={record.dir}/uml/", f"ubd0r={HOME}/root.ext4", "root=/dev/ubda", "ro",
            "con=null", "con0=fd:0,fd:1", "ssl=null",
            "vec0:transport=tap,ifname=tap0,depth=128,gro=1", *kernel_words]
    return argv, env


def before_exec(record, cpu):
    """Runs in the new process.  The kernel and its user processes take turns; on
    two CPUs each turn costs a wake-up across them, ten times a system call."""
    enter_netns(record.netns)
    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpus[(record.index if cpu is None else cpu) % len(cpus)]})


def pause(record):
    """Stops only the kernel's own process: its children are traced by it and
    stand still at their next system call, fault or timer tick."""
    os.kill(record.pid, signal.SIGSTOP)


def resume(record):
    os.kill(record.pid, signal.SIGCONT)


def clean(record):
    shutil.rmtree(record.path("uml"), ignore_errors=True)
