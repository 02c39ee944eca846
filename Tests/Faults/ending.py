"""How the server ends and begins: SIGTERM under load drains in time and loses nothing; after kill -9 of a server with a
large mailbox the first SELECT is answered soon. These are cases 190 and 195 of the catalogue.
"""

import contextlib
import signal
import subprocess
import threading
import time

from credentials import app_password
from house import House
from ledger import Violation
from load import fill
from martlet import DataDirectory, Server, USER
from wire import IMAP

DRAINED, SELECTED = 10, 2
LARGE, QUICK_LARGE = 200_000, 20_000
TRIES = 5


def ended(house, server, how, signals=(signal.SIGTERM,)):
    """Sends a server under load the signals that end it. Gives the seconds that it took until it had ended well."""
    house.people.kill()
    began = time.monotonic()
    for one in signals:
        with contextlib.suppress(ProcessLookupError):
            server.process.send_signal(one)
    try:
        status = server.process.wait(DRAINED)
    except subprocess.TimeoutExpired:
        raise Violation(f"{how}: it did not end within {DRAINED} s\n{server.said()}") from None
    if status != 0:
        raise Violation(f"{how}: it ended with {status}\n{server.said()}")
    return time.monotonic() - began


def drain(house, options):
    """Gives the seconds from SIGTERM to the end."""
    server = house.server()
    try:
        house.undecided += house.verify(server)
        with house.work(server):
            time.sleep(0.1 + house.chance.random() * options.longest)
            took = ended(house, server, "SIGTERM")
        house.ledger.hold()
        return took
    finally:
        server.kill()


def run(options, place, say):
    house = House(place, place / "data", options.seed, lanes=options.lanes)
    house.undecided = 0
    times = [drain(house, options) for _ in range(options.cycles)]
    server = house.server()
    house.verify(server, whole=True)
    server.stop()
    house.directory.check()
    say(f"SIGTERM: slowest {max(times):.2f} s")
    count = QUICK_LARGE if options.quick else LARGE
    starts = restart(place / "large", count, say)
    lines = [f"SIGTERM: {options.cycles} under load, {house.summary()}; slowest {max(times):.2f} s; nothing lost",
             f"restart: {count} messages, {len(starts)} times kill -9 to the first SELECT: "
             + ", ".join(f"{seconds:.2f}" for seconds in starts) + " s"]
    if min(starts) > SELECTED:
        raise Violation("\n".join(lines) + f": never within {SELECTED} s")
    return "\n".join(lines)


def restart(path, count, say):
    """Kills the server while it changes a large mailbox. Gives the seconds from each new start to its first SELECT."""
    directory = DataDirectory.made(path)
    secret = app_password(directory, USER)[1]
    server = Server(directory)
    fill(server.imap, "large", count)
    say(f"{count} messages are there")
    times = []
    for _ in range(TRIES):
        busy = threading.Thread(target=change, args=(server, secret))
        busy.start()
        time.sleep(0.5)
        server.kill()
        busy.join(60)
        began = time.monotonic()
        server = Server(directory)
        with IMAP(server.imap) as client:
            client.login(USER, secret)
            client.command("SELECT large")
        times.append(time.monotonic() - began)
    server.stop()
    directory.check()
    return times


def change(server, secret):
    """Leaves as much in the write-ahead log as there can be."""
    try:
        with IMAP(server.imap) as client:
            client.login(USER, secret)
            client.command("SELECT large")
            while True:
                client.command("STORE 1:20000 +FLAGS.SILENT (\\Flagged)")
                client.command("STORE 1:20000 -FLAGS.SILENT (\\Flagged)")
    except (OSError, EOFError):
        pass
