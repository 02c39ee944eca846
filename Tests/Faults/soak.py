"""A day's work in less: clients at half load for hours, and nothing of the server's grows.

They append, deliver, copy, flag, expunge, search, idle, log in and out, and rest as long as each thing took; what was
expunged is purged every half minute, as it is each day. Once a second the server's descriptors, memory, threads, logs
of its databases and temporary files are noted. After the warm-up the first eighth of the rest is held against the last,
by medians. This is case 198 of the catalogue.
"""

import contextlib
import pathlib
import statistics
import threading
import time

from house import MAIL, House
from lanes import GONE, Lane
from ledger import Violation
from martlet import PASSWORD
from wire import IMAP, No

WARM_UP = 3_600
PURGED_EACH = 30
IDLERS, SEARCHERS = 4, 2
LOG_BOUND = 256 << 20
# By how much the median of the last eighth may be above, or for descriptors and threads beside, that of the first. A
# short run's memory is still that of its warm-up.
GROWTH, SHORT_GROWTH, SHORT = 0.05, 0.25, 600
FEW = 5


class Half(Lane):
    """At half load."""

    def open(self, server):
        self.server = server
        super().open(server)

    def step(self):
        began = time.monotonic()
        super().step()
        time.sleep(min(1, time.monotonic() - began))
        if self.chance.random() < 0.01:
            self.open(self.server)


def idle(house, server, number, stop):
    """Hears of what others do, and asks again now and then."""
    user = MAIL[number % len(MAIL)]
    with IMAP(server.imap) as session:
        session.login(user, house.secrets[user])
        while not stop.is_set():
            session.command("SELECT", "INBOX" if number % 3 else "Shared")
            session.idle()
            session.socket.settimeout(1)
            end = time.monotonic() + 10
            while time.monotonic() < end and not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    session.line()
            session.socket.settimeout(60)
            session.done()


def search(house, server, number, stop):
    """Reads and searches, as often as it takes time."""
    user = MAIL[number % len(MAIL)]
    while not stop.is_set():
        with IMAP(server.imaps, tls=server.certificate) as session:
            session.login(user, house.secrets[user] if number else PASSWORD)
            for _ in range(20):
                began = time.monotonic()
                session.command("SELECT INBOX")
                for command in ("SEARCH BODY sixty-four", "SEARCH FROM sender", "SORT (SUBJECT) UTF-8 ALL"):
                    session.command(command)
                # A message may have been expunged by another in between.
                session.attempt("FETCH 1:* (UID FLAGS ENVELOPE BODYSTRUCTURE)")
                stop.wait(min(5, time.monotonic() - began))
                if stop.is_set():
                    break


def sample(server, data):
    """What the server holds now."""
    process = pathlib.Path("/proc") / str(server.pid)
    return {"descriptors": len(list((process / "fd").iterdir())), "memory": server.memory() << 10,
            "threads": server.memory("Threads"),
            "logs": sum(path.stat().st_size for path in data.rglob("*-wal")),
            "temporary files": len(list((data / "tmp").iterdir()))}


def watched(work, house):
    """A thread's work; what ends it is told."""
    def run(*arguments):
        try:
            work(house, *arguments)
        except (No, AssertionError, *GONE) as problem:
            house.ledger.broken(f"{work.__name__}: {problem!r}")
    return run


def run(options, place, say):
    seconds = (options.hours or (1 / 60 if options.quick else 24)) * 3_600
    house = House(place, place / "data", options.seed, lanes=options.lanes, kind=Half)
    server, samples, stop = house.server(), [], threading.Event()
    others = [threading.Thread(target=watched(work, house), args=(server, number, stop), daemon=True)
              for work, count in ((idle, IDLERS), (search, SEARCHERS)) for number in range(count)]
    try:
        with house.work(server):
            for other in others:
                other.start()
            began = time.monotonic()
            told, purged = began, began
            while (now := time.monotonic()) < began + seconds and not house.ledger.problems:
                samples.append(sample(server, house.directory.path))
                if now > purged + PURGED_EACH:
                    house.purge()
                    purged = now
                if now > told + min(600, seconds / 6):
                    told = now
                    say(f"{shown(samples[-60:])}; {house.summary()}")
                time.sleep(1)
            stop.set()
            for other in others:
                other.join(90)
        house.ledger.hold()
        house.verify(server, whole=True)
        server.stop()
    except BaseException:
        stop.set()
        server.kill()
        raise
    house.directory.check()
    return f"soak: {seconds / 3_600:.2f} hours, {house.summary()}; {judged(samples, seconds)}; nothing lost"


def medians(samples):
    return {name: statistics.median(one[name] for one in samples) for name in samples[0]}


def shown(samples):
    found = medians(samples)
    return (f"{found['descriptors']:.0f} descriptors, {found['memory'] / (1 << 20):.1f} MiB, {found['threads']:.0f} "
            f"threads, {found['logs'] / (1 << 20):.1f} MiB of logs")


def judged(samples, seconds):
    """In words, how much there was of everything at first and at last; raises when it has grown."""
    rest = samples[int(len(samples) * min(WARM_UP / seconds, 0.25)):]
    if len(rest) < 16:
        raise Violation(f"only {len(rest)} samples after the warm-up: too short a run")
    eighth = len(rest) // 8
    first, last = medians(rest[:eighth]), medians(rest[-eighth:])
    most = max(one["logs"] for one in samples)
    said = (f"{shown(rest[:eighth])} at first, {shown(rest[-eighth:])} at last, never more than "
            f"{most / (1 << 20):.1f} MiB of logs")
    growth = SHORT_GROWTH if seconds < SHORT else GROWTH
    grown = [name for name in ("descriptors", "threads", "temporary files") if abs(last[name] - first[name]) > FEW]
    grown += ["memory"] if last["memory"] > first["memory"] * (1 + growth) else []
    grown += ["logs"] if most > LOG_BOUND else []
    if grown:
        raise Violation(f"{', '.join(grown)}: {said}")
    return said
