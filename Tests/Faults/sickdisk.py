"""A disk that is full, and one that turns read-only, under load: what cannot be stored is refused, mail can still be
read, nothing that was acknowledged is lost, and once the disk is well the server works on by itself.

These are cases 184 and 186 of the catalogue.
"""

import os
import subprocess
import time

from house import MAIL, House
from killing import wait
from ledger import Ledger, Violation
from look import Seen, look
from powercut import APART, NO_BACKTRACE, Disk, apart, why_not
from wire import No

HEALTHY = 5
MEBIBYTES = 48
DATA = 1 << 20


def fill_up(disk):
    """Leaves no room."""
    with open(disk.mount_point / "ballast", "ab", buffering=0) as file:
        size = DATA
        while size >= 512:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


def readable(house, server, what):
    """Everything can still be read, by new connections; what is there is looked at when the fault is over."""
    ledger = Ledger(os.devnull)
    ledger.digests = house.ledger.digests
    for user in MAIL:
        try:
            look(server.imap, user, house.secrets[user], ledger, Seen())
        except (AssertionError, No) as problem:
            raise Violation(f"{what}: the mail of {user} cannot be read: {problem}\n{server.said()}") from None
    ledger.hold()


def healthy(house, server, what):
    """Each lane can work again."""
    began = time.monotonic()
    before = house.acknowledged()
    with house.work(server, people=False, refusable=True):
        wait(lambda: house.acknowledged() > before + len(house.lanes), seconds=HEALTHY)
    if house.acknowledged() == before:
        raise Violation(f"{what}: nothing was done {HEALTHY} s after the fault\n{server.said()}")
    return time.monotonic() - began


def full(house, disk, options):
    """A disk without room, then with room again; the server lives through all of it."""
    server = house.server(env=NO_BACKTRACE)
    try:
        house.undecided += house.verify(server)
        refused = house.ledger.counts["refused"]
        with house.work(server, refusable=True):
            time.sleep(0.1)
            fill_up(disk)
            wait(lambda: house.ledger.counts["refused"] > refused, seconds=10)
            time.sleep(house.chance.random() * options.longest)
        if server.process.poll() is not None:
            raise Violation(f"full disk: martletd ended with {server.process.returncode}\n{server.said()}")
        readable(house, server, "full disk")
        (disk.mount_point / "ballast").unlink()
        took = healthy(house, server, "full disk")
        house.undecided += house.verify(server)
        server.kill()
        return took
    except BaseException:
        server.kill()
        raise
    finally:
        (disk.mount_point / "ballast").unlink(missing_ok=True)


def read_only(house, disk, options):
    """ext4 gives up writing, as after an error of the device, until it is mounted anew."""
    server = house.server(env=NO_BACKTRACE)
    try:
        house.undecided += house.verify(server)
        before = house.acknowledged()
        with house.work(server, refusable=True):
            wait(lambda: house.acknowledged() > before + 3)
            time.sleep(house.chance.random() * options.longest)
            subprocess.run(["mount", "-o", "remount,abort", disk.mount_point], capture_output=True)
            time.sleep(0.2)
        if server.process.poll() is not None:
            raise Violation(f"read-only: martletd ended with {server.process.returncode}\n{server.said()}")
        readable(house, server, "read-only")
    finally:
        server.kill()
    disk.power_on()
    server = house.server(env=NO_BACKTRACE)
    house.undecided += house.verify(server, is_dead=True)
    server.stop()


def run(options, place, say):
    if reason := why_not():
        return f"sick disk: skipped, {reason}"
    if not os.environ.get(APART):
        return apart(options)
    disk = Disk("ext4", place, MEBIBYTES)
    try:
        house = House(place, disk.mount_point / "data", options.seed, lanes=options.lanes)
        house.undecided, house.people.environment = 0, NO_BACKTRACE
        times = [full(house, disk, options) for _ in range(options.cycles)]
        say(f"full: {house.summary()}")
        for _ in range(options.cycles):
            read_only(house, disk, options)
        house.directory.check()
        return (f"sick disk: {options.cycles} times full and {options.cycles} times read-only, {house.summary()}; well "
                f"again within {max(times):.2f} s; nothing lost")
    finally:
        disk.unmount()
