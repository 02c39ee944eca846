"""The search index while other things happen to it: made anew under searches, and killed while it grows.

Every message holds words of its own and shares others, so that what each search must find is known. A search must find
exactly that at every moment, whatever part of the mail is indexed.
"""

import os
import random
import threading
import unicodedata

import pytest

from martlet import PASSWORD, USER, Server, running, wait_for
from wire import IMAP

MESSAGES = 3_000
SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "i", "o", "u", "ä")]


def folded(text):
    """As i;unicode-casemap compares (RFC 5051 §2): `ä` is `a` and a mark, so that `ba` stands in `bä`."""
    return unicodedata.normalize("NFKD", text.upper())


class Mail:
    """Messages and what must be found in them: by UID, counted from 1 in an empty mailbox."""

    def __init__(self, seed, count=MESSAGES):
        self.chance = random.Random(seed)
        self.words = ["".join(self.chance.choice(SYLLABLES) for _ in range(4)) for _ in range(200)]
        self.subjects, self.texts = [], []
        for number in range(count):
            self.add(number)

    def add(self, number):
        self.subjects.append(f"{self.chance.choice(self.words)} number{number}x")
        self.texts.append(" ".join(self.chance.choices(self.words, k=60)))

    def message(self, index):
        """The bytes of one, UTF-8 throughout."""
        return (f"From: Sender <sender@example.net>\r\nTo: alice@example.org\r\nSubject: {self.subjects[index]}\r\n"
                f"Message-ID: <{index}@example.net>\r\nMIME-Version: 1.0\r\n"
                "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                f"{self.texts[index]}\r\n").encode()

    def mbox(self, path):
        with open(path, "wb") as file:
            for index in range(len(self.subjects)):
                file.write(b"From sender@example.net Mon Feb  7 21:52:25 1994\n"
                           + self.message(index).replace(b"\r\n", b"\n") + b"\n")

    def question(self, chance):
        """A key of SEARCH with its one string, and the UIDs that it must find."""
        word = chance.choice(self.words)
        needle = word[chance.randrange(3):] if chance.random() < 0.6 else word
        inside = self.subjects if chance.random() < 0.3 else self.texts
        key = "SUBJECT" if inside is self.subjects else "BODY"
        return key, needle, [uid for uid, text in enumerate(inside, 1) if folded(needle) in folded(text)]


def ask(client, mail, chance):
    key, needle, expected = mail.question(chance)
    found = sorted(client.command("UID SEARCH CHARSET UTF-8", key, [needle.encode()]).numbers())
    assert found == expected, f"{key} {needle}: {len(found)} found, {len(expected)} are there"


def status(directory):
    row, = directory.json("search-index", "status", USER)
    return row


def is_complete(directory):
    row = status(directory)
    return row["indexed"] == row["messages"]


@pytest.fixture
def mail(directory, place):
    """The account's mail, imported before a server ever ran."""
    seed = int(os.environ.get("MARTLET_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed {seed}")
    mail = Mail(seed)
    mail.mbox(place / "mail.mbox")
    directory.martlet("message", "import", USER, place / "mail.mbox", "--mailbox", "INBOX")
    return mail


@pytest.mark.timeout(600)
def test_searches_find_the_same_while_the_index_is_made_anew(directory, mail):
    stop, problems, counts = threading.Event(), [], []

    def search(server, lane):
        try:
            with IMAP(server.imap) as client:
                client.login(USER, PASSWORD)
                client.command("EXAMINE INBOX")
                chance, count = random.Random(lane), 0
                while count == 0 or not stop.is_set():
                    ask(client, mail, chance)
                    count += 1
                counts.append(count)
        except Exception as problem:
            problems.append(problem)

    with running(directory) as server:
        workers = [threading.Thread(target=search, args=(server, lane)) for lane in range(3)]
        for worker in workers:
            worker.start()
        try:
            for _ in range(3):
                rebuilt = directory.json("search-index", "rebuild", USER)
                assert rebuilt["indexed"] == rebuilt["messages"] == MESSAGES
                assert not problems, problems[0]
        finally:
            stop.set()
            for worker in workers:
                worker.join(120)
        assert not problems, problems[0]
        assert len(counts) == 3 and all(counts), counts
        assert is_complete(directory) and status(directory)["purged"] == 0


@pytest.mark.timeout(900)
def test_an_index_that_was_killed_while_it_grew_is_right_afterwards(directory, mail, capsys):
    """Kill -9 at some point of the indexing; then the next server searches, checks, and goes on from there."""
    chance = random.Random(len(mail.texts[0]))
    seen, last = [], 0
    for round in range(8):
        server = Server(directory)
        try:
            with IMAP(server.imap) as client:
                client.login(USER, PASSWORD)
                client.command("EXAMINE INBOX")
                for _ in range(5):
                    ask(client, mail, chance)
                wanted = last + chance.randrange(1, 2 * (MESSAGES - last) // (8 - round) + 2)
                row = wait_for(lambda: (row := status(directory))["indexed"] >= min(wanted, MESSAGES) and row,
                               timeout=120, what=f"{wanted} indexed messages")
        finally:
            server.kill()
        now = status(directory)["indexed"]
        assert row["indexed"] <= now <= MESSAGES, f"{row} before the kill, {now} after it"
        directory.check()
        seen.append(now)
        last = now
    with running(directory) as server:
        with IMAP(server.imap) as client:
            client.login(USER, PASSWORD)
            client.command("EXAMINE INBOX")
            for _ in range(40):
                ask(client, mail, chance)
            wait_for(lambda: is_complete(directory), timeout=120, what="the whole index")
            for _ in range(40):
                ask(client, mail, chance)
    with capsys.disabled():
        print(f"\nkill -9 while indexing: {seen} of {MESSAGES} were indexed")
    assert any(0 < count < MESSAGES for count in seen), f"no kill hit an index that grew: {seen}"
