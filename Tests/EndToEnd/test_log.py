"""Case 159: a log that cannot be written, for whatever reason, keeps nobody from their mail."""

import os
import re
import signal

import pytest

from credentials import app_password
from martlet import PASSWORD, USER, Server, wait_for
from messages import made
from test_supervisor import child, lets_in
from wire import IMAP

# Each leaves two lines; a pipe holds 64 KiB, and what waits besides is a mebibyte.
SESSIONS = 5_000


@pytest.fixture
def pipe():
    """A pipe whose ends are the test's to close."""
    reading, writing = os.pipe()
    ends = {"reading": reading, "writing": writing}

    def close(name):
        if ends[name] is not None:
            os.close(ends[name])
            ends[name] = None
    yield reading, writing, close
    for name in ends:
        close(name)


def come_and_go(server, secret, count):
    for _ in range(count):
        with IMAP(server.imap) as client:
            client.login(USER, secret)


def is_well(server, number):
    with IMAP(server.imap) as client:
        client.login(USER, PASSWORD)
        client.append("INBOX", made(f"number {number}"))
        client.command("SELECT INBOX")
        assert len(client.command("FETCH 1:* (FLAGS)").fetches()) == number


def read_until(file, pattern):
    """What comes out of a pipe until there is a line that matches."""
    text = b""
    while not re.search(pattern, text):
        more = os.read(file, 1 << 16)
        assert more, f"the log ended without {pattern}"
        text += more
    return text


def test_case_159_a_reader_that_stops_reading(directory, pipe):
    """Case 159: serving goes on; when the reader reads again it gets whole lines, and learns how many are missing."""
    _, secret = app_password(directory)
    reading, writing, close = pipe
    server = Server(directory, log=writing)
    close("writing")
    is_well(server, 1)
    come_and_go(server, secret, SESSIONS)
    is_well(server, 2)
    text = read_until(reading, rb"lines of the log were lost[^\n]* lines=\d+\n")
    lines = text.splitlines()
    assert len(lines) > 1_000
    assert all(line.startswith(b"time=") and line.count(b" level=") == 1 for line in lines), "a line in another"
    come_and_go(server, secret, 1)
    read_until(reading, rb"imap session ended")
    # A reader that stands still does not keep the server from ending either.
    come_and_go(server, secret, 1_000)
    server.stop()
    directory.check()


def test_case_159_a_reader_that_is_gone(directory, pipe):
    """Case 159: the pipe is closed at the other end; under a supervisor a crash is none the worse for it."""
    _, writing, close = pipe
    server = Server(directory, log=writing, supervise="always")
    close("writing")
    close("reading")
    is_well(server, 1)
    first = child(server.pid)
    os.kill(first, signal.SIGSEGV)
    wait_for(lambda: lets_in(server), every=0.1, what="a login after the crash")
    is_well(server, 2)
    server.stop()
    directory.check()


def test_case_159_a_full_disk(directory):
    """Case 159: every write fails with ENOSPC."""
    with open("/dev/full", "wb") as full:
        server = Server(directory, log=full)
    is_well(server, 1)
    come_and_go(server, PASSWORD, 20)
    is_well(server, 2)
    server.stop()
    directory.check()
