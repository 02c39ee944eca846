"""A process that may open few files: hundreds of connections come, and it serves those who are in, and recovers."""

import contextlib
import os
import pathlib
import select
import socket
import time

import pytest

from martlet import MARTLETD, PASSWORD, USER, run, running, wait_for
from messages import made
from wire import IMAP, LMTP

LIMIT = 512
CONNECTIONS = 700


@pytest.fixture
def poor(directory):
    with running(directory, prefix=("prlimit", f"--nofile={LIMIT}:{LIMIT}", "--")) as server:
        yield server


def processor_time(server):
    """Seconds that the process has used."""
    fields = pathlib.Path(f"/proc/{server.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(server):
    return {int(name) for name in os.listdir(f"/proc/{server.pid}/fd")}


def crowd(port, count):
    """Connections, made without waiting for the server: what it does not accept waits in its backlog."""
    found = []
    for _ in range(count):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        found.append(one)
    return found


def heard(connections):
    """What each connection has been told so far; None where it is closed or was reset."""
    said = []
    for one in connections:
        try:
            said.append(one.recv(4_096) or None)
        except BlockingIOError:
            said.append(b"")
        except OSError:
            said.append(None)
    return said


def test_case_151_and_187_more_connections_than_descriptors(poor, directory):
    """Cases 151 and 187: the process never reaches its limit, so nothing that it or its libraries need is refused."""
    with contextlib.ExitStack() as cleanup:
        client = cleanup.enter_context(IMAP(poor.imap))
        client.login(USER, PASSWORD)
        client.append("INBOX", made("before"))
        connections = crowd(poor.imap, CONNECTIONS) + crowd(poor.lmtp, CONNECTIONS)
        for one in connections:
            cleanup.callback(one.close)
        poor.logged("too many files are open", f"limit={LIMIT}")

        # As long as they all stand, who was in is served, and nothing spins.
        highest = set()
        used, began = processor_time(poor), time.monotonic()
        while time.monotonic() < began + 4:
            highest |= descriptors(poor)
            client.command("NOOP")
            select.select([], [], [], 0.05)
        used, took = processor_time(poor) - used, time.monotonic() - began
        print(f"{len(highest)} descriptors of {LIMIT}, the highest {max(highest)}; "
              f"{used:.2f} s of processor time in {took:.1f} s")
        assert max(highest) < LIMIT - 16, sorted(highest)[-5:]
        assert used < took / 2, f"{used:.2f} s of processor time in {took:.1f} s of waiting"
        client.append("INBOX", made("meanwhile"))
        client.command("SELECT INBOX")
        assert len(client.command("FETCH 1:* (BODY.PEEK[])").fetches()) == 2
        said = heard(connections)
        greeted = sum(1 for text in said if text and (text.startswith(b"* OK") or text.startswith(b"220")))
        refused = sum(1 for text in said if text and (text.startswith(b"* BYE") or text.startswith(b"421")))
        print(f"of {len(said)}: {greeted} greeted, {refused} refused, {said.count(b'')} waiting")
        assert greeted > 10
        assert len([line for line in poor.log if "too many files are open" in line]) == 1
        assert poor.process.poll() is None

        # A certificate is read again, which opens files.
        poor.reload()
        poor.logged("certificate was reloaded")

        for one in connections:
            one.close()

        def lets_in():
            try:
                with IMAP(poor.imap) as other:
                    other.login(USER, PASSWORD)
                    return True
            except (OSError, EOFError, AssertionError):
                return False
        wait_for(lets_in, what="a login after the crowd has left", every=0.1)
        with LMTP(poor.lmtp) as delivery:
            assert delivery.deliver(made("after"), USER)[0][0] == 250


def test_a_limit_that_is_far_too_low_is_told(directory):
    done = run(["prlimit", "--nofile=100:100", "--", MARTLETD, "--data", directory.path, "--imap", "127.0.0.1:0",
                "--imaps", "none", "--lmtp", "none"], check=False)
    assert done.returncode == 1
    assert b"this process may open 100 files" in done.stderr, done.stderr
