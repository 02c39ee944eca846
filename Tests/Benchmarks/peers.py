"""The servers that are measured, each with a private data directory and free loopback ports, and what they consume."""

import os
import pathlib
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "EndToEnd"))

import cyrus  # noqa: E402
from dovecot import Dovecot  # noqa: E402
from martlet import DOMAIN, PASSWORD, DataDirectory, Server  # noqa: E402

USERS = [f"{name}@{DOMAIN}" for name in ("reader", "appender", "receiver", *(f"receiver{n}" for n in range(9)))]
TICKS = os.sysconf("SC_CLK_TCK")


class Peer:
    """One server under its name in the table. `server` has the ports, the certificate and the process id."""

    name = title = ""

    def __init__(self, place):
        self.place = pathlib.Path(place)

    @staticmethod
    def unchanging(_path):
        """Whether the server writes this file once and never again (then a copy of its directory may share it)."""
        return False

    def stop(self):
        self.server.stop()

    def login(self, user):
        """The name that the user logs in with."""
        return user

    def forget(self):
        """Drops what the server has learned about messages by being asked, where it learns."""

    def settle(self):
        """Returns when the server has nothing left to do in the background."""

    def disk(self):
        """Bytes that the server's files take on the disk."""
        return sum(file.lstat().st_blocks * 512 for file in self.place.rglob("*"))

    def processes(self):
        """The server's process ids, the first one first."""
        children, found = {}, [self.server.pid]
        for pid in filter(str.isdigit, os.listdir("/proc")):
            fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
            if fields:
                children.setdefault(int(fields[1]), []).append(int(pid))
        for pid in found:
            found += children.get(pid, [])
        return found

    def memory(self):
        """KiB resident in all its processes; pages that they share count once (PSS)."""
        return sum(int(line.split()[1]) for pid in self.processes()
                   for line in read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith("Pss:"))

    def cpu_seconds(self):
        """Processor time so far, of processes that ended too (the first one has waited for them)."""
        ticks = 0
        for place, pid in enumerate(self.processes()):
            fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15 if place == 0 else 13])
        return ticks / TICKS


class Martlet(Peer):
    name, title = "martlet", "Martlet"
    durability = "synchronous=FULL"
    # Thousands of sessions of one account are measured, which are some more than people have.
    limits = {"MARTLET_LIMITS_IMAP_CONNECTIONS_PER_ACCOUNT": "1000000"}

    def __init__(self, place):
        super().__init__(place)
        is_there = self.place.exists()
        self.directory = DataDirectory(self.place) if is_there else DataDirectory.made(self.place, users=USERS)
        self.server = Server(self.directory, env=self.limits)

    def restart(self):
        """The same data, a fresh process."""
        server = self.server
        server.stop()
        self.server = Server(self.directory, ports=(server.imap, server.imaps, server.lmtp), env=self.limits)

    def settle(self):
        """Until the search index has every message."""
        for _ in range(3600):
            if all(state["indexed"] == state["messages"] for state in self.directory.json("search-index", "status")):
                return
            time.sleep(1)
        raise RuntimeError("the search index was not up to date within an hour")

    @staticmethod
    def version():
        head = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty", "--exclude=*"],
                              capture_output=True, text=True, check=False)
        return f"Martlet {head.stdout.strip()}"


class DovecotPeer(Peer):
    durability = "mail_fsync=optimized, its default"

    def __init__(self, place):
        super().__init__(place)
        self.server = Dovecot(self.place, layout=self.layout)

    @staticmethod
    def unchanging(path):
        """Messages of maildir and sdbox; mdbox appends to its files."""
        return path.parent.name in ("cur", "new") or path.parent.name == "dbox-Mails" and path.name.startswith("u.")

    def restart(self):
        self.server.stop()
        self.server.start()

    def forget(self):
        for path in (self.place / "mail").rglob("dovecot.index.cache"):
            path.unlink()

    @staticmethod
    def version():
        return "Dovecot " + subprocess.run(["/usr/sbin/dovecot", "--version"], capture_output=True, text=True,
                                           check=True).stdout.split()[0]


class CyrusPeer(Peer):
    name, title = "cyrus", "Cyrus"
    durability = "its defaults"

    def __init__(self, place):
        super().__init__(place)
        self.server = cyrus.Cyrus(self.place, users=USERS)

    @staticmethod
    def unchanging(path):
        return path.name.endswith(".") and path.name[:-1].isdigit()

    def login(self, user):
        return user.split("@")[0]

    def restart(self):
        self.server.stop()
        self.server.start()

    @staticmethod
    def version():
        done = subprocess.run([cyrus.PROGRAMS / "master", "-V"], capture_output=True, text=True, check=False,
                              env={**os.environ, "LD_LIBRARY_PATH": cyrus.LIBRARIES})
        return "Cyrus " + " ".join(done.stdout.split()).replace("cyrus-master", "").replace("Cyrus IMAP", "").strip()


def dovecot_kind(layout):
    return type(f"Dovecot_{layout}", (DovecotPeer,),
                {"layout": layout, "name": f"dovecot-{layout}", "title": f"Dovecot {layout}"})


KINDS = {kind.name: kind for kind in [Martlet, *map(dovecot_kind, ("maildir", "sdbox", "mdbox")), CyrusPeer]}


def read(path):
    """A file of /proc; nothing when its process has just ended."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Meter:
    """What a server consumes during a block: `cpu` seconds, and the `peak` of its memory in KiB, looked at five times
    a second."""

    def __init__(self, peer):
        self.peer, self.peak = peer, 0
        self._over = threading.Event()

    def _watch(self):
        while True:
            self.peak = max(self.peak, self.peer.memory())
            if self._over.wait(0.2):
                return

    def __enter__(self):
        self._before = self.peer.cpu_seconds()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._watcher.join()
        self.peak = max(self.peak, self.peer.memory())
        time.sleep(0.02)  # a process of Dovecot's that just ended is waited for by its master
        self.cpu = self.peer.cpu_seconds() - self._before
