"""A power cut: the file system under the data directory goes down without writing anything more, and is mounted again.

The data lies on a file system in a file (loop), mounted where nobody else sees it. The ioctl that both ext4 and xfs
know as GOINGDOWN, with "no flush of the log", leaves on the device what had been written by then, and no cache of it.

The control run is the same with the synchronisation of write-ahead logs left out, which is what synchronous=NORMAL
leaves out of a commit. It must lose something.

These are cases 181 and 183 of the catalogue.
"""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import time

from house import House
from killing import wait
from ledger import Violation
from martlet import run as command
from shim import Shim
from wire import No

GOING_DOWN, NO_FLUSH = 0x8004587D, 2
MAKERS = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"]}
APART = "MARTLET_FAULTS_APART"
MEBIBYTES = 320
# For what comes about by itself; it measures nothing.
PATIENCE = 90
# On a disk that is gone, the memory that SQLite maps from it can end a program (SIGBUS); a backtrace of that would hold
# the disk for half a minute.
NO_BACKTRACE = {"SWIFT_BACKTRACE": "enable=no"}


def why_not():
    """Why there can be no power cuts here; None when there can."""
    if os.getuid() != 0:
        return "only root can mount"
    if not os.environ.get(APART):
        tried = subprocess.run(["unshare", "--mount", "true"], capture_output=True)
        if tried.returncode != 0:
            return f"no mount namespace: {tried.stderr.decode().strip()}"
    return None


class Disk:
    """A file with a file system, mounted; its power can be cut."""

    def __init__(self, kind, place, mebibytes=MEBIBYTES):
        self.image, self.mount_point = place / f"{kind}.img", place / "disk"
        self.mount_point.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(mebibytes << 20)
        command([*MAKERS[kind], self.image])
        self.mount()

    def mount(self):
        command(["mount", "-o", "loop", self.image, self.mount_point])

    def unmount(self):
        """Whoever has just been killed may hold it longer: a process ends when the last of its threads has, and one
        that waits for this disk does not hear of its end before the disk has answered.
        """
        end = time.monotonic() + PATIENCE
        while (done := subprocess.run(["umount", self.mount_point], capture_output=True)).returncode != 0:
            if time.monotonic() > end:
                raise OSError(f"{done.stderr.decode().strip()}; it is held by {list(self.holders())}")
            time.sleep(0.05)

    def holders(self):
        """(process, its name and state, a file) of whatever is open or mapped there."""
        everywhere = list(pathlib.Path("/proc").glob("[0-9]*"))
        for link in (link for what in ("fd/*", "cwd", "map_files/*") for own in everywhere for link in own.glob(what)):
            with contextlib.suppress(OSError):
                if os.readlink(link).startswith(str(self.mount_point)):
                    status = (pathlib.Path("/proc") / link.parts[2] / "stat").read_text().split()
                    yield link.parts[2], *status[1:3], os.readlink(link)

    def power_off(self):
        folder = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, GOING_DOWN, struct.pack("I", NO_FLUSH))
        finally:
            os.close(folder)

    def power_on(self):
        self.unmount()
        self.mount()


def cycle(house, disk, number, options, environment):
    server = house.server(env=environment)
    try:
        house.undecided += house.verify(server, whole=number % options.check == 0, is_dead=True)
        before = house.acknowledged()
        with house.work(server, refusable=True):
            wait(lambda: house.acknowledged() > before + 3 or server.process.poll() is not None)
            time.sleep(house.chance.random() * options.longest)
            house.ledger.is_powerless = True
            disk.power_off()
            time.sleep(house.chance.random() * 0.03)
            server.kill()
            house.people.kill()
        disk.power_on()
        house.ledger.is_powerless = False
        if house.chance.random() < 0.15:
            cut_while_recovering(house, disk, environment)
        house.ledger.hold()
    except BaseException:
        server.kill()
        house.people.kill()
        print(f"cut {number}; martletd said:\n{server.said()}")
        raise
    if number % options.check == options.check - 1:
        house.directory.check()
        house.purge()


def cut_while_recovering(house, disk, environment):
    """The power goes again while the server starts."""
    server = house.server(env=environment, wait=False)
    time.sleep(house.chance.random() * 0.12)
    disk.power_off()
    server.kill()
    disk.power_on()


def on(kind, options, place, shim=False):
    """Runs the cycles on one file system; gives the house."""
    place = place / kind
    place.mkdir()
    disk = Disk(kind, place)
    try:
        house = House(place, disk.mount_point / "data", options.seed, lanes=options.lanes)
        house.undecided, environment = 0, dict(NO_BACKTRACE)
        house.people.environment = NO_BACKTRACE
        command(["sync", "-f", disk.mount_point])
        if shim:
            control = Shim(place, disk.mount_point)
            control.set(skips_logs=1)
            environment |= control.environment
            house.people.environment = environment
        for number in range(options.cycles):
            cycle(house, disk, number, options, environment)
        server = house.server()
        house.undecided += house.verify(server, whole=True, is_dead=True)
        server.stop()
        house.directory.check()
        return house
    finally:
        disk.unmount()


def apart(options):
    """Runs the rig again in a mount namespace, where a mount is gone with the last process; gives its lines."""
    rig = "power" if options.rig_name == "control" else options.rig_name
    words = [rig, "--cycles", options.cycles, "--longest", options.longest, "--check", options.check,
             "--lanes", options.lanes, "--seed", options.seed, "--place", options.place, "--no-build"]
    words += ["--only", *options.only] if options.only else []
    words += ["--keep"] if options.keep else []
    words += ["--quick"] if options.quick else []
    done = subprocess.run(["unshare", "--mount", "--propagation", "private", sys.executable, sys.argv[0],
                           *map(str, words)], env={**os.environ, APART: options.rig_name}, stdout=subprocess.PIPE)
    lines = [re.sub(r" \(seed \d+; \d+ s\)$", "", line) for line in done.stdout.decode().splitlines()[:-1]]
    if done.returncode != 0:
        raise Violation("\n".join(lines))
    return "\n".join(lines)


def run(options, place, say):
    """A line for the report."""
    if reason := why_not():
        return f"power cuts: skipped, {reason}"
    if not os.environ.get(APART):
        return apart(options)
    kinds = [kind for kind in MAKERS if not options.only or kind in options.only]
    if os.environ[APART] == "control":
        return control(kinds[0], options, place, say)
    lines = []
    for kind in kinds:
        if not shutil.which(MAKERS[kind][0]):
            lines.append(f"power cuts on {kind}: skipped, there is no {MAKERS[kind][0]}")
            continue
        began = time.monotonic()
        house = on(kind, options, place)
        lines.append(f"power cuts on {kind}: {options.cycles} in {time.monotonic() - began:.0f} s, {house.summary()}; "
                     f"of those unanswered {house.undecided} were done; nothing lost")
        say(lines[-1])
    return "\n".join(lines)


def control(kind, options, place, say):
    try:
        on(kind, options, place, shim=True)
    except (Violation, No) as found:
        # No: the server itself has seen that a database ends before what it noted, and does not open it.
        first = str(found).splitlines()[0]
        return f"control of the power cuts: it lost something, as it must: {first[:160]}"
    raise Violation(f"{options.cycles} power cuts without synchronised logs lost nothing: the rig is blind")
