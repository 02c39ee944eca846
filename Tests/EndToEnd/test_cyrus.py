"""Martlet beside Debian's Cyrus, with Dovecot as the judge: the corpus in all three, and what they say of it.

Where Cyrus says something else than we do, Dovecot agrees with us, or the difference has its reason in differences.py
or in `EXCUSES`.
"""

import collections
import contextlib
import re

import pytest

import cyrus as peer_of_debian
from cyrus import cyrus
import differences
from differences import paths, plain
from dovecot import dovecot
from martlet import DataDirectory, PASSWORD, USER, running, scratch
from messages import corpus
from test_dovecot import SEARCH_DIFFERENCES
from wire import IMAP

pytestmark = pytest.mark.skipif(peer_of_debian.reason() is not None, reason=str(peer_of_debian.reason()))

ITEMS = "(ENVELOPE BODYSTRUCTURE RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[1] " \
        "BODY.PEEK[HEADER.FIELDS (SUBJECT FROM RECEIVED)] BODY.PEEK[]<50.1000> BODY.PEEK[]<999999.10>)"


class Three:
    """The clients of the three servers, and the messages: a message has the same number in all of them."""

    def __init__(self, ours, dovecot, cyrus):
        self.ours, self.dovecot, self.cyrus = ours, dovecot, cyrus
        self.names, self.messages, self.refused = [], [], []

    @property
    def all(self):
        return self.ours, self.dovecot, self.cyrus

    def fill(self):
        for index, (name, data) in enumerate(corpus()):
            day = f'"{index % 28 + 1:02d}-Jan-2020 00:00:00 +0000"'
            reply = self.cyrus.attempt("APPEND", "INBOX", day, [data])
            if reply.status != "OK":
                self.refused.append((name, reply.text))
                continue
            for client in (self.ours, self.dovecot):
                client.append("INBOX", data, date=day)
            self.names.append(name)
            self.messages.append(data)
        for client in self.all:
            client.command("SELECT INBOX")


@pytest.fixture(scope="module")
def three():
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(scratch())
        martlet = stack.enter_context(running(DataDirectory.made(place / "data")))
        second = stack.enter_context(dovecot(place / "dovecot"))
        third = stack.enter_context(cyrus(place / "cyrus"))
        clients = [stack.enter_context(IMAP(server.imap)) for server in (martlet, second, third)]
        for client, user in zip(clients, (USER, USER, third.user)):
            client.login(user, PASSWORD)
        three = Three(*clients)
        three.fill()
        yield three


def test_there_are_many_messages(three):
    print(f"{len(three.names)} messages; Cyrus refused {len(three.refused)}: "
          f"{collections.Counter(text for _, text in three.refused)}")
    assert len(three.names) > 10 * len(three.refused)


def show(value):
    text = repr(value)
    return text if len(text) < 160 else text[:110] + " … " + text[-40:]


def compare(three, fetch):
    """What `fetch(client, number)` gives; Cyrus against us, and where they differ Dovecot is asked."""
    faults, kinds = [], collections.Counter()
    for index, (name, data) in enumerate(zip(three.names, three.messages)):
        mine, judge, theirs = (fetch(client, index + 1) for client in three.all)
        assert set(mine) == set(theirs), name
        for item in theirs:
            our, other = plain(item, mine[item]), plain(item, theirs[item])
            agreed = {path: one for path, one, _ in paths(our, plain(item, judge[item]))}
            for path, one, another in paths(our, other):
                if not any(path.startswith(at) or at.startswith(path) for at in agreed):
                    kinds["Dovecot says what we say"] += 1
                    continue
                kind = excused(item, path, one, another, data)
                kinds[kind] += 1
                if kind is None:
                    faults.append(f"{name} {item}{path}: ours {show(one)}, Cyrus {show(another)}, "
                                  f"Dovecot {show(dict((p, t) for p, _, t in paths(our, plain(item, judge[item]))))}")
    print(f"{len(three.names)} messages; differences: {dict(kinds)}")
    assert not faults, f"{len(faults)} differences:\n" + "\n".join(faults[:80])


BROKEN_TYPE = re.compile(rb"(?im)^content-type: *[-\w]+/([-\w]+ +\w|[^\r\n]*;\s*;)|^content-type:[^;]*\r\n *boundary")

