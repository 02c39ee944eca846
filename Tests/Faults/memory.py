"""256 MiB of memory for all that a server may be asked at once: it refuses work, and is not killed.

A memory cgroup holds martletd to the bound, what the system keeps of its files included. Then come, at once: two
thousand connections that do not log in, a hundred sessions in IDLE, twenty that ask for everything and read nothing,
large messages of which the last part does not come, wrong passwords without end, heavy searches; and the lanes work on.
While it lasts somebody can log in, and when it is over all is as before. This is case 193 of the catalogue.
"""

import contextlib
import os
import pathlib
import resource
import socket
import subprocess
import sys
import time

from house import MAIL, PERSON, House
from killing import wait
from ledger import Violation
from load import fill
from martlet import PASSWORD, USER, wait_for
from wire import IMAP, No

CONTROL = pathlib.Path("/sys/fs/cgroup/memory")
BOUND = 256 << 20
STRANGERS, IDLERS, DEAF, HALF, SEARCHERS = 2_000, 100, 20, 20, 4
MESSAGES, QUICK_MESSAGES = 20_000, 5_000
SECONDS, QUICK_SECONDS = 60, 15
LARGE = 20 << 20


class Bound:
    """A memory cgroup (version 1) that a program is started in."""

    def __init__(self):
        self.path = CONTROL / f"martlet-{os.getpid()}"
        self.path.mkdir()
        (self.path / "memory.limit_in_bytes").write_text(str(BOUND))
        self.prefix = ("sh", "-c", f'echo $$ >"{self.path}/cgroup.procs" && exec "$@"', "sh")

    def read(self, name):
        return (self.path / f"memory.{name}").read_text()

    def kills(self):
        """How often the kernel has killed for want of memory."""
        return sum(int(line.split()[1]) for line in self.read("oom_control").splitlines()
                   if line.startswith("oom_kill "))

    def end(self):
        wait_for(lambda: not (self.path / "cgroup.procs").read_text(), what="the end of who is in the cgroup")
        self.path.rmdir()


def why_not():
    """Why there can be no bound here; None when there can."""
    if os.getuid() != 0:
        return "only root can make a cgroup"
    if not (CONTROL / "memory.limit_in_bytes").exists():
        return "there is no memory cgroup of version 1"
    return None


class Crowd:
    """All who are there at once."""

    def __init__(self, house, server):
        self.house, self.server = house, server
        self.sockets, self.sessions, self.flood = [], [], None

    def gather(self):
        for number in range(STRANGERS):
            self.sockets.append(self.stranger(self.server.imaps if number % 4 == 0 else self.server.imap))
        for number in range(IDLERS):
            session = self.session(MAIL[number % len(MAIL)])
            session.command("SELECT INBOX")
            session.idle()
        for number in range(DEAF):
            session = self.session(USER)
            session.command("SELECT large")
            session.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                session.socket.send(b"deaf FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[])\r\n" * 50)
        for number in range(HALF):
            session = self.session(USER)
            session.socket.settimeout(5)
            with contextlib.suppress(OSError):
                session.send(b"half APPEND INBOX {%d+}\r\nSubject: half\r\n\r\n" % LARGE + b"x" * (LARGE - 100))
        for number in range(SEARCHERS):
            session = self.session(USER)
            session.command("SELECT large")
            session.send(b"".join(b"search%d SEARCH BODY q%dx OR TEXT zz TEXT yy\r\n" % (n, n) for n in range(50)))
        program = pathlib.Path(__file__).resolve().parents[1] / "EndToEnd" / "flood.py"
        self.flood = subprocess.Popen([sys.executable, program, str(self.server.imap), "64"], stdin=subprocess.PIPE,
                                      stdout=subprocess.DEVNULL)

    def stranger(self, port):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        return one

    def session(self, user):
        session = IMAP(self.server.imap, timeout=120)
        session.login(user, self.house.secrets[user])
        self.sessions.append(session)
        return session

    def leave(self):
        if self.flood:
            self.flood.kill()
            self.flood.wait()
        for one in self.sockets:
            one.close()
        for session in self.sessions:
            session.close()


def login_takes(server):
    """Seconds for somebody who has a password."""
    began = time.monotonic()
    with IMAP(server.imap, timeout=120) as session:
        session.login(PERSON, PASSWORD)
        session.command("SELECT INBOX")
    return time.monotonic() - began


def run(options, place, say):
    if reason := why_not():
        return f"memory: skipped, {reason}"
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    house = House(place, place / "data", options.seed, lanes=options.lanes)
    house.undecided = 0
    with contextlib.closing(Server(house)) as filling:
        fill(filling.server.imap, "large", QUICK_MESSAGES if options.quick else MESSAGES)
    bound = Bound()
    server = house.server(prefix=bound.prefix)
    crowd, logins = Crowd(house, server), []
    try:
        with house.work(server, people=False, refusable=True):
            crowd.gather()
            say(f"all are there; {int(bound.read('usage_in_bytes')) >> 20} MiB of {BOUND >> 20}")
            end = time.monotonic() + (QUICK_SECONDS if options.quick else SECONDS)
            while time.monotonic() < end and server.process.poll() is None:
                with contextlib.suppress(No):
                    logins.append(login_takes(server))
            crowd.leave()
        before = house.acknowledged()
        with house.work(server, people=False):
            wait(lambda: house.acknowledged() > before or server.process.poll() is not None)
        peak = int(bound.read("max_usage_in_bytes")) >> 20
        if bound.kills() or server.process.poll() is not None:
            raise Violation(f"killed {bound.kills()} times for want of memory: {server.process.poll()}\n"
                            f"{server.said()}")
        if not logins or house.acknowledged() == before:
            raise Violation(f"{len(logins)} logins meanwhile, {house.acknowledged() - before} operations after it; "
                            f"{house.ledger.counts['gone']} lanes were cut off; {house.ledger.problems}")
        house.ledger.hold()
        server.stop()
    except BaseException:
        print(f"martletd said:\n{server.said()}")
        raise
    finally:
        crowd.leave()
        server.kill()
        bound.end()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    house.directory.check()
    return (f"memory: {STRANGERS + IDLERS + DEAF + HALF + SEARCHERS} connections in {BOUND >> 20} MiB, {peak} MiB at "
            f"the most with the files that the system kept; {len(logins)} logins, the slowest in {max(logins):.2f} s; "
            f"{house.summary()}")


class Server:
    """One that is stopped, not killed, when it is closed."""

    def __init__(self, house):
        self.server = house.server()

    def close(self):
        self.server.stop()
