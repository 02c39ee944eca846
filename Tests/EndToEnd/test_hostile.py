"""Clients that mean harm, on the wire: the server answers or closes, stays alive, and does not grow.

The numbers are those of the project's catalogue of attacks.
"""

import fcntl
import random
import re
import socket
import struct
import termios
import time

import pytest

from martlet import PASSWORD, USER, best_of, running, wait_for_index
from messages import made
from wire import IMAP, LMTP


@pytest.fixture
def alive(server):
    """A session from before that must still work afterwards, and a server that has not grown beyond reason."""
    with IMAP(server.imap) as witness:
        witness.login(USER, PASSWORD)
        witness.command("SELECT INBOX")
        before = server.memory()
        yield server
        witness.command("NOOP")
        assert server.process.poll() is None
        grown = server.memory() - before
        assert grown < 64 << 10, f"the server grew by {grown} KiB"


def exchange(port, data, *, until=b"", quiet=0.3, greets=True):
    """Sends bytes, reads until the server closes, or is quiet after it has said `until`, a pattern.

    Gives what it said and whether it closed.
    """
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as raw:
        if greets:
            said += raw.recv(65536)
        try:
            raw.sendall(data)
            while True:
                raw.settimeout(quiet if re.search(until, said) else 60)
                more = raw.recv(65536)
                if not more:
                    return said, True
                said += more
        except socket.timeout:
            return said, False
        except (ConnectionError, BrokenPipeError):
            return said, True


# A refusal of whatever kind, or a `+` where none should be.
ANSWER = rb"(?m)^\S+ (BAD|NO|BYE)|^\+"


@pytest.mark.parametrize("size", [b"4294967296", b"18446744073709551615", b"-1", b"0x5", b" 5", b"5+}+", b"99999999999999999999"])
def test_absurd_literals_case_49(alive, size):
    said, _ = exchange(alive.imap, b"a LOGIN {" + size + b"}\r\n", until=ANSWER)
    assert b"\r\n+" not in said and (b"BAD" in said or b"BYE" in said), said


def test_large_literal_before_login_case_50(alive):
    said, _ = exchange(alive.imap, b"a LOGIN {65536}\r\n", until=ANSWER)
    assert b"\r\n+" not in said, said
    said, closed = exchange(alive.imap, b"".join(b"a%d ID ({1+}\r\nx {1+}\r\ny)\r\n" % n for n in range(1000)), until=rb"(?s)\r\n.*\r\n")
    assert closed or said.count(b"\r\n") > 1


@pytest.mark.parametrize("start", [b"", b"a ", b"a LOGIN ", b"a LOGIN \"", b"a LOGIN {1", b"a ID (", b"a SELECT &"])
def test_a_line_without_end_case_52(alive, start):
    said, closed = exchange(alive.imap, start + b"x" * (3 << 20), until=ANSWER)
    assert closed or b"BAD" in said or b"BYE" in said, said[-200:]


def test_brackets_case_53(alive):
    said, closed = exchange(alive.imap, b"a ID " + b"(" * 100_000 + b"\r\n", until=ANSWER)
    assert closed or b"BAD" in said


def test_brackets_and_nots_after_login_cases_53_and_60(alive):
    for words in (b"FETCH 1 " + b"(" * 30_000, b"SEARCH " + b"NOT " * 10_000 + b"ALL",
                  b"SEARCH " + b"(" * 10_000 + b"ALL" + b")" * 10_000, b"SEARCH " + b"OR ALL " * 9_000 + b"ALL"):
        with IMAP(alive.imap) as client:
            client.login(USER, PASSWORD)
            client.command("SELECT INBOX")
            try:
                client.send(b"z " + words + b"\r\n")
                line = client.line()
                assert line.startswith(b"z BAD") or line.startswith(b"* BYE"), line[:200]
            except (EOFError, ConnectionError):
                pass


def test_a_refused_append_is_never_read_as_commands_case_54(alive):
    with IMAP(alive.imap) as client:
        client.login(USER, PASSWORD)
        client.command("CREATE Keep")
        hidden = b"x1 DELETE Keep\r\n" * 50
        client.send(b"y APPEND Nowhere {%d+}\r\n" % len(hidden) + hidden + b"\r\nz NOOP\r\n")
        lines = []
        try:
            while not lines or not lines[-1].startswith(b"z "):
                lines.append(client.line())
        except (EOFError, ConnectionError):
            pass
        assert not any(line.startswith(b"x1") for line in lines), lines
        assert lines[0].startswith((b"y NO [TRYCREATE]", b"* BYE")), lines
    with IMAP(alive.imap) as client:
        client.login(USER, PASSWORD)
        assert b"Keep" in b"".join(client.command('LIST "" *').lines)


def test_too_many_bad_commands_end_a_session(alive):
    said, closed = exchange(alive.imap, b"a FROBNICATE\r\n" * 50, until=rb"\* BYE")
    assert closed and b"* BYE" in said


def test_a_flood_of_commands_that_nobody_reads_case_83(alive):
    with IMAP(alive.imap) as client:
        client.login(USER, PASSWORD)
        client.socket.settimeout(3)
        before = alive.memory()
        sent = 0
        try:
            for _ in range(400):
                client.send(b"f NOOP\r\n" * 2000)
                sent += 2000
        except (socket.timeout, ConnectionError):
            pass
        grown = alive.memory() - before
        assert grown < 16 << 10, f"{grown} KiB after {sent} commands"


