"""The server is killed again and again while mail comes in: what it acknowledged is there afterwards, whole and once.

Every client writes down what it is about to send, and then that it was acknowledged. After each kill the server starts
again on the same directory; the oracle reads what is new and compares it with what was written down.
"""

import os
import random
import re
import threading
import time

import pytest

from martlet import DataDirectory, PASSWORD, USER, Server, free_port, scratch, wait_for
from messages import made
from wire import IMAP, LMTP, No

ROUNDS = int(os.environ.get("MARTLET_ROUNDS", "200"))


class Oracle:
    """What was sent and acknowledged, and what was found: by the mark in each message's subject."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = {}
        self.acknowledged = {}
        self.found = {}
        self.last_uid = 0

    def will_send(self, mark, message):
        with self.lock:
            self.sent[mark] = message

    def was_acknowledged(self, mark, uid=None):
        with self.lock:
            self.acknowledged[mark] = uid

    def read(self, client, since):
        """Reads every message from a UID on; each must be one that was sent, whole, and there once."""
        client.command("EXAMINE INBOX")
        reply = client.command(f"UID FETCH {since}:* (UID BODY.PEEK[])") if client.exists else None
        for row in (reply.fetches() if reply else {}).values():
            uid, data = int(row["UID"]), row["BODY[]"]
            if uid < since:
                continue
            mark = re.search(rb"Subject: Message (\S+)", data).group(1).decode()
            assert mark in self.sent, f"nobody sent {mark}"
            assert data.endswith(self.sent[mark]), f"{mark} (UID {uid}) is not what was sent"
            assert self.found.setdefault(mark, uid) == uid, f"{mark} is there twice: {self.found[mark]} and {uid}"
            self.last_uid = max(self.last_uid, uid)

    def verify(self, marks):
        lost = [mark for mark in marks if mark not in self.found]
        assert not lost, f"acknowledged and lost: {lost}"
        moved = [mark for mark in marks if self.acknowledged[mark] not in (None, self.found[mark])]
        assert not moved, f"another UID than APPENDUID said: {moved}"


class Reader(IMAP):
    """A client that knows whether its mailbox is empty (a FETCH of 1:* is then an error)."""

    exists = 0

    def command(self, *parts):
        reply = super().command(*parts)
        for line in reply.lines:
            if found := re.match(rb"\* (\d+) EXISTS", line):
                self.exists = int(found.group(1))
        return reply


def append_until_killed(server, oracle, name, stop):
    with IMAP(server.imap, timeout=20) as client:
        client.login(USER, PASSWORD)
        for number in range(10_000):
            if stop.is_set():
                return
            mark = f"{name}.{number}"
            message = made(mark, size=random.Random(mark).choice((0, 0, 3_000, 60_000, 400_000)))
            oracle.will_send(mark, message)
            reply = client.append("INBOX", message)
            oracle.was_acknowledged(mark, int(reply.code.split()[2]))


def deliver_until_killed(server, oracle, name, stop):
    with LMTP(server.lmtp, timeout=20) as client:
        for number in range(10_000):
            if stop.is_set():
                return
            mark = f"{name}.{number}"
            message = made(mark, size=random.Random(mark).choice((0, 0, 2_000, 50_000)))
            oracle.will_send(mark, message)
            answers = client.deliver(message, USER)
            if answers[0][0] == 250:
                oracle.was_acknowledged(mark)


def one_round(directory, ports, oracle, number, chance):
    """Starts the server, verifies the round before, lets clients work, kills it. Gives what was acknowledged."""
    server = Server(directory, ports=ports)
    before = set(oracle.acknowledged)
    try:
        with Reader(server.imap) as client:
            client.login(USER, PASSWORD)
            oracle.read(client, oracle.last_uid + 1)
        oracle.verify(before)
        stop = threading.Event()
        workers = [threading.Thread(target=quietly, args=(work, server, oracle, f"r{number}.{work.__name__[0]}{lane}", stop))
                   for lane in (0, 1) for work in (append_until_killed, deliver_until_killed)]
        for worker in workers:
            worker.start()
        # Every fifth round ends at any moment, the others in the midst of the work, however long it took to begin.
        if number % 5:
            wait_for(lambda: len(oracle.acknowledged) > len(before), what="an acknowledgement")
        time.sleep(0.08 + chance.random() * 0.25)
    finally:
        server.kill()
    stop.set()
    for worker in workers:
        worker.join(30)
    return set(oracle.acknowledged) - before


def quietly(work, *arguments):
    """The server is killed under the client: that its connection ends is no fault."""
    try:
        work(*arguments)
    except (OSError, EOFError, AssertionError, No):
        pass


@pytest.mark.timeout(900)
def test_nothing_acknowledged_is_lost(capsys):
    seed = int(os.environ.get("MARTLET_SEED", random.SystemRandom().randrange(1 << 32)))
    chance, oracle = random.Random(seed), Oracle()
    began = time.monotonic()
    with scratch() as place:
        directory = DataDirectory.made(place / "data")
        ports = (free_port(), free_port(), free_port())
        busy = 0
        for number in range(ROUNDS):
            busy += bool(one_round(directory, ports, oracle, number, chance))
            if number % 25 == 24:
                directory.check()
        server = Server(directory, ports=ports)
        with Reader(server.imap) as client:
            client.login(USER, PASSWORD)
            oracle.found, oracle.last_uid = {}, 0
            for first in range(1, 1_000_000, 500):
                client.command("EXAMINE INBOX")
                rows = client.command(f"UID FETCH {first}:{first + 499} (UID BODY.PEEK[])").fetches()
                for row in rows.values():
                    mark = re.search(rb"Subject: Message (\S+)", row["BODY[]"]).group(1).decode()
                    assert row["BODY[]"].endswith(oracle.sent[mark]), mark
                    assert mark not in oracle.found, f"{mark} is there twice"
                    oracle.found[mark] = int(row["UID"])
                if len(oracle.found) >= client.exists:
                    break
        oracle.verify(set(oracle.acknowledged))
        server.stop()
        directory.check()
    with capsys.disabled():
        print(f"\nkill -9: {ROUNDS} rounds (seed {seed}), {len(oracle.sent)} sent, {len(oracle.acknowledged)} "
              f"acknowledged, {len(oracle.found)} found, none lost; {time.monotonic() - began:.0f} s")
    assert busy >= ROUNDS * 0.8, f"only {busy} of {ROUNDS} rounds had an acknowledgement before the kill"
