"""martletd with few and many accounts: what one login, SELECT and delivery take, and what memory goes to."""

import contextlib
import random
import shutil
import sqlite3
import statistics
import time

from peers import PASSWORD, Martlet
from rows import hold, settled
from martlet import DOMAIN, DataDirectory, Server  # of Tests/EndToEnd, where `peers` looks too
from wire import IMAP, LMTP

VISITS = 200


class Crowd(Martlet):
    """A server with so many accounts, each like the first one."""

    def __init__(self, place, count):
        self.place, self.users = place, [f"user{number}@{DOMAIN}" for number in range(count)]
        self.directory = DataDirectory.made(place, users=self.users[:1])
        multiply(place, count)
        began = time.monotonic()
        self.server = Server(self.directory)
        self.start = time.monotonic() - began


def multiply(place, count):
    """The one account's rows and file again under other names. Passwords are not hashed anew: that takes an hour."""
    with contextlib.closing(sqlite3.connect(place / "directory.db")) as db, db:
        first, = db.execute("SELECT id FROM account").fetchone()
        for number in range(1, count):
            account = again(db, "account", {"id": None}, f"id = {first}")
            address = again(db, "address", {"id": None, "text": f"user{number}@{DOMAIN}",
                                            "key": f"user{number}@{DOMAIN}"}, "kind = 'account' LIMIT 1")
            db.execute("INSERT INTO address_target (address_id, account_id) VALUES (?, ?)", (address, account))
            again(db, "credential", {"id": None, "account_id": account}, f"account_id = {first}")
            shutil.copy(place / "accounts" / f"{first}.db", place / "accounts" / f"{account}.db")


def again(db, table, changes, where):
    """A row once more, with some columns changed; gives its id."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    chosen = ", ".join("?" if column in changes else column for column in columns)
    return db.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} WHERE {where}",
                      [changes[column] for column in columns if column in changes]).lastrowid


def visit(peer, user):
    """Seconds that LOGIN and that SELECT took."""
    with IMAP(peer.server.imap) as client:
        began = time.perf_counter()
        client.login(user, PASSWORD)
        between = time.perf_counter()
        client.command("SELECT INBOX")
        return between - began, time.perf_counter() - between


def deliver(peer, user):
    message = b"From: sender@example.net\r\nSubject: growth\r\n\r\n" + b"line of text, thirty-two bytes.\r\n" * 60
    with LMTP(peer.server.lmtp) as client:
        began = time.perf_counter()
        assert client.deliver(message, user)[0][0] == 250
        return time.perf_counter() - began


def measure(place, counts, seed, say):
    """{title: {accounts: figure}}: milliseconds, and then KiB."""
    times, memory = {}, {}
    for count in counts:
        peer = Crowd(place / f"accounts-{count}", count)
        try:
            say(f"{count:,} accounts are there")
            others = random.Random(seed).choices(peer.users, k=VISITS)
            times.setdefault("start of the server", {})[count] = peer.start * 1000
            rest = settled(peer)
            memory.setdefault("at rest", {})[count] = rest
            visit(peer, peer.users[0])
            once = settled(peer)
            for title, users in (("the same account", peer.users[:1] * VISITS), ("an account by chance", others)):
                found = list(zip(*(visit(peer, user) for user in users)))
                times.setdefault(f"LOGIN, {title}", {})[count] = statistics.median(found[0]) * 1000
                times.setdefault(f"SELECT of INBOX, {title}", {})[count] = statistics.median(found[1]) * 1000
                times.setdefault(f"LMTP delivery, {title}", {})[count] = statistics.median(
                    deliver(peer, user) for user in users) * 1000
            visited = len(set(others))
            memory.setdefault(f"after {VISITS} visits and deliveries, and nobody connected", {})[count] = settled(peer)
            memory.setdefault("of that, for each account that was visited", {})[count] = max(
                0, settled(peer) - once) / visited
        finally:
            peer.stop()
        shutil.rmtree(peer.place, ignore_errors=True)
    return times, memory


def selected(bench, peer):
    """KiB for the first session that has the large mailbox selected, and for each of ten more."""
    peer.restart()
    options = bench.arguments("idle", peer, mailbox="INBOX")
    hold(options, 2, lambda: None)
    before = settled(peer)
    options = bench.arguments("idle", peer, mailbox="Many")
    one, _ = hold(options, 1, lambda: settled(peer))
    eleven, _ = hold(options, 11, lambda: settled(peer))
    return one - before, (eleven - one) / 10
