"""Two machines lock the same files, through the kernel's own lock manager.

The module has a server with a portmapper and two guests that mount without
`nolock`.  What one guest holds is kept by a program in it until a file appears;
times come from the guests' wall clocks, which are the host's.
"""
import shutil
import time

import pytest

import contract
from harness.guest import Guest
from harness.nlm import free_all
from harness.server import Server

pytestmark = pytest.mark.holdfast
HOWS = ["flock", "fcntl", "whole"]
SOON_S = 1.0
CALLBACKS_S = 40         # the server's attempts to reach a client that does not answer
POLL_S = 30              # a Linux client that waits asks again
MACHINES = 2
ROWS = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("locks")
    made = Server(str(folder), portmapper=True)
    failed_before = request.session.testsfailed
    try:
        yield made.start()
    finally:
        if request.session.testsfailed > failed_before:
            print(f"\nserver log:\n{made.process.log_tail(6000)}")
        made.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def filesystem(server):
    return server.create_filesystem("locks")


@pytest.fixture(scope="module")
def machines(server, filesystem):
    """Guests with the filesystem mounted, with locks."""
    made = []
    try:
        for number in range(MACHINES):
            made.append(join(server, filesystem, f"locks{number}"))
        yield made
    finally:
        for machine in made:
            machine.close()


def join(server, filesystem, name):
    machine = Guest(name, mem_mib=256, portmap_port=server.portmap_port)
    try:
        machine.place = machine.mount(server, filesystem, options=contract.LOCK_MOUNT_OPTIONS)
    except BaseException:
        machine.close()
        raise
    return machine


@pytest.fixture
def name(machines, request):
    """A file of the test's own, that every machine knows."""
    made = "".join(c if c.isalnum() else "-" for c in request.node.name)
    machines[0].run("touch", f"{machines[0].place}/{made}")
    for machine in machines:
        machine.wait_for(f"[ -e {machine.place}/{made} ]", 90, "the file is seen")
    return made


def attempt(machine, how, name):
    return machine.program("locker.py", "try", how, f"{machine.place}/{name}").strip()


class Holder:
    """A program that waits for a lock and holds it."""

    def __init__(self, machine, how, name):
        self.machine = machine
        self.log, self.stop = f"/tmp/{name}.log", f"/tmp/{name}.stop"
        path = f"{machine.place}/{name}"
        machine.start_program("locker.py", "hold", how, path, self.stop, log=self.log)

    def said(self, word):
        """When the program said so, or None."""
        lines = self.machine.run("cat", self.log).stdout.split("\n")
        return next((float(line.split()[1]) for line in lines if line.startswith(word)), None)

    def wait(self, word, timeout_s=20):
        self.machine.wait_for(f"grep -q {word} {self.log}", timeout_s, f"`{word}` in {self.log}")
        return self.said(word)

    def release(self):
        self.machine.run("touch", self.stop)
        return self.wait("released")


@pytest.mark.parametrize("how", HOWS)
def test_locks_exclude_between_machines(machines, name, how):
    one, two = machines
    holder = Holder(one, how, name)
    holder.wait("held")
    assert attempt(two, how, name) == "denied"
    assert attempt(one, how, name) == "denied"
    released = holder.release()
    assert attempt(two, how, name) == "granted"
    print(f"{how}: free {time.time() - released:.2f} s after its release, the commands' own time included")


@pytest.mark.parametrize("how", HOWS)
def test_a_lock_that_is_waited_for_comes_at_once(machines, name, how):
    one, two = machines
    holder = Holder(one, how, name)
    holder.wait("held")
    waiter = Holder(two, how, name)
    time.sleep(1)
    assert waiter.said("held") is None
    released = holder.release()
    took = waiter.wait("held") - released
    print(f"{how}: granted {took * 1000:.0f} ms after the release")
    assert took < SOON_S
    waiter.release()


def test_a_killed_server_keeps_locks(server, machines, name):
    one, two = machines
    holder = Holder(one, "fcntl", name)
    holder.wait("held")
    for _ in range(2):
        server.restart()
        assert attempt(two, "fcntl", name) == "denied"
    waiter = Holder(two, "fcntl", name)
    time.sleep(1)
    released = holder.release()
    assert waiter.wait("held", timeout_s=60) - released < SOON_S
    waiter.release()


def test_a_paused_machine_keeps_its_locks(server, machines, name):
    one, two = machines
    holder = Holder(one, "fcntl", name)
    holder.wait("held")
    one.pause()
    try:
        for _ in range(2):
            server.restart()
            assert attempt(two, "fcntl", name) == "denied"
    finally:
        one.resume()
    assert attempt(one, "fcntl", name) == "denied"
    holder.release()
    assert attempt(two, "fcntl", name) == "granted"


def test_a_paused_machine_that_waits_holds_nobody_up(machines, name):
    one, two = machines
    holder = Holder(one, "fcntl", name)
    holder.wait("held")
    waiter = Holder(two, "fcntl", name)
    time.sleep(1)
    two.pause()
    try:
        released = holder.release()
        while attempt(one, "fcntl", name) == "denied":
            assert time.time() - released < CALLBACKS_S
            time.sleep(0.5)
    finally:
        two.resume()
    # It asks again by itself.
    waiter.wait("held", timeout_s=POLL_S + 30)
    waiter.release()


def test_the_locks_of_a_killed_machine_can_be_freed(server, filesystem, machines, name):
    lost = join(server, filesystem, "lost")
    try:
        known_as = lost.run("uname", "-n").stdout.strip()
        Holder(lost, "whole", name).wait("held")
    finally:
        lost.close()
    assert attempt(machines[0], "whole", name) == "denied"
    # A machine is named after the address that the server sees.
    free_all(server.nfs_port, known_as, known_as)
    assert attempt(machines[0], "whole", name) == "granted"


def test_two_machines_write_one_database(machines, name):
    place = f"{name}.sqlite"
    for machine in machines:
        machine.start_program("shared_database.py", f"{machine.place}/{place}", machine.name, ROWS,
                              log=f"/tmp/{place}.log")
    for machine in machines:
        machine.wait_for(f"[ -s /tmp/{place}.log ]", 180, "the writers end")
        assert machine.run("cat", f"/tmp/{place}.log").stdout == "done\n"
    for machine in machines:
        said = machine.run("sqlite3", f"{machine.place}/{place}",
                           "PRAGMA integrity_check; SELECT count(*), max(number), count(DISTINCT writer) FROM t")
        total = ROWS * MACHINES
        assert said.stdout.split("\n")[:2] == ["ok", f"{total}|{total}|{MACHINES}"]