def test_a_reader_that_does_not_read_case_82(directory, alive):
    with IMAP(alive.imap) as client:
        client.login(USER, PASSWORD)
        client.append("INBOX", made("big", size=24 << 20))
        client.command("SELECT INBOX")
        wait_for_index(directory)
        alive.reset_peak()
        before = alive.memory()
        client.send(b"".join(b"g%d FETCH 1 BODY[]\r\n" % n for n in range(20)))
        wait_for_standstill(client)
        grown = alive.memory("VmHWM") - before
        assert grown < 12 << 10, f"{grown} KiB for one session"

        def beside():
            with IMAP(alive.imap) as other:
                began = time.monotonic()
                other.login(USER, PASSWORD)
                other.command("SELECT INBOX")
                other.command("FETCH 1 (FLAGS ENVELOPE)")
                return time.monotonic() - began
        best_of(beside, within=2, what="another session beside it")


def wait_for_standstill(client):
    """Until something has come that nobody reads, and for a second nothing more has."""
    have = -1
    while have < 1 or have != waiting(client):
        have = waiting(client)
        time.sleep(1)


def waiting(client):
    """Bytes that this end's kernel has and nobody has read."""
    return struct.unpack("i", fcntl.ioctl(client.socket, termios.FIONREAD, b"\0" * 4))[0]


def test_random_bytes(alive):
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    words = [b"LOGIN", b"SELECT", b"FETCH", b"UID", b"APPEND", b"(", b")", b'"', b"{5}", b"{3+}", b"\r\n", b" ", b"*", b"1:",
             b"BODY[", b"]", b"<0.", b">", b"\\", b"\0", b"\xff", b"&", b"AUTHENTICATE PLAIN", b"IDLE", b"DONE", b"a1 "]
    for _ in range(150):
        data = b"".join(chance.choice(words) for _ in range(chance.randrange(1, 60)))
        for port in (alive.imap, alive.imaps, alive.lmtp):
            exchange(port, data, quiet=0.02, greets=port != alive.imaps)


def test_many_connections_that_say_nothing(alive):
    before = alive.memory()
    idle = [socket.create_connection(("127.0.0.1", alive.imap), timeout=60) for _ in range(300)]
    for one in idle:
        one.recv(1000)
    each = (alive.memory() - before) / len(idle)

    def login():
        began = time.monotonic()
        with IMAP(alive.imap) as client:
            client.login(USER, PASSWORD)
        return time.monotonic() - began
    best_of(login, within=2, what="a login beside them")
    for one in idle:
        one.close()
    assert each < 100, f"{each:.0f} KiB for each connection before login"


@pytest.mark.parametrize("tls", [False, True])
def test_many_sessions_in_idle(alive, tls):
    """Most sessions wait most of the time: one that does holds no stack and no buffers."""
    def idle():
        client = IMAP(alive.imaps, tls=alive.certificate) if tls else IMAP(alive.imap)
        client.login(USER, PASSWORD)
        client.command("SELECT INBOX")
        client.idle()
        return client
    first = [idle() for _ in range(20)]
    before = alive.memory()
    more = [idle() for _ in range(150)]
    each = (alive.memory() - before) / len(more)
    for client in first + more:
        client.done()
        client.close()
    assert each < (48 if tls else 20), f"{each:.0f} KiB for each session in IDLE"


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r\n\0.\r\n"])
def test_no_message_is_smuggled_cases_14_to_19(alive, end):
    """What ends a message for a sloppy reader and not for us: at most one message is stored."""
    second = b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n"
    with LMTP(alive.lmtp) as client:
        for line, code in (("MAIL FROM:<a@example.net>", 250), (f"RCPT TO:<{USER}>", 250), ("DATA", 354)):
            assert client.command(line)[0] == code
        client.socket.sendall(b"Subject: first\r\n\r\ntext" + end + second)
        client.socket.settimeout(2)
        try:
            while True:
                client.reply()
        except (OSError, EOFError, AssertionError):
            pass
    with IMAP(alive.imap) as client:
        client.login(USER, PASSWORD)
        client.command("SELECT INBOX")
        reply = client.command("SEARCH ALL")
        assert len(reply.numbers()) <= 1, "two messages out of one"


def test_guessing_ends_the_connection_case_130(alive):
    with IMAP(alive.imap) as client:
        answers = []
        try:
            for _ in range(20):
                answers.append(client.attempt(f"LOGIN {USER} wrong").status)
        except (EOFError, ConnectionError):
            pass
    assert 1 <= len(answers) < 20 and set(answers) == {"NO"}


def test_every_tag_is_answered_once(directory):
    """A tag is given back as it was sent, however odd, and every command is answered once."""
    with running(directory) as server, IMAP(server.imap) as client:
        tags = [b"A", b"a.b-c", b"1", b"x" * 60, b"=?$"]
        for tag in tags:
            client.send(tag + b" NOOP\r\n")
        assert [client.line().split(b" ")[0] for _ in tags] == tags