# What Dovecot does not decide and what the kinds of difference to Dovecot do not cover: the reason, and how to know it.
EXCUSES = [
    ("RFC 2046 §5.1.1: a multipart without a readable boundary has no parts; to Cyrus its text is part 1",
     lambda item, path, ours, theirs, message: item == "BODY[1]" and ours is None),
    ("RFC 2046 §5.1.1: blanks behind a boundary are padding, and all three take them otherwise",
     lambda item, path, ours, theirs, message: item == "BODY[1]" and re.search(rb"\r\n--[^\r\n]*[ \t]\r\n", message)),
    ("RFC 2045 §5.2: a Content-Type of which the type can be read keeps it; Cyrus says text/plain, Dovecot nothing",
     lambda item, path, ours, theirs, message:
        ".type" in path and (differences.has_broken_type(message) or BROKEN_TYPE.search(message))),
    ("RFC 2045 §5.1: parameters between which the semicolon is missing",
     lambda item, path, ours, theirs, message:
        path.endswith(".parameters") and any(b"\r\n" in text for _, text in theirs or [])),
    ("RFC 2183 §2: a Content-Disposition whose type is no token",
     lambda item, path, ours, theirs, message: path.endswith(".disposition") and theirs is None),
    ("RFC 5322 §3.4: an unquoted @ in a display name",
     lambda item, path, ours, theirs, message:
        item == "ENVELOPE" and re.search(rb"(?im)^[-\w]+:[^\r\n]*[\w.]+@[\w.]+ +<", message)),
]


def excused(item, path, ours, theirs, message):
    """The kind of a difference that Dovecot does not decide, or None."""
    kind = differences.excused(item, path, ours, theirs, message)
    return kind or next((reason for reason, knows in EXCUSES if knows(item, path, ours, theirs, message)), None)


def items(row):
    return {name: value for name, value in row.items() if name not in ("UID", "FLAGS")}


@pytest.mark.timeout(300)
def test_what_is_said_of_every_message(three):
    compare(three, lambda client, number: items(client.command(f"FETCH {number} {ITEMS}").fetches()[number]))


KEYS = [
    "ALL", "UNSEEN", "SUBJECT test", "SUBJECT \"\"", "FROM example", "TO a", "CC a", "BCC a", "BODY the", "TEXT mime",
    "HEADER Message-ID \"\"", "HEADER X-Mailer \"\"", "LARGER 2000", "SMALLER 500", "NOT SUBJECT test",
    "OR SUBJECT test FROM com", "SENTSINCE 1-Jan-2005", "SENTON 13-Apr-2004", "SINCE 15-Jan-2020", "BEFORE 3-Jan-2020",
    "ON 1-Jan-2020", "1:10 SUBJECT a", "UID 5:* LARGER 5000", "KEYWORD none", "(SUBJECT a FROM b)", "SUBJECT é",
    "SUBJECT ü", "BODY für", "FROM ö", "SUBJECT 日本", "SUBJECT привет",
]


@pytest.mark.parametrize("key", KEYS)
def test_search(three, key):
    """Whatever one of the peers finds and we do not, or the other way round, only one of them does so."""
    def found(client):
        if key.isascii():
            return set(client.command(f"SEARCH {key}").numbers())
        word, text = key.split(" ")
        return set(client.command("SEARCH CHARSET UTF-8", word, [text.encode()]).numbers())
    mine, judge, theirs = map(found, three.all)
    print(f"{key}: {len(mine)} ours, {len(judge)} Dovecot, {len(theirs)} Cyrus")
    alone = (mine - judge - theirs) | ((judge & theirs) - mine)
    unknown = [f"{three.names[number - 1]} ({'ours' if number in mine else 'both of theirs'})"
               for number in sorted(alone) if not is_explained(key, number in mine, three.messages[number - 1])]
    assert not unknown, f"{key}: {unknown}"


def is_explained(key, is_ours, message):
    """By the differences to Dovecot. Cyrus too searches an address without a domain as if a word stood for it."""
    side = "ours" if is_ours else "theirs"
    return any(re.match(keys, key) and side == one and knows(message) for keys, one, knows, _ in SEARCH_DIFFERENCES)


def offered(three, name):
    """Skips the test where we do not offer it yet."""
    words = b" ".join(three.ours.command("CAPABILITY").lines).decode().split()
    if name not in words:
        pytest.skip(f"{name} is not offered")


