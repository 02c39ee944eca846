"""The same messages in Martlet and in Debian's Dovecot: what both say of them is compared value by value."""

import collections
import re

import pytest

from differences import excused, paths, plain
from dovecot import dovecot
from martlet import DataDirectory, PASSWORD, SHARED, USER, running, scratch
from messages import corpus
from wire import IMAP

ITEMS = "(ENVELOPE BODYSTRUCTURE BODY RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] " \
        "BODY.PEEK[HEADER.FIELDS (SUBJECT FROM RECEIVED)] BODY.PEEK[HEADER.FIELDS.NOT (RECEIVED TO)] " \
        "BODY.PEEK[]<0.100> BODY.PEEK[]<50.1000> BODY.PEEK[TEXT]<3.64> BODY.PEEK[HEADER]<1.20> BODY.PEEK[]<999999.10>)"


@pytest.fixture(scope="module")
def both():
    """Both servers with every message, in the same order: ([name], [bytes], ours, theirs)."""
    with scratch() as place:
        directory = DataDirectory.made(place / "data")
        with running(directory) as martlet, dovecot(place / "dovecot") as peer:
            with IMAP(martlet.imap) as ours, IMAP(peer.imap) as theirs:
                names, messages = [], []
                for client in (ours, theirs):
                    client.login(USER, PASSWORD)
                for name, data in corpus():
                    for client in (ours, theirs):
                        client.append("INBOX", data, date='"01-Jan-2020 00:00:00 +0000"')
                    names.append(name)
                    messages.append(data)
                for client in (ours, theirs):
                    client.command("SELECT INBOX")
                yield names, messages, ours, theirs


def compare(both, fetch):
    """What `fetch(client, number)` gives on both sides; every difference needs its excuse."""
    names, messages, ours, theirs = both
    faults, kinds = [], collections.Counter()
    for index, (name, data) in enumerate(zip(names, messages)):
        mine, peers = fetch(ours, index + 1), fetch(theirs, index + 1)
        assert set(mine) == set(peers), name
        for item in peers:
            for path, one, other in paths(plain(item, mine[item]), plain(item, peers[item])):
                kind = excused(item, path, one, other, data)
                if kind:
                    kinds[kind] += 1
                else:
                    faults.append(f"{name} {item}{path}: ours {show(one)}, theirs {show(other)}")
    print(f"{len(names)} messages; explained differences: {dict(kinds)}")
    assert not faults, f"{len(faults)} differences:\n" + "\n".join(faults[:60])


def show(value):
    text = repr(value)
    return text if len(text) < 160 else text[:110] + " … " + text[-40:]


def items(row):
    return {name: value for name, value in row.items() if name not in ("UID", "FLAGS")}


def test_there_are_many_messages(both):
    if not (SHARED / "corpus").is_dir():
        pytest.skip(f"the shared corpus is not at {SHARED / 'corpus'}; only our samples were compared")
    assert len(both[0]) > 300


@pytest.mark.timeout(300)
def test_what_is_said_of_every_message(both):
    compare(both, lambda client, number: items(client.command(f"FETCH {number} {ITEMS}").fetches()[number]))


def part_numbers(body, prefix=""):
    """Every part's number by the peer's structure, with HEADER and TEXT where they are allowed (RFC 3501 §6.4.5)."""
    if not isinstance(body, list) or not body:
        return
    if isinstance(body[0], list):
        for number, part in enumerate((part for part in body if isinstance(part, list)), start=1):
            if isinstance(part[0], (list, bytes)) and (isinstance(part[0], list) or len(part) >= 7):
                yield from numbered(part, f"{prefix}{number}")
    else:
        yield from numbered(body, f"{prefix}1")


def numbered(part, number):
    yield number
    yield number + ".MIME"
    if isinstance(part[0], list):
        yield from part_numbers(part, number + ".")
    elif part[0].lower() == b"message" and part[1].lower() == b"rfc822" and len(part) > 8:
        for name in ("HEADER", "TEXT", "HEADER.FIELDS (SUBJECT)", "HEADER.FIELDS.NOT (SUBJECT)"):
            yield f"{number}.{name}"
        yield from part_numbers(part[8], number + ".")


@pytest.mark.timeout(300)
def test_every_section_of_every_message(both):
    names, _, _, theirs = both
    sections = {}
    for number in range(1, len(names) + 1):
        body = theirs.command(f"FETCH {number} BODY").fetches()[number]["BODY"]
        found = list(dict.fromkeys(part_numbers(body)))[:60]
        sections[number] = found + ["9", "1.9", "9.MIME"]

    def fetch(client, number):
        wanted = " ".join(f"BODY.PEEK[{section}] BODY.PEEK[{section}]<2.30>" for section in sections[number])
        return items(client.command(f"FETCH {number} ({wanted})").fetches()[number])
    compare(both, fetch)


