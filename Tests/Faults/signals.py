"""Signals that come twice, in storms, and a process that is stopped for a minute; and somebody who holds a database.

Under load: SIGHUP by the hundred among signals that mean nothing, SIGSTOP and SIGCONT, SIGTERM again and again while
the server takes leave. No session ends before its time, nothing acknowledged is lost, the server ends with 0.

These are cases 191, 87 and 173 of the catalogue.

A stop of five seconds shows what one of a minute does, except for what ends by a timer of less than a minute: only
connections without a login have one. So the short form stops for five seconds, the whole one for a minute.
"""

import contextlib
import fcntl
import signal
import sqlite3
import time

from ending import ended
from house import MAIL, House
from killing import wait
from ledger import Violation
from wire import IMAP

HARMLESS = (signal.SIGHUP, signal.SIGHUP, signal.SIGPIPE, signal.SIGCONT, signal.SIGWINCH, signal.SIGURG,
            signal.SIGCHLD)
STORM = 500
PAUSE, QUICK_PAUSE = 60, 5
# Longer than anybody waits for a lock (DatabaseFile.patience).
HELD, QUICK_HELD = 60, 14
HEALTHY = 5


@contextlib.contextmanager
def working(house, what, *, refusable=False, **options):
    """A server under load, which is there at the end of the block with all of its sessions."""
    server = house.server(**options)
    try:
        house.undecided += house.verify(server)
        gone = house.ledger.counts["gone"]
        with house.work(server, refusable=refusable):
            progress(house, server, what)
            yield server
            progress(house, server, what)
        if server.process.poll() is not None:
            raise Violation(f"{what}: martletd ended with {server.process.returncode}\n{server.said()}")
        if house.ledger.counts["gone"] > gone:
            raise Violation(f"{what}: {house.ledger.counts['gone'] - gone} sessions ended\n{server.said()}")
        house.ledger.hold()
        house.undecided += house.verify(server)
        server.stop()
    except BaseException:
        house.people.kill()
        server.kill()
        print(f"{what}; martletd said:\n{server.said()}")
        raise


def progress(house, server, what):
    """Some more work is done."""
    before = house.acknowledged()
    wait(lambda: house.acknowledged() > before + len(house.lanes) or server.process.poll() is not None)
    if house.acknowledged() == before:
        raise Violation(f"{what}: no work is done any more\n{server.said()}")


def storm(house, options):
    """SIGHUP and what means nothing, as fast as they can be sent; the last of them is heeded."""
    with working(house, "a storm of signals") as server:
        for _ in range(STORM):
            server.process.send_signal(house.chance.choice(HARMLESS))
        server.logged("the configuration was reloaded")
        count = len([line for line in server.log if "the configuration was reloaded" in line])
        server.reload()
        server.logged("the configuration was reloaded", count=count + 1)
    return f"{STORM} signals at once: {count} reloads"


def pause(house, options):
    """SIGSTOP: who waits is answered afterwards, also who came meanwhile."""
    seconds = QUICK_PAUSE if options.quick else PAUSE
    with working(house, "a stopped process") as server:
        with IMAP(server.imap) as session:
            session.login(MAIL[0], house.secrets[MAIL[0]])
            server.process.send_signal(signal.SIGSTOP)
            try:
                session.send(b"early NOOP\r\n")
                with IMAP(server.imap, greet=False) as newcomer:
                    time.sleep(seconds)
                    server.process.send_signal(signal.SIGCONT)
                    if not newcomer.line().startswith(b"* OK"):
                        raise Violation("who came while the server was stopped is not greeted")
            finally:
                server.process.send_signal(signal.SIGCONT)
            if not session.line().startswith(b"early OK"):
                raise Violation("what was asked while the server was stopped is not answered")
    return f"stopped for {seconds} s"


def farewell(house, how, number):
    """SIGTERM under load, and more while the server takes leave. Gives the seconds that it took."""
    server = house.server(supervise="always" if number % 2 else "never")
    try:
        house.undecided += house.verify(server)
        with house.work(server):
            progress(house, server, how)
            took = ended(house, server, how, FAREWELLS[how])
        house.ledger.hold()
        return took
    finally:
        house.people.kill()
        server.kill()


FAREWELLS = {
    "SIGTERM twice": [signal.SIGTERM] * 2,
    "SIGTERM and SIGINT fifty times": [signal.SIGTERM, signal.SIGINT] * 25,
    "SIGHUP by the hundred around SIGTERM": [signal.SIGHUP] * 100 + [signal.SIGTERM] + [signal.SIGHUP] * 100,
    "SIGTERM while it is stopped": [signal.SIGSTOP, signal.SIGTERM, signal.SIGHUP, signal.SIGCONT],
}


def held(house, options, what, holding):
    """Somebody writes to a database and does not end: what must write is refused in time, reading goes on, and every
    session is there afterwards."""
    seconds = QUICK_HELD if options.quick else HELD
    with working(house, what, refusable=True) as server:
        refused, user = house.ledger.counts["refused"], MAIL[0]
        with IMAP(server.imap) as session:
            session.login(user, house.secrets[user])
            session.command("SELECT Shared")
            with contextlib.closing(holding(house.directory.path / "accounts" / "1.db")):
                began, slowest = time.monotonic(), 0
                while (now := time.monotonic()) < began + seconds or (
                        house.ledger.counts["refused"] == refused and now < began + 2 * PAUSE):
                    asked = time.monotonic()
                    session.command("NOOP")
                    session.command("STATUS INBOX (MESSAGES)")
                    session.attempt("UID FETCH 1:* (FLAGS BODY.PEEK[])")
                    slowest = max(slowest, time.monotonic() - asked)
                    time.sleep(0.05)
        if house.ledger.counts["refused"] == refused:
            raise Violation(f"{what}: in {2 * PAUSE} s nothing that must write was refused")
        if slowest > HEALTHY:
            raise Violation(f"{what}: reading took {slowest:.1f} s")
        began = time.monotonic()
        progress(house, server, f"after {what}")
        took = time.monotonic() - began
    return (f"{what} for {seconds} s: {house.ledger.counts['refused'] - refused} refusals, reads within "
            f"{slowest:.2f} s, work again within {took:.2f} s")


def transaction(path):
    """A connection of another program that has begun to write to a database; it waits for its turn."""
    file = sqlite3.connect(path, timeout=60, isolation_level=None)
    file.execute("BEGIN IMMEDIATE")
    return file


def lock(path):
    """The lock that Martlet's own programs take before they write, as one has it that was stopped there (Ctrl-Z)."""
    file = open(f"{path}.lock", "rb")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


HOLDS = {"a held database": transaction, "a held lock": lock}


def run(options, place, say):
    house = House(place, place / "data", options.seed, lanes=options.lanes)
    house.undecided = 0
    for lane in house.lanes:
        lane.patience = 3 * PAUSE
    lines = [storm(house, options), pause(house, options)]
    say("; ".join(lines))
    times = [farewell(house, how, number) for number in range(options.cycles) for how in FAREWELLS]
    lines.append(f"{len(times)} endings by several signals, the slowest after {max(times):.2f} s")
    say(lines[-1])
    lines += [held(house, options, what, holding) for what, holding in HOLDS.items()]
    server = house.server()
    house.undecided += house.verify(server, whole=True)
    server.stop()
    house.directory.check()
    return f"signals: {'; '.join(lines)}; {house.summary()}; nothing lost"