SORTS = ["SUBJECT", "DATE", "FROM", "TO", "CC", "SIZE", "ARRIVAL", "REVERSE DATE", "REVERSE SUBJECT SIZE",
         "ARRIVAL FROM"]


@pytest.mark.parametrize("criteria", SORTS)
def test_sort(three, criteria):
    """No two neighbours of our order stand the other way round in both of theirs (RFC 5256)."""
    offered(three, "SORT")
    mine, judge, theirs = (client.command(f"SORT ({criteria}) UTF-8 ALL").numbers("SORT") for client in three.all)
    assert sorted(mine) == sorted(judge) == sorted(theirs) == list(range(1, len(three.names) + 1))
    places = [{number: place for place, number in enumerate(order)} for order in (judge, theirs)]
    wrong = [(one, other) for one, other in zip(mine, mine[1:]) if all(place[one] > place[other] for place in places)]
    print(f"SORT ({criteria}): like Dovecot {mine == judge}, like Cyrus {mine == theirs}, against both {len(wrong)}")
    unknown = [pair for pair in wrong if not any(re.search(keys, criteria) and any(
        knows(three.messages[number - 1]) for number in pair) for keys, knows, _ in SORT_DIFFERENCES)]
    assert not unknown, [tuple(three.names[number - 1] for number in pair) for pair in unknown]


# Criteria, how to know one message of a pair that both of theirs have the other way round, and why we are right.
SORT_DIFFERENCES = [
    ("DATE", lambda message: re.search(rb"(?ims)^date\s*:.{0,60}?\b(1969|3609)\b", message),
     "RFC 5322 §3.3: a year before 1970 or after 2038 is a year; theirs take such a message for one without a date"),
    ("SUBJECT", lambda message: re.search(rb"(?im)^subject:.*=\?\?[qb]\?", message),
     "RFC 2047 §2: an encoded word has a charset; theirs decode one without"),
    ("SUBJECT", lambda message: re.search(rb"(?im)^subject:[^\r\n]*[\x80-\xff]", message),
     "RFC 5051: a letter with a mark sorts as the letter, raw 8-bit text too; theirs put its bytes behind letters"),
]


def tree(values):
    """Message → (its parent or None, the lowest number of its thread), from THREAD's nested lists."""
    found = {}

    def walk(value, parent, thread):
        for item in value:
            if isinstance(item, list):
                walk(item, parent, thread)
            else:
                found[int(item)] = (parent, thread)
                thread.append(int(item))
                parent = int(item)
    for value in values:
        walk(value, None, [])
    return {number: (parent, min(thread)) for number, (parent, thread) in found.items()}


@pytest.mark.parametrize("algorithm", ["ORDEREDSUBJECT", "REFERENCES", "REFS"])
def test_thread(three, algorithm):
    """Where both of theirs agree on a message's parent and thread, so do we (RFC 5256)."""
    offered(three, f"THREAD={algorithm}")
    trees = []
    for client in three.all:
        if f"THREAD={algorithm}" not in b" ".join(client.command("CAPABILITY").lines).decode().split():
            continue
        rows = client.command(f"THREAD {algorithm} UTF-8 ALL").untagged("THREAD")
        assert len(rows) == 1
        trees.append(tree(rows[0]))
    mine = trees[0]
    alone = [number for number in sorted(mine) if all(other[number] != mine[number] for other in trees[1:])
             and all(other[number] == trees[1][number] for other in trees[1:])]
    print(f"THREAD {algorithm}: {len(set(thread for _, thread in mine.values()))} threads; alone with {len(alone)}; "
          f"{[sum(other[number] != mine[number] for number in mine) for other in trees[1:]]} differ")
    unknown = [number for number in alone if not any(
        algorithm == which and any(knows(three.messages[other - 1]) for other in (number, mine[number][0]) if other)
        for which, knows, _ in THREAD_DIFFERENCES)]
    assert not unknown, [(three.names[number - 1], mine[number], trees[1][number]) for number in unknown]


# Algorithm, how to know the message or our parent of it, and why we are alone with its place.
THREAD_DIFFERENCES = [("ORDEREDSUBJECT", SORT_DIFFERENCES[0][1], SORT_DIFFERENCES[0][2])]