KEYS = [
    "ALL", "UNSEEN", "SUBJECT test", "SUBJECT \"\"", "FROM example", "TO a", "CC a", "BCC a", "BODY the", "TEXT mime",
    "HEADER Message-ID \"\"", "HEADER X-Mailer \"\"", "HEADER Content-Type multipart", "LARGER 2000", "SMALLER 500",
    "NOT SUBJECT test", "OR SUBJECT test BODY boundary", "SENTBEFORE 1-Jan-2000", "SENTSINCE 1-Jan-2005",
    "SENTON 13-Apr-2004", "SINCE 1-Jan-2020", "BEFORE 1-Jan-2020", "ON 1-Jan-2020", "1:10 SUBJECT a", "UID 5:* LARGER 5000",
    "KEYWORD none", "(SUBJECT a FROM b)", "BODY base64", "TEXT \"content-type\"", "BODY \"text/plain\"",
]
TEXTS = ["für", "Ä", "é", "日本", "ПРИВЕТ"]


@pytest.mark.parametrize("key", KEYS)
def test_search(both, key):
    names, messages, ours, theirs = both
    mine, peers = (set(client.command(f"SEARCH {key}").numbers()) for client in (ours, theirs))
    check_found(key, names, messages, mine, peers)


@pytest.mark.parametrize("where", ["TEXT", "SUBJECT", "BODY"])
@pytest.mark.parametrize("text", TEXTS)
def test_search_of_decoded_text(both, where, text):
    names, messages, ours, theirs = both
    mine, peers = (set(client.command("SEARCH CHARSET UTF-8", where, [text.encode()]).numbers())
                   for client in (ours, theirs))
    check_found(f"{where} {text}", names, messages, mine, peers)


def has_date(message):
    return re.search(rb"(?im)^date:\s*(\w{3},\s*)?\d{1,2} +\w{3} +\d{2,4}\s+\d\d:\d\d:\d\d\s+[-+]\d{4}", message.split(b"\r\n\r\n")[0])


def is_nested(message):
    return message.lower().count(b"content-type:") > 1 or b"message/" in message.lower()


# What a search finds on one side only: keys, the side, how to know such a message, and why.
SEARCH_DIFFERENCES = [
    (r"TO ", "theirs", lambda message: b"@" not in field(message, b"to"),
     "Dovecot searches an address without a domain as if MISSING_DOMAIN stood there"),
    (r".*FROM ", "theirs", lambda message: b"@" not in field(message, b"from"),
     "Dovecot searches an address without a domain as if MISSING_DOMAIN stood there"),
    (r"CC ", "ours", lambda message: b"(" in field(message, b"cc"), "comments are text of the field (RFC 3501 §6.4.4)"),
    (r"SENTBEFORE ", "theirs", lambda message: not has_date(message) or b"10:00:t" in message or b"Jun 3609" in message,
     "a message without a date was sent before no day; to Dovecot it is of 1970"),
    (r"SENT", "theirs", lambda message: b"1969" in message or not has_date(message),
     "Dovecot takes a day before 1970 for one after 2005"),
    (r"SENT", "ours", lambda message: b"Date:" in message, "dates in forms that Dovecot does not read"),
    (r"(OR|BODY|TEXT) ", "ours", is_nested,
     "text of parts is searched decoded and once for each message inside, with their headers; Dovecot passes over some"),
    (r"OR ", "theirs", lambda message: re.search(rb'boundary="[^"]* "', message),
     "a boundary with blanks at its end (RFC 2046 §5.1.1) separates parts for us"),
    (r"(BODY|TEXT) ", "theirs", is_nested,
     "the headers of parts, what stands between parts, and reports (message/delivery-status) are not searched"),
    (r"(TEXT|BODY|OR) ", "ours", lambda message: re.search(rb"(?i)content-(transfer-encoding|type)", message),
     "a body whose transfer encoding or charset has no known name is searched as it is; Dovecot gives up"),
]


def field(message, names):
    """The values of the address fields so named, in one."""
    header = message.split(b"\r\n\r\n")[0]
    return b"\n".join(re.findall(rb"(?im)^(?:" + names + rb"):((?:.*\r\n(?:[ \t].*\r\n)*)|.*)", header + b"\r\n"))


def check_found(key, names, messages, mine, peers):
    unknown = []
    for number in sorted(mine ^ peers):
        side = "ours" if number in mine else "theirs"
        if not any(re.match(keys, key) and side == one and knows(messages[number - 1])
                   for keys, one, knows, _ in SEARCH_DIFFERENCES):
            unknown.append(f"{names[number - 1]} ({side})")
    assert len(mine ^ peers) <= max(100, 200 * key.startswith("SENTBEFORE")), f"{len(mine)} ours, {len(peers)} theirs"
    assert not unknown, f"SEARCH {key}: {len(mine)} ours, {len(peers)} theirs; found on one side only: {unknown}"
